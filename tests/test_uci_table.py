"""The accuracy table: killed and resumed, spread over a cluster, refused when asked for nonsense."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest

import fixntk
from fixntk import lines, table_files, whole_table
from fixntk.machine import blas_threads
from fixntk.recipes import recipe_of
from fixntk.uci import accuracy_table, available, load, read_table, run_dataset

FAST = {
    "n_splits": 6,
    "n_folds": 2,
    "n_gates": 20,
    "lams": (1.0, 30.0),
    "n_reweightings": (0, 1),
    "seed": 7,
}
SETS = ("balloons", "trains")


def write_set(folder, name, seed):
    "Random numbers of the size and class counts that a set must have; no data of the archive is needed."
    recipe = recipe_of(name)
    X = np.random.default_rng(seed).standard_normal((recipe["n"], recipe["d"]))
    y = np.repeat([0, 1], recipe["counts"])
    header = ",".join([f"f{j}" for j in range(X.shape[1])] + ["target"])
    np.savetxt(
        folder / f"{name}.csv",
        np.column_stack([X, y]),
        delimiter=",",
        header=header,
        comments="",
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uci")
    lines = ["name,conxuntos_1,conxuntos_2"]
    for seed, name in enumerate(SETS):
        write_set(folder, name, seed)
        half = recipe_of(name)["n"] // 2
        lines.append(
            f"{name},{' '.join(map(str, range(half)))},{' '.join(map(str, range(half, 2 * half)))}"
        )
    (folder / "SPLITS.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def table(data):
    return accuracy_table(SETS, data_dir=data, progress=False, **FAST)


def toy(n=24, d=3):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, d)), np.arange(n) % 2


def test_lines(table, data):
    keys = [(row["name"], row["protocol"], row["split"]) for row in table]
    assert keys == sorted(set(keys)) and len(keys) == 2 * (1 + 1 + 6)
    for row in table:
        for model in ("majority", "ntk", "start", "fixed"):
            assert row[model] * row["n_test"] == pytest.approx(
                round(row[model] * row["n_test"]), abs=1e-4
            )
        assert 0 < row["ratio_least"] <= row["ratio_most"] <= 1 + 1e-3
    assert [
        row for row in table if row["name"] == "trains" and row["protocol"] == "honest"
    ] == run_dataset("trains", data_dir=data, **FAST)


def test_same_lines_for_any_order_and_number_of_jobs(table, data):
    assert (
        accuracy_table(SETS[::-1], data_dir=data, n_jobs=2, progress=False, **FAST)
        == table
    )
    one = accuracy_table(
        "trains", protocols=["honest"], data_dir=data, progress=False, **FAST
    )
    assert one == [
        row for row in table if row["name"] == "trains" and row["protocol"] == "honest"
    ]


def test_resume_does_no_work_twice(table, data, tmp_path, monkeypatch):
    out, made = tmp_path / "table.csv", []
    row = whole_table.row_of
    monkeypatch.setattr(
        whole_table,
        "row_of",
        lambda *task: made.append(task[:1] + task[3:5]) or row(*task),
    )
    ask = {"data_dir": data, "out": out, "progress": False, **FAST}
    accuracy_table("trains", **ask)
    first = len(made)
    assert accuracy_table(SETS, **ask) == table
    assert len(made) == len(set(made)) == len(table) > first
    assert accuracy_table(SETS, **ask) == table and len(made) == len(table)
    header, rows = read_table(out)
    assert (
        rows == table
        and header["versions"][0]["numpy"] == np.__version__
        and "n_gates=20" in header["command"]
    )
    accuracy_table("trains", resume=False, **ask)
    assert {row["name"] for row in read_table(out)[1]} == {"trains"}


def work(data, out, log):
    "What the killed processes do: note each line when it is begun, and linger a little when it is made."
    row = whole_table.row_of

    def slow_row(*task):
        with open(log, "a") as file:
            file.write(f"{task[0]} {task[3]} {task[4]}\n")
        found = row(*task)
        time.sleep(0.05)
        return found

    whole_table.row_of = slow_row
    accuracy_table(SETS, data_dir=data, out=out, progress=False, **FAST)


def killed(moment, begun, data, out, log):
    "Start the work; kill -9 it `moment` seconds after it has begun so many lines. None: let it end."
    process = multiprocessing.get_context("fork").Process(
        target=work, args=(data, out, log)
    )
    before = len(log.read_text().splitlines())
    process.start()
    while (
        moment is not None
        and process.is_alive()
        and len(log.read_text().splitlines()) < before + begun
    ):
        time.sleep(0.001)
    if moment is not None:
        time.sleep(moment)
        process.kill()
    process.join()
    return process.exitcode


def test_killed_ten_times(table, data, tmp_path):
    out, log = tmp_path / "table.csv", tmp_path / "log"
    log.touch()
    rng, seen, lengths = np.random.default_rng(0), [], []
    for begun, moment in zip(
        rng.permutation([0, 1, 1, 1, 1, 1, 1, 2, 2, 2]), rng.uniform(0, 0.1, 10)
    ):
        assert killed(moment, begun, data, out, log) == -signal.SIGKILL
        rows = read_table(out)[1] if out.exists() else []
        assert all(row in rows for row in seen) and all(row in table for row in rows)
        seen = rows
        lengths.append(len(rows))
    assert 0 < lengths[-1] < len(table), (
        f"kills must strike in the middle; lines after each: {lengths}"
    )
    assert killed(None, 0, data, out, log) == 0
    assert read_table(out)[1] == table
    assert (
        len(log.read_text().splitlines()) <= len(table) + 10
    )  # a kill costs at most the line that was being made


def test_killed_while_saving(table, tmp_path, monkeypatch):
    "Whatever part of a file a killed process leaves beside the table, the table stays whole."
    out, header, rows = (
        tmp_path / "table.csv",
        {"settings": {}},
        {table_files.key_of(row): row for row in table},
    )
    table_files.save_table(out, header, dict(list(rows.items())[:3]))
    whole = out.read_bytes()

    def die(*args):
        raise KeyboardInterrupt

    for step in ("fsync", "replace"):
        monkeypatch.setattr(os, step, die)
        with pytest.raises(KeyboardInterrupt):
            table_files.save_table(out, header, rows)
        monkeypatch.undo()
        assert out.read_bytes() == whole
    table_files.save_table(out, header, rows)
    assert read_table(out) == (header, table) and list(tmp_path.iterdir()) == [out]


def test_two_writers_of_one_file(table, data, tmp_path, monkeypatch):
    "The second is told so while the first is at work, and the first loses nothing."
    out, row, refused = tmp_path / "table.csv", whole_table.row_of, []
    ask = {"data_dir": data, "out": out, "progress": False, **FAST}

    def row_with_a_rival(*task):
        monkeypatch.setattr(whole_table, "row_of", row)
        with pytest.raises(
            BlockingIOError,
            match="has one already. Wait until it is done, or name another file",
        ):
            accuracy_table(SETS, **ask)
        refused.append(task)
        monkeypatch.setattr(whole_table, "row_of", row_with_a_rival)
        return row(*task)

    monkeypatch.setattr(whole_table, "row_of", row_with_a_rival)
    assert accuracy_table(SETS, **ask) == table and len(refused) > 1
    assert read_table(out)[1] == table and list(tmp_path.iterdir()) == [out]


def test_a_link_beside_the_table_is_not_followed(data, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "t.csv.part").symlink_to(victim)
    accuracy_table(
        "trains",
        protocols="printed",
        data_dir=data,
        out=tmp_path / "t.csv",
        progress=False,
        **FAST,
    )
    assert victim.read_text() == "mine" and len(read_table(tmp_path / "t.csv")[1]) == 1


@pytest.mark.parametrize("cut", [1, 2, 30, 60])
def test_a_line_that_was_cut_off_is_made_again(table, data, tmp_path, cut):
    out = tmp_path / "table.csv"
    ask = {
        "protocols": ["honest"],
        "data_dir": data,
        "out": out,
        "progress": False,
        **FAST,
    }
    want = accuracy_table("trains", **ask)
    text = out.read_text()
    out.write_text(text[:-cut])
    with pytest.raises(ValueError, match="the last line of .* is cut off"):
        read_table(out)
    assert accuracy_table("trains", **ask) == want and out.read_text() == text


def test_an_empty_file_is_a_new_one(data, tmp_path):
    out = tmp_path / "table.csv"
    out.touch()
    with pytest.raises(
        ValueError, match="path must be a table written by accuracy_table"
    ):
        read_table(out)
    ask = {
        "protocols": ["printed"],
        "data_dir": data,
        "out": out,
        "progress": False,
        **FAST,
    }
    assert accuracy_table("trains", **ask) == read_table(out)[1]


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda lines: lines[:1], "lacks its first lines"),
        (lambda lines: [lines[0][: len(lines[0]) // 2]], "lacks its first lines"),
        (lambda lines: ["# 5\n", *lines[1:]], "lacks its first lines"),
        (
            lambda lines: [lines[0], lines[1].replace("split", "fold"), *lines[2:]],
            "lacks its first lines",
        ),
        (
            lambda lines: [*lines, "trains,honest\n"],
            "line 4 of .* must have 20 entries",
        ),
        (
            lambda lines: [*lines, lines[2].replace(",10,29,", ",ten,29,")],
            "line 4 of .* got 'trains,printed",
        ),
        (lambda lines: ["\udcff\udcfe\n"], "lacks its first lines"),
    ],
)
def test_damaged_tables_are_refused_and_kept(data, tmp_path, damage, words):
    out = tmp_path / "table.csv"
    ask = {
        "protocols": ["printed"],
        "data_dir": data,
        "out": out,
        "progress": False,
        **FAST,
    }
    accuracy_table("trains", **ask)
    damaged = "".join(damage(out.read_text().splitlines(keepends=True))).encode(
        errors="surrogateescape"
    )
    out.write_bytes(damaged)
    for attempt in (lambda: read_table(out), lambda: accuracy_table("trains", **ask)):
        with pytest.raises(ValueError, match=words):
            attempt()
    assert out.read_bytes() == damaged


def test_one_thread_inside_and_the_old_number_after(monkeypatch):
    before, inside, split = blas_threads(), [], lines.random_split
    monkeypatch.setattr(
        lines,
        "random_split",
        lambda *args: inside.append(set(blas_threads())) or split(*args),
    )
    run_dataset(toy(), **{**FAST, "n_splits": 2})
    assert inside == [{1}, {1}] and blas_threads() == before


def test_progress_is_shown_on_request(capsys):
    run_dataset(toy(), **{**FAST, "n_splits": 2})
    assert not capsys.readouterr().err
    run_dataset(toy(), progress=True, **{**FAST, "n_splits": 2})
    assert "2/2" in capsys.readouterr().err


def test_a_table_that_does_not_fit_is_refused_at_once():
    n = 400_000
    with pytest.raises(
        ValueError,
        match="the kernels of 400000 rows needs about .* TB of memory, .* Use fewer rows",
    ):
        run_dataset((np.arange(2.0 * n).reshape(n, 2), np.arange(n) % 2))


def test_dask_gives_the_same_table(table, data):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        with (
            distributed.Client(cluster) as client,
            joblib.parallel_config(backend="dask"),
        ):
            assert accuracy_table(SETS, data_dir=data, progress=False, **FAST) == table
            assert len(client.run(os.getpid)) == 2


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda X, y: (X[0], y), "X must be a table"),
        (lambda X, y: (X[:0], y[:0]), "X must have at least one row"),
        (lambda X, y: (np.where(X > 2, np.nan, X) * np.nan, y), "X must be finite"),
        (lambda X, y: (X, y[1:]), "y must have one entry for each of the 24 rows"),
        (lambda X, y: (X, 2 * y - 1), "y must hold 0 and 1 only"),
        (lambda X, y: (X, 0 * y), "at least 4 samples of each class"),
        (
            lambda X, y: (X * 1e150, y),
            "X must be of a size that can be squared .* Standardise the columns",
        ),
    ],
)
def test_bad_data(change, words):
    with pytest.raises(ValueError, match=words):
        run_dataset(change(*toy()))


@pytest.mark.parametrize(
    "settings, error, words",
    [
        (
            {"protocol": "optimistic"},
            ValueError,
            "protocol must be one of 'printed', 'inferred', 'honest'",
        ),
        ({"protocol": "inferred"}, ValueError, "only sets of the archive have lists"),
        ({"n_gates": 0}, ValueError, "n_gates must be a whole number"),
        ({"n_splits": 0}, ValueError, "n_splits must be a whole number"),
        ({"n_folds": 1}, ValueError, "n_folds must be at least 2"),
        ({"lams": (0.0, 1.0)}, ValueError, "lams must be a positive number"),
        ({"lams": ()}, ValueError, "lams must have at least one entry"),
        (
            {"n_reweightings": (-1,)},
            ValueError,
            "n_reweightings must be a whole number",
        ),
        ({"seed": -1}, ValueError, "seed must be a whole number from 0 .* got -1"),
        (
            {"seed": 2**32},
            ValueError,
            "seed must be a whole number from 0 .* got 4294967296",
        ),
        ({"seed": "a"}, ValueError, "seed must be a whole number from 0 .* got 'a'"),
        (
            {"seed": False},
            ValueError,
            "seed must be a whole number from 0 .* got False",
        ),
        ({"gates": 5}, TypeError, "settings must be among n_splits"),
        (
            {"n_reweightings": 2},
            TypeError,
            "n_reweightings must be a list of counts; got 2",
        ),
        (
            {"n_reweightings": "012"},
            TypeError,
            "n_reweightings must be a list of counts; got '012'",
        ),
        (
            {"n_reweightings": [[1, 2]]},
            TypeError,
            "n_reweightings must be a list of counts",
        ),
        (
            {"n_reweightings": (0.5,)},
            ValueError,
            "n_reweightings must be a whole number",
        ),
        ({"lams": "10"}, TypeError, "lams must hold numbers"),
        ({"progress": 1}, TypeError, "progress must be True or False"),
        ({"protocol": ["honest"]}, ValueError, "protocol must be one of"),
    ],
)
def test_bad_settings(settings, error, words):
    with pytest.raises(error, match=words):
        run_dataset(toy(), **settings)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: load("trains", corrected="yes"), "corrected must be True or False"),
        (lambda: load("trains", data_dir=5), "data_dir must be the path of a folder"),
        (lambda: available(online=1), "online must be True or False"),
        (lambda: available(data_dir=b"here"), "data_dir must be the path of a folder"),
        (lambda: run_dataset(5), "dataset must be a name or a pair"),
        (lambda: run_dataset([[1.0], [2.0]]), "dataset must be a name or a pair"),
        (
            lambda: run_dataset((np.ma.ones((24, 2)), toy()[1])),
            "X must be a plain array; got a masked array",
        ),
        (
            lambda: run_dataset((toy()[0], np.ma.array(toy()[1]))),
            "y must be a plain array; got a masked array",
        ),
        (
            lambda: run_dataset((toy()[0].astype("M8[s]"), toy()[1])),
            "X must hold numbers; got dates",
        ),
        (lambda: run_dataset((toy()[0], ["1_0"] * 24)), "y must hold numbers"),
        (lambda: accuracy_table(5), "names must be a list of names; got 5"),
        (lambda: accuracy_table(["trains", 5]), "names must be a list of names"),
        (
            lambda: accuracy_table("trains", protocols=7),
            "protocols must be a list of names; got 7",
        ),
        (
            lambda: accuracy_table("trains", out=5),
            "out must be the path of a file; got 5",
        ),
        (lambda: read_table(5), "path must be the path of a file; got 5"),
        (
            lambda: accuracy_table("trains", n_jobs=0),
            "n_jobs must be a whole number other than 0",
        ),
        (
            lambda: accuracy_table("trains", n_jobs="two"),
            "n_jobs must be a whole number other than 0",
        ),
        (lambda: accuracy_table("trains", resume="no"), "resume must be True or False"),
        (
            lambda: accuracy_table("trains", progress=None),
            "progress must be True or False",
        ),
    ],
)
def test_wrong_kinds(data, monkeypatch, call, words):
    monkeypatch.setenv("FIXNTK_DATA", str(data))
    with pytest.raises(TypeError, match=words):
        call()


def test_bad_names_and_files(data, tmp_path):
    with pytest.raises(ValueError, match="name must be one of the 33 sets"):
        run_dataset("iris", data_dir=data)
    with pytest.raises(ValueError, match="the ending of 'pima__fixed' must be one of"):
        run_dataset("pima__fixed", data_dir=data)
    with pytest.raises(TypeError, match="dataset must be a name or a pair"):
        run_dataset(toy()[0])
    with pytest.raises(ValueError, match="data_dir must hold SPLITS.csv"):
        write_set(tmp_path, "balloons", 0)
        run_dataset("balloons", protocol="inferred", data_dir=tmp_path)
    with pytest.raises(ValueError, match="out must lie in a folder that exists"):
        accuracy_table(SETS, data_dir=data, out=tmp_path / "no" / "table.csv", **FAST)
    with pytest.raises(
        ValueError, match="out must lie in a folder that exists, and be a file"
    ):
        accuracy_table(SETS, data_dir=data, out=tmp_path, **FAST)
    with pytest.raises(ValueError, match="protocols must be one of"):
        accuracy_table(SETS, data_dir=data, protocols=("fair",))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(
        ValueError, match="path must be a table written by accuracy_table"
    ):
        read_table(tmp_path / "other.csv")
    accuracy_table(
        "trains",
        protocols=["printed"],
        data_dir=data,
        out=tmp_path / "t.csv",
        progress=False,
        **FAST,
    )
    with pytest.raises(ValueError, match="with the same settings"):
        accuracy_table(
            "trains",
            data_dir=data,
            out=tmp_path / "t.csv",
            progress=False,
            **{**FAST, "seed": 8},
        )


def test_unusual_input():
    X, y = toy()
    X.setflags(write=False)
    y.setflags(write=False)
    fast = {**FAST, "n_splits": 1}
    rows = run_dataset((X, y), **fast)
    assert run_dataset((np.asfortranarray(X), y.astype(float)), **fast) == rows
    assert [row["ntk"] for row in run_dataset((X.astype(np.float32), y), **fast)] == [
        row["ntk"] for row in rows
    ]
    for Z in (
        X[:, :1],
        np.column_stack([X, np.zeros(len(X))]),
        np.repeat(X[::2], 2, axis=0),
    ):
        assert all(0 <= row["fixed"] <= 1 for row in run_dataset((Z, y), **fast))


def test_constant_labels_need_no_model():
    "Where every test row has the class of the majority, the majority is right."
    X, y = toy(40)
    rows = run_dataset((X, (np.arange(40) < 4).astype(int)), **{**FAST, "n_splits": 1})
    assert rows[0]["majority"] == 0.9


def test_importing_makes_no_table(data, tmp_path):
    "With FIXNTK_DATA set, too: tables are made by cells and calls, not by an import."
    package = Path(fixntk.__file__).parent
    names = sorted(path.stem for path in package.glob("[a-z]*.py"))
    code = f"from fixntk import {', '.join(names)}"
    environment = {**os.environ, "FIXNTK_DATA": str(data)}
    environment["PYTHONPATH"] = str(package.parent)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
