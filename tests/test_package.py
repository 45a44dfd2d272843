"""The package as others get it: wheel and source distribution, importable without the repository."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_distribution_installs_and_imports(kind, tmp_path):
    call = lambda *args, **kwargs: subprocess.run(
        args, check=True, capture_output=True, text=True, **kwargs
    )
    call(
        sys.executable,
        "-m",
        "build",
        f"--{kind}",
        "--no-isolation",
        "--outdir",
        tmp_path / "dist",
        ROOT,
    )
    (made,) = (tmp_path / "dist").iterdir()
    call(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--target",
        tmp_path / "site",
        made,
    )
    code = "import fixntk, fixntk.kernels as k; print(fixntk.__file__); assert k.ntk([[1.0]]) == 0.5"
    done = call(
        sys.executable,
        "-c",
        code,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": ""},
    )
    assert str(tmp_path) in done.stdout
