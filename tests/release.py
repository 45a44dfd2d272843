"""All of a release but the upload: `make release`.

The version must be one in settings.ini, the package, CITATION.cff and the newest heading of CHANGELOG.md,
and that heading must have a date. Then the distributions are built, the wheel is installed into an empty
environment, and the examples of README.md run from it. Last, what is left to do by hand is printed.
"""

import argparse
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import venv
import zipfile
from configparser import ConfigParser
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
HEADING = re.compile(r"^## (\S+) \(([^)]*)\)$", re.MULTILINE)
MUST_HOLD = {"fixntk/__init__.py", "fixntk/py.typed", "fixntk/uci_recipes.json"}
EXAMPLES = """
import re, runpy, sys, time
begun = time.perf_counter()
import fixntk
seconds = time.perf_counter() - begun
text = open(sys.argv[1], encoding="utf-8").read()
scope = {}
for block in re.findall(r"```python\\n(.*?)```", text, re.S):
    exec(block, scope)
print("fixntk", fixntk.__version__, "from", fixntk.__file__, f"imported in {seconds:.3f} s")
"""


def versions(root=ROOT):
    "The version by each place that states it."
    ini = ConfigParser()
    ini.read(root / "settings.ini")
    init = (root / "fixntk" / "__init__.py").read_text(encoding="utf-8")
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return {
        "settings.ini": ini["DEFAULT"]["version"],
        "fixntk/__init__.py": re.search(r'__version__ = "(.*?)"', init)[1],
        "CITATION.cff": str(citation["version"]),
        "CHANGELOG.md": HEADING.search(changes)[1],
    }


def notes(version, root=ROOT):
    "Date and text of one version in CHANGELOG.md; its sections must have known names."
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    parts = HEADING.split(text)[1:]
    for found, date, body in zip(parts[::3], parts[1::3], parts[2::3]):
        if found == version:
            names = re.findall(r"^### (.*)$", body, re.MULTILINE)
            if strange := set(names) - KINDS or not names:
                raise ValueError(f"CHANGELOG.md, {version}: sections {strange}")
            return date, body.strip()
    raise ValueError(f"CHANGELOG.md must have a heading for {version}")


def faults(root=ROOT):
    "What stands in the way of a release, in words."
    stated = versions(root)
    version, found = stated["settings.ini"], []
    if len(set(stated.values())) > 1:
        found.append(f"the versions differ: {stated}")
    date, _ = notes(stated["CHANGELOG.md"], root)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        found.append(f"CHANGELOG.md: {version} is '{date}'; give it a date, 2026-01-31")
    git = ["git", "-C", str(root)]
    run = lambda *args: subprocess.run([*git, *args], capture_output=True, text=True)
    if run("status", "--porcelain").stdout:
        found.append("files have changed since the last commit: commit or restore them")
    if run("tag", "--list", f"v{version}").stdout:
        found.append(f"there is a tag v{version} already: nbdev_bump_version")
    return found


def built(folder, isolated=True, root=ROOT):
    "The paths of a source distribution and of the wheel that is built from it."
    way = [] if isolated else ["--no-isolation"]
    command = [sys.executable, "-m", "build", *way, "--outdir", str(folder), str(root)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    version = versions(root)["settings.ini"]
    (wheel,) = folder.glob(f"fixntk-{version}-*.whl")
    (source,) = folder.glob(f"fixntk-{version}.tar.gz")
    return source, wheel


def contents(wheel):
    "Names in the wheel; refused if something is missing or does not belong there."
    names = set(zipfile.ZipFile(wheel).namelist())
    if missing := MUST_HOLD - names:
        raise ValueError(f"{wheel.name} lacks {missing}")
    if strange := [
        name for name in names if not re.match(r"fixntk(/|-[\d.]+\.dist-info/)", name)
    ]:
        raise ValueError(f"{wheel.name} holds {strange}")
    return names


def without_paths():
    "The environment, without what would show another copy of the package."
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def installed(wheel, folder, online=True):
    """The Python of an empty environment that has the wheel.

    Without a network it borrows the packages, not the project, of the one that runs this.
    """
    venv.create(folder, with_pip=online, symlinks=os.name != "nt")
    bin = folder / ("Scripts" if os.name == "nt" else "bin")
    python = bin / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q"]
    pip += ["--disable-pip-version-check"]
    env = without_paths()
    if online:
        subprocess.run([*pip, f"{wheel}[cli]"], check=True, env=env)
    else:
        way = ["--no-deps", "--no-index"]
        subprocess.run([*pip, *way, str(wheel)], check=True, env=env)
        site = subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        borrowed = sysconfig.get_path("purelib") + "\n"
        (Path(site) / "borrowed.pth").write_text(borrowed)
    return python


def examples(python, folder):
    "Run the examples of README.md in `folder`, with nothing of this repository on the path; what they print."
    run = lambda *command: subprocess.run(
        list(map(str, command)),
        cwd=folder,
        capture_output=True,
        text=True,
        env=without_paths(),
    )
    readme = ROOT / "README.md"
    first = run(python, "-I", "-c", EXAMPLES, readme)
    rows = [f"{i % 7},{i * i % 5},{i % 7 > i * i % 5}" for i in range(40)]
    (folder / "mine.csv").write_text("\n".join(["a,b,COLUMN", *rows]) + "\n")
    line = re.search(r"^    fixntk (compare .*)$", readme.read_text("utf-8"), re.M)[1]
    second = run(python.with_name("fixntk"), *line.split())
    for done in (first, second):
        if done.returncode:
            raise RuntimeError(f"README.md: {done.stdout}\n{done.stderr}")
    if str(python.parents[1]) + os.sep not in first.stdout.splitlines()[-1]:
        raise RuntimeError(f"not the wheel's own package: {first.stdout}")
    return first.stdout + second.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--draft", action="store_true", help="go on where a release would stop"
    )
    draft = parser.parse_args().draft
    version = versions()["settings.ini"]
    stops = faults()
    for fault in stops:
        print("in the way:", fault)
    if stops and not draft:
        sys.exit(1)
    folder = ROOT / "dist"
    for old in folder.glob("*") if folder.exists() else ():
        old.unlink()
    source, wheel = built(folder)
    size = wheel.stat().st_size / 1024
    print(f"{wheel.name}: {size:.0f} KiB, {len(contents(wheel))} files")
    with tarfile.open(source) as packed:
        print(f"{source.name}: {len(packed.getnames())} files")
    with tempfile.TemporaryDirectory() as place:
        python = installed(wheel, Path(place) / "env")
        (Path(place) / "work").mkdir()
        print(examples(python, Path(place) / "work"))
    print(f"Tag: v{version}. What is left:")
    print(
        f"  git tag -a v{version} -m 'fixntk {version}' && git push origin v{version}"
    )
    print("  python -m pip install twine && python -m twine upload dist/*")


if __name__ == "__main__":
    main()
