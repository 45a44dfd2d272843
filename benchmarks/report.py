"""What every benchmark writes beside its numbers, and how: the run's settings, and a table as CSV."""

import csv
import datetime
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[1] / "nbs" / "results"
ONE_THREAD = {  # what the environment of a process says to have one thread
    f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "NUMBA")
}


def cpu_model():
    info = Path("/proc/cpuinfo")
    names = (
        [
            line.split(":", 1)[1].strip()
            for line in info.read_text().splitlines()
            if line.startswith("model name")
        ]
        if info.exists()
        else []
    )
    return f"{names[0] if names else platform.processor()}, {len(names)} cores"


def commit():
    """The commit that is measured, with a plus if other files than results have changed since; empty where git does not say."""
    changed = [
        "git",
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ":!nbs/results",
    ]
    try:
        name, changes = (
            subprocess.run(
                call, cwd=RESULTS.parents[1], capture_output=True, text=True, check=True
            ).stdout.strip()
            for call in (["git", "rev-parse", "--short", "HEAD"], changed)
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return name + ("+" if changes else "")


def settings(*packages):
    """Command, date, commit, machine, and the versions of Python, NumPy and `packages`."""
    return {
        "command": " ".join(
            ["python", "benchmarks/" + Path(sys.argv[0]).name, *sys.argv[1:]]
        ),
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
        "cpu": cpu_model(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", *packages)},
    }


def save(rows, path):
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def save_measurements(measured, path, **more):
    """Print and save what, measure, value and reach of every measurement, with the settings of the run."""
    rows, common = [], settings("scipy") | more
    for what, measure, value, reach in measured:
        print(
            f"{what:80s} {value:12.4g}  {measure}{f' (reach: {reach})' if reach else ''}",
            flush=True,
        )
        rows.append(
            {
                "what": what,
                "measure": measure,
                "value": f"{value:.4g}",
                "reach": reach,
                **common,
            }
        )
    save(rows, path)
    print(f"written to {path}")


def save_as_measured(rows, columns, path, common):
    """Print rows as markdown while they come, and save what there is after each."""
    kept = []
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|", flush=True)
    for row in rows:
        print("| " + " | ".join(str(row[key]) for key in columns) + " |", flush=True)
        kept.append(row | common)
        save(kept, path)
