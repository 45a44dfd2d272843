"""The group lasso (8) by fixntk and by other solvers, measured side by side in one run.

    python benchmarks/bench_solvers.py [--instances S,M,L,W] [--lams 0.01,0.1] [--solvers NAME,...] [--cap SECONDS]

Every run is a process of its own with one thread, on the same instance, judged by the same relative gap; see
benchmarks/README.md. Writes nbs/results/bench_solvers.csv and prints the table as markdown.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from itertools import chain, product
from pathlib import Path
from queue import Empty, Queue

import numpy as np
from report import ONE_THREAD, RESULTS, save_as_measured, settings

from fixntk.data import gaussian_design, teacher_data, wisconsin
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem
from fixntk.masks import sample_masks

HERE = Path(__file__).resolve().parent
SIZES = {"S": (200, 10, 500), "M": (500, 20, 2000), "L": (1000, 60, 5000)}
SOLVERS = [
    "fixntk",
    "fixntk path of 20",
    "celer",
    "skglm",
    "adelie",
    "clarabel",
    "pyscnn",
]
COLUMNS = [
    "instance",
    "lam_ratio",
    "solver",
    "version",
    "seconds",
    "gap",
    "objective",
    "peak_mb",
    "ratio_to_ours",
    "passes",
    "note",
    "steps",  # gap@seconds at each tolerance that was tried
]
GAP = 1e-6


def instance(name, folder):
    """Save an instance; its path and lam_max."""
    rng = np.random.default_rng(0)
    if name == "W":
        X, y = wisconsin()
        p = 3000
    else:
        n, d, p = SIZES[name]
        X = gaussian_design(n, d, rng=rng)
        y = teacher_data(X, 10, noise=0.1, kind="relu", rng=rng)
    masks = sample_masks(X, p, rng=rng)
    path = Path(folder) / f"{name}.npz"
    np.savez(
        path, X=X, y=y, patterns=np.packbits(masks.patterns, axis=0), gates=masks.gates
    )
    return path, GroupLassoProblem(MaskedDesign(X, masks), y, 1.0).lam_max


def processor_seconds(pid):
    """What a process has used of the processor so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(solver, path, lam, cap, memory, loss="squared", target=GAP):
    """One child process; a dict of columns, with a note wherever something is missing."""
    command = [
        sys.executable,
        str(HERE / "peers.py"),
        solver,
        str(path),
        repr(lam),
        repr(target),
        loss,
    ]
    limited = [
        "bash",
        "-c",
        f'ulimit -v {memory * 1024 * 1024}; exec "$@"',
        "bash",
        *command,
    ]
    with tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(
            limited,
            stdout=subprocess.PIPE,
            stderr=err,
            env=os.environ | ONE_THREAD,
            text=True,
        )
        output, lines, stopped, used, begun, since = (
            Queue(),
            [],
            False,
            0.0,
            0.0,
            time.monotonic(),
        )
        threading.Thread(
            target=lambda: [output.put(line) for line in chain(child.stdout, [""])],
            daemon=True,
        ).start()
        while not stopped:  # a line for each tolerance begun and each one done; the cap holds from line to line
            try:
                line = output.get(timeout=1)
            except Empty:
                limit, used = (
                    cap if lines else 600,
                    processor_seconds(child.pid) - begun,
                )  # warming up has 600 s
                stopped = used > limit or time.monotonic() - since > 10 * limit
                continue
            if not line:
                break
            begun, since = processor_seconds(child.pid), time.monotonic()
            if line.startswith("{"):
                lines.append(json.loads(line))
        if stopped:
            child.kill()
        code = child.wait()
        err.seek(0)
        errors = err.read().strip().splitlines()
    found = [line for line in lines if "seconds" in line]
    row = {
        "version": lines[0]["version"] if lines else "",
        **(found[-1] if found else {}),
    }
    if stopped:
        best = (
            f"; gap {found[-1]['gap']:.1e} in {found[-1]['seconds']:.3g} s at {found[-1]['own_tol']:.0e}"
            if found
            else ""
        )
        tried = [line["trying"] for line in lines if "trying" in line]
        at = (
            f"after {cap} s at own tolerance {tried[-1]:.0e}"
            if tried
            else "while warming up"
        )
        row["note"], row["seconds"] = f"stopped {at}{best}", used
    elif not found or code and row["gap"] > target:
        row["note"] = f"failed (exit {code}, memory limit {memory} GB): " + (
            errors[-1][:120] if errors else "no message"
        )
    elif row["gap"] > target:
        row["note"] = (
            f"gap {target:.0e} not reached at own tolerance {row['own_tol']:.0e}"
        )
    else:
        row["note"] = f"own tolerance {row['own_tol']:.0e}"
    return row | {
        "reached": bool(found) and row["gap"] <= target,
        "stopped": stopped,
        "found": found,
    }


def measure(names, ratios, solvers, cap, memory):
    with tempfile.TemporaryDirectory() as folder:
        instances = {name: instance(name, folder) for name in names}
        for ratio, name in product(ratios, names):
            (path, lam_max), ours = instances[name], None
            for solver in solvers:
                if solver == "fixntk path of 20" and ratio != min(ratios):
                    continue
                row = run(solver, path, ratio * lam_max, cap, memory)
                if solver == "fixntk":
                    ours = row["seconds"]
                elif row["stopped"]:
                    row["ratio_to_ours"], row["seconds"] = (
                        f">{row['seconds'] / ours:.0f}",
                        f">{row['seconds']:.0f}",
                    )
                elif row["reached"] and solver != "fixntk path of 20":
                    row["ratio_to_ours"] = f"{row['seconds'] / ours:.1f}"
                if "pass_seconds" in row:
                    row["passes"] = f"{row['seconds'] / row['pass_seconds']:.1f}"
                row["steps"] = " ".join(
                    f"{step['gap']:.1e}@{step['seconds']:.3g}" for step in row["found"]
                )
                row |= {"instance": name, "lam_ratio": ratio, "solver": solver}
                yield {key: tidy(key, row.get(key, "")) for key in COLUMNS}


def tidy(column, value):
    digits = {"objective": ".10g", "gap": ".1e", "peak_mb": ".0f", "seconds": ".3g"}
    return format(value, digits.get(column, "")) if isinstance(value, float) else value


def arguments(about, **defaults):
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--instances", default=defaults["instances"])
    parser.add_argument("--lams", default=defaults["lams"])
    parser.add_argument("--solvers", default=",".join(defaults["solvers"]))
    parser.add_argument(
        "--cap",
        type=int,
        default=defaults["cap"],
        help="seconds for one solver on one problem at one tolerance",
    )
    parser.add_argument(
        "--memory", type=int, default=12, help="GB of address space for one process"
    )
    parser.add_argument("--out", type=Path, default=defaults["out"])
    return parser.parse_args()


def main(about, measure, **defaults):
    args, common = arguments(about, **defaults), settings("scipy")
    ratios = [float(r) for r in args.lams.split(",")]
    rows = measure(
        args.instances.split(","),
        ratios,
        args.solvers.split(","),
        args.cap,
        args.memory,
    )
    save_as_measured(rows, COLUMNS, args.out, common)
    print("\n" + "; ".join(f"{key} {value}" for key, value in common.items()))


if __name__ == "__main__":
    main(
        __doc__,
        measure,
        instances="S,M,L,W",
        lams="0.01,0.1",
        solvers=SOLVERS,
        cap=300,
        out=RESULTS / "bench_solvers.csv",
    )
