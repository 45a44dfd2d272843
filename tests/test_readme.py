"""The lines of README.md run as they stand."""

import re
from pathlib import Path

TEXT = (Path(__file__).resolve().parents[1] / "README.md").read_text()


def test_python_blocks_run(capsys):
    scope = {}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.S):
        exec(block, scope)
    assert scope["search"].best_score_ > 0.9 and scope["best"].solution_.converged
    assert "masks survive" in capsys.readouterr().out
