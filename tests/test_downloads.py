"""A chapter downloaded from its page runs in an empty folder, after `pip install 'fixntk[book]'`."""

import ast
import importlib.metadata as metadata
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted(path.name for path in (ROOT / "nbs").glob("[0-9][0-9]_*.ipynb"))
READS = re.compile(r"""["']([\w/]+\.(?:csv|mplstyle|json|npz|py))["']""")
# Two that read tables; the rest, three minutes, when asked for.
RUN = (
    CHAPTERS
    if os.environ.get("FIXNTK_DOWNLOADS") == "all"
    else ["13_figures.ipynb", "18_conv.ipynb"]
)


@pytest.fixture(scope="module")
def downloads(book):
    return book / "_sources"


def code_of(path):
    "The code of a notebook that Python alone can read."
    cells = nbformat.read(path, as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    return [re.sub(r"(?m)^\s*[%!].*$", "pass", source) for source in sources]


def brought_by(extra):
    "The packages, by normal names, that installing fixntk with `extra` brings."
    todo, found = [("fixntk", extra)], set()
    while todo:
        name, extra = todo.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        if name == "fixntk":
            lines = requirements_of_ours()
        for one in map(Requirement, lines):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                todo += [(normal(one.name), more) for more in {"", *one.extras}]
    return {name for name, _ in found}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements_of_ours():
    "As pyproject.toml says today, whatever was installed."
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return project["dependencies"] + [
        f'{line}; extra == "{extra}"'
        for extra, lines in extras.items()
        for line in lines
    ]


@pytest.fixture(scope="module")
def book_extra():
    return brought_by("book")


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_a_chapter_imports_comes_with_the_book(downloads, book_extra, name):
    owners = metadata.packages_distributions()
    for source in code_of(downloads / name):
        for node in ast.walk(ast.parse(source)):
            modules = (
                [one.name for one in node.names] if isinstance(node, ast.Import) else []
            )
            modules += [node.module] if isinstance(node, ast.ImportFrom) else []
            for module in {
                one.split(".")[0] for one in modules
            } - sys.stdlib_module_names:
                assert {normal(one) for one in owners[module]} & book_extra, module


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_a_chapter_reads_comes_with_it(downloads, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, *rest = code_of(downloads / name)
    beside = ROOT / "nbs"
    if first.startswith("# Downloaded alone"):
        exec(first, {})
    for written in filter(Path.is_file, tmp_path.rglob("*")):
        assert (
            written.read_bytes()
            == (beside / written.relative_to(tmp_path)).read_bytes()
        )
    code = "\n".join(rest)
    for path in READS.findall(code):
        assert Path(path).exists() or not (beside / path).exists(), path
    assert "results/" not in code or any(tmp_path.glob("results/*.csv"))


@pytest.mark.parametrize("name", RUN)
def test_a_downloaded_chapter_runs_in_an_empty_folder(downloads, name, tmp_path):
    from nbclient import NotebookClient

    notebook = nbformat.read(downloads / name, as_version=4)
    for cell in notebook.cells:
        if re.search(r"#\|\s*(slow|notest|eval: false)", cell.source):
            cell.metadata["tags"] = ["not-now"]
    NotebookClient(
        notebook,
        kernel_name="python3",
        skip_cells_with_tag="not-now",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
