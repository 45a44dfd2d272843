"""The package as others get it: what it offers, wheel and source distribution."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import fixntk

ROOT = Path(__file__).resolve().parents[1]


def test_import_offers_the_door_masks_and_estimators_and_loads_nothing():
    code = (
        "import sys, fixntk; dir(fixntk); "
        "assert not {'numpy', 'scipy', 'sklearn', 'joblib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-S", "-c", code], check=True, cwd=ROOT)
    from fixntk import estimators, masks

    offered = {*estimators.__all__, "Masks", "solve"}
    assert set(fixntk.__all__) == {name for name in offered if name[0] != "_"}
    assert set(dir(fixntk)) >= offered
    assert fixntk.Masks is masks.Masks
    assert fixntk.NTKRegressor is estimators.NTKRegressor and callable(fixntk.solve)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fixntk.nothing


def test_what_type_checkers_see_is_what_is_offered():
    tree = ast.parse(Path(fixntk.__file__).read_text())
    branch = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {}
    for node in branch.body:
        for alias in node.names:
            seen[alias.asname or alias.name] = (node.module, alias.name)
    assert set(seen) == set(fixntk.__all__)
    for name, (module, original) in seen.items():
        home = importlib.import_module(f"fixntk.{module}")
        assert getattr(home, original) is getattr(fixntk, name)


def test_package_says_that_it_is_typed():
    assert Path(fixntk.__file__).with_name("py.typed").exists()


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
    code = (
        "import fixntk, fixntk.kernels as k; print(fixntk.__file__);"
        "assert k.ntk([[1.0]]) == 0.5; from pathlib import Path;"
        "assert Path(fixntk.__file__).with_name('py.typed').exists()"
    )
    done = call(
        sys.executable,
        "-c",
        code,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": ""},
    )
    assert str(tmp_path) in done.stdout
