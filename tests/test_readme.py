"""The lines of README.md run as they stand."""

import re
from pathlib import Path

import numpy as np

from fixntk import cli

TEXT = (Path(__file__).resolve().parents[1] / "README.md").read_text()


def test_python_blocks_run(capsys):
    scope = {}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.S):
        exec(block, scope)
    assert scope["search"].best_score_ > 0.9 and scope["best"].solution_.converged
    assert "masks survive" in capsys.readouterr().out


def test_compare_runs(capsys, tmp_path, monkeypatch):
    lines = re.findall(r"^    fixntk (.*)$", TEXT, re.M)
    x = np.random.default_rng(0).standard_normal((40, 2))
    table = np.column_stack([x, x[:, 0] > x[:, 1]])
    np.savetxt(
        tmp_path / "mine.csv",
        table,
        delimiter=",",
        header="a,b,COLUMN",
        comments="",
        fmt="%g",
    )
    monkeypatch.chdir(tmp_path)
    np.savetxt(
        tmp_path / "new.csv", x[:3], delimiter=",", header="a,b", comments="", fmt="%g"
    )
    said = []
    for line in lines:
        assert cli.main(line.split()) == 0
        said.append(capsys.readouterr().out)
    assert "certificate: relative duality gap" in said[0]
    written = {
        f"mine-compare.{kind}" for kind in ("csv", "png", "html", "json")
    }  # scores, figure, page, and what a repetition goes on from
    written |= {"best.skops", "answers.csv", "mine.csv", "new.csv"}
    assert {path.name for path in tmp_path.iterdir()} == written
