"""Workflows, templates, the citation and the setting for Colab: what only a hosted repository would try."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CONFIG = (ROOT / "nbs" / "_config.yml").read_text()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_calls_targets_that_there_are(path):
    workflow = yaml.safe_load(path.read_text())
    # YAML reads the key `on` as true
    assert {"name", True, "permissions", "jobs"} <= workflow.keys()
    targets = set(re.findall(r"^([\w% -]+):", (ROOT / "Makefile").read_text(), re.M))
    targets = {one for line in targets for one in line.split()}
    for job in workflow["jobs"].values():
        assert job["runs-on"] == "ubuntu-latest"
        assert set(job.get("needs", "").split()) <= workflow["jobs"].keys()
        matrix = job.get("strategy", {}).get("matrix", {})
        given = {row["target"] for row in matrix.get("include", [])}
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            if "uses" in step:
                assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])
            for target in re.findall(r"make (\S.*)", step.get("run", "")):
                names = given if "matrix.target" in target else {target.split()[0]}
                assert names and names <= targets, target


def test_the_workflows_are_three_and_use_two_pythons():
    assert [path.stem for path in WORKFLOWS] == ["book", "links", "test"]
    test = yaml.safe_load(WORKFLOWS[2].read_text())["jobs"]
    matrix = test["whole"]["strategy"]["matrix"]["python"]
    rows = test["versions"]["strategy"]["matrix"]["include"]
    assert len(matrix) == 2
    assert {row["target"] for row in rows} == {"test-lowest", "test-newest"}
    floor = re.search(
        r'requires-python = ">=(.*?)"', (ROOT / "pyproject.toml").read_text()
    )
    assert floor[1] in {row["python"] for row in rows}
    assert "schedule" in yaml.safe_load(WORKFLOWS[1].read_text())[True]


def test_templates_ask_for_what_is_needed():
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text())
        if path.stem == "config":
            continue
        assert form["name"] and form["description"]
        for field in form["body"]:
            assert field["type"] in ("textarea", "input")
            assert field["attributes"]["label"]
    assert "CHANGELOG" in (ROOT / ".github" / "pull_request_template.md").read_text()


def test_the_first_page_says_how_to_cite_this_version():
    version = re.search(r"^version = (.*)", (ROOT / "settings.ini").read_text(), re.M)[
        1
    ]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    cells = nbformat.read(ROOT / "nbs" / "index.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells).split("## How to cite")[1]
    assert citation["title"] in text and f"Version {version}" in text
    assert str(citation["version"]) == version


def test_one_line_turns_the_buttons_for_colab_on(tmp_path):
    pytest.importorskip("jupyter_book")
    assert "launch_buttons" not in yaml.safe_load(CONFIG)
    line = re.search(r"^# (launch_buttons: .*)$", CONFIG, re.M)[1]
    on = yaml.safe_load(CONFIG.replace(f"# {line}", line))
    kept = {key: on[key] for key in ("title", "repository", "launch_buttons", "html")}
    kept["html"].pop("favicon")
    kept["execute"] = {"execute_notebooks": "off"}
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(kept))
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: 03_masks\n")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Masks")]
    )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "03_masks.ipynb")
    start = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", start, "build", ".", "-W", "-q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "_build" / "html" / "03_masks.html").read_text()
    assert (
        "https://colab.research.google.com/github/fixntk/fixntk/blob/main/nbs/03_masks.ipynb"
        in page
    )
