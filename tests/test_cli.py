"""The command line, run as a user runs it; mistakes end with a reason and a code, never with a traceback."""

import csv
import importlib.metadata
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import answer_of
from sklearn.dummy import DummyClassifier

from fixntk import asked as wishes
from fixntk import (
    cli,
    column_kinds,
    command,
    compare_command,
    comparing,
    comparison,
    comparison_plan,
    files,
    machine,
    model_choice,
    table_features,
    table_reading,
    uci,
)
from fixntk.compare import compare_file

COMMAND = [
    sys.executable,
    "-c",
    "import sys; from fixntk.cli import main; sys.exit(main())",
]


def write(path, columns, delimiter=",", encoding="utf-8"):
    with open(path, "w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(
            [columns, *zip(*columns.values())]
        )
    return path


def shell(folder, *arguments, **how):
    "Run the command in its own process; what it printed may hold no traceback."
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        **({"stdout": subprocess.PIPE} | how),
    )
    assert (
        "Traceback" not in done.stderr + (done.stdout or "")
        and "Exception ignored" not in done.stderr
    )
    return done


def columns_of(path):
    "The columns of a file, decided."
    return column_kinds.decided(table_reading.read_table(path))[0]


def called(capsys, *arguments):
    "The exit code and the error message of the command, in this process."
    code, _, errors = answer_of(capsys, *arguments)
    return code, errors


@pytest.fixture
def classes(tmp_path):
    "Sixty rows in two classes that an inner product of two columns tells apart, with a useless word beside them."
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 2)).round(3)
    columns = {
        "left": X[:, 0],
        "right": X[:, 1],
        "shop": ["north", "south", "west"] * 20,
    }
    return write(
        tmp_path / "shops.csv",
        columns | {"open": np.where(X[:, 0] + 2 * X[:, 1] > 0, "yes", "no")},
    )


@pytest.fixture
def numbers(tmp_path):
    "Forty rows of a target with gaps among the inputs, parted by semicolons, with a byte order mark."
    x = np.linspace(-2, 2, 40).round(3)
    columns = {
        "x": [*x[:3], "NA", *x[4:]],
        "word": ["a", "?"] * 20,
        "constant": [1] * 40,
        "y": np.maximum(x, 0) + 0.01 * x,
    }
    return write(tmp_path / "hinge.csv", columns, ";", "utf-8-sig")


# ---- compare


def test_compare_classes_as_a_new_user(classes):
    arguments = [
        "compare",
        "shops.csv",
        "--target",
        "open",
        "--folds",
        3,
        "--gates",
        40,
    ]
    done = shell(classes.parent, *arguments)
    assert done.returncode == 0
    assert re.match(r"\s+0%.* 0/22 ", done.stderr) and re.search(
        r"100%.* 22/22 \[[^\n]*\n$", done.stderr
    )  # the bar, nothing else
    assert "60 rows, 5 input columns; classification of 'open'" in done.stdout
    assert "shop became 3 words, one-hot" in done.stdout
    scores = list(csv.DictReader(open(classes.parent / "shops-compare.csv")))
    assert len(scores) == 3 and list(scores[0]) == [
        "fold",
        "majority class",
        "logistic regression",
        "support vectors",
        "gradient boosting",
        "NTK",
        "partly fixed",
        "fully fixed",
    ]
    means = {
        name: np.mean([float(row[name]) for row in scores])
        for name in list(scores[0])[1:]
    }
    assert (
        min(means["NTK"], means["partly fixed"], means["fully fixed"])
        > 0.8
        > means["majority class"]
    )
    for name, mean in means.items():
        assert re.search(rf"{name} +{mean:.3f} ± ", done.stdout)
    assert (classes.parent / "shops-compare.png").read_bytes().startswith(b"\x89PNG")
    gap = float(
        re.search(
            r"relative duality gap (\S+) at most in 3 folds, within", done.stdout
        )[1]
    )
    start, best = map(
        float,
        re.search(
            r"fold 1: (\S+) with the NTK's weights, (\S+) at the optimum", done.stdout
        ).groups(),
    )
    assert gap <= 1e-6 and best <= start * (1 + 1e-6)
    again = shell(classes.parent, *arguments, "--quiet")
    assert (
        done.stdout.endswith(again.stdout)
        and "accuracy" in again.stdout
        and not again.stderr
    )


def test_compare_numbers_with_gaps(numbers):
    refused = shell(numbers.parent, "compare", "hinge.csv", "--target", "y")
    assert refused.returncode == 1 and "missing in x (1), word (20)" in refused.stderr
    options = [
        "--missing",
        "impute",
        "--folds",
        2,
        "--gates",
        20,
        "--out",
        "new/results",
        "--jobs",
        2,
    ]
    done = shell(numbers.parent, "compare", "hinge.csv", "--target", "y", *options)
    assert done.returncode == 0
    assert "regression of 'y'" in done.stdout and "R^2" in done.stdout
    assert (
        "missing values of word, x were filled" in done.stdout
        and "constant does not vary" in done.stdout
    )
    scores = list(
        csv.DictReader(open(numbers.parent / "new" / "results" / "hinge-compare.csv"))
    )
    assert min(float(row["fully fixed"]) for row in scores) > 0.5
    assert max(float(row["mean"]) for row in scores) < 0.1


def test_compare_three_classes(tmp_path, capsys):
    x = np.linspace(-1, 1, 45)
    path = write(
        tmp_path / "three.csv",
        {"x": x, "x2": x**2, "part": ["low"] * 15 + ["middle"] * 15 + ["high"] * 15},
    )
    options = ["--folds", 2, "--gates", 10, "--out", tmp_path]
    assert cli.main(["compare", str(path), "--target", "part", *map(str, options)]) == 0
    said = capsys.readouterr().out
    assert (
        re.search("majority class +0[.]3", said)
        and re.search(r"fully fixed +[01]\.\d+ ±", said)
        and "certificate" in said
    )
    assert (tmp_path / "three-compare.png").exists()


def test_compare_sees_no_test_row_before_it_is_scored(classes, monkeypatch):
    "The answers on one part may not change if that part's targets do."
    made = table_features.feature_table(columns_of(classes), "open", None, [], False)
    train, test = np.arange(40), np.arange(40, 60)
    flipped = made.y.copy()
    flipped[test] = np.where(made.y[test] == "yes", "no", "yes")
    settings = model_choice.Settings("classification", gates=20)
    for name in model_choice.models_of(settings):
        before, after = (
            comparing.fit_one(made.frame, labels, train, test, name, settings)[0]
            for labels in (made.y, flipped)
        )
        assert before["score"] + after["score"] == pytest.approx(1, abs=1e-12)


def test_compare_reads_what_python_reads(numbers):
    cells = columns_of(numbers)
    assert (
        list(cells) == ["x", "word", "constant", "y"]
        and cells["x"].cells[3] is None
        and cells["word"].cells[1] is None
    )
    made = table_features.feature_table(cells, "y", None, [], True)
    assert (
        made.frame.shape == (40, 2)
        and np.isnan(made.frame["x"][3])
        and made.frame["x"].isna().sum() == 1
        and made.task == "regression"
    )
    assert set(made.frame["word"]) == {"a", "(missing)"} and len(made.notes) == 3
    dropped = ["word", "constant"]
    made = table_features.feature_table(cells, "y", None, dropped, True)
    assert made.frame.shape == (40, 1) and len(made.notes) == 1


@pytest.mark.parametrize(
    "target, task, found",
    [
        (["a", "b", "a"], None, "classification"),
        (["1", "2", "1"], None, "classification"),
        (["1.0", "0.0", "1.0"], None, "classification"),
        (["1", "2", "1"], "regression", "regression"),
        (["1.5", "2", "1"], None, "regression"),
        (["1.5", "2", "1.5"], "classification", "classification"),
        ([str(k) for k in range(11)], None, "regression"),
    ],
)
def test_task_is_detected_or_told(target, task, found):
    assert table_features.target_and_task("y", target, task)[1] == found


MISTAKES = [
    (["compare"], 2, "required: DATA.csv, --target"),
    (["compare", "no.csv", "--target", "y"], 2, "there is no file 'no.csv'"),
    (["compare", "shops.csv"], 2, "required: --target"),
    (
        ["compare", "shops.csv", "--target", "opne"],
        2,
        "no column 'opne' in the table; did you mean 'open'",
    ),
    (
        ["compare", "shops.csv", "--target", "open", "--drop", "lef"],
        2,
        "did you mean 'left'",
    ),
    (
        ["compare", "shops.csv", "--target", "open", "--folds", "1"],
        2,
        "at least 2; got '1'",
    ),
    (
        ["compare", "shops.csv", "--target", "open", "--gates", "many"],
        2,
        "at least 1; got 'many'",
    ),
    (["compare", "shops.csv", "--target", "open", "--seed", "-1"], 2, "--seed"),
    (
        ["compare", "shops.csv", "--target", "open", "--seed", str(2**32)],
        2,
        "at least 0 and at most 4294967295; got '4294967296'",
    ),
    (
        ["compare", "shops.csv", "--target", "open", "--drop", "open"],
        2,
        "'open' cannot be the target and be dropped",
    ),
    (
        ["compare", "shops.csv", "--target", "open", "--out", "shops.csv/new"],
        2,
        "folder that exists, and be a file",
    ),
    (
        ["compare", "shops.csv", "--target", "open", "--task", "ranking"],
        2,
        "invalid choice: 'ranking'",
    ),
    (
        ["compare", "shops.csv", "--target", "open", "--task", "regression"],
        1,
        "finite numbers for regression; got",
    ),
    (
        [
            "compare",
            "shops.csv",
            "--target",
            "left",
            "--drop",
            "right",
            "--drop",
            "shop",
            "--drop",
            "open",
        ],
        1,
        "no column is left",
    ),
    (
        ["compare", "shops.csv", "--target", "open", "--folds", "40"],
        1,
        "at least 40 rows for 40 folds",
    ),
    (["frobnicate"], 2, "invalid choice: 'frobnicate'"),
    ([], 2, "required: compare | predict"),
    (["table", "--data", "nowhere"], 2, "there is no folder 'nowhere'"),
    (["table", "--out", "nowhere/table1.csv"], 2, "there is no folder 'nowhere'"),
    (
        ["table", "--out", "."],
        2,
        "out must lie in a folder that exists, and be a file; got '.'",
    ),
    (["table", "--jobs", "0"], 2, "at least 1; got '0'"),
    (["table", "--sets", "ballons"], 2, "Did you mean balloons"),
    (["table", "--sets", "pima__corrected"], 2, "four faulty conversions"),
    (["table", "--protocols", "kind"], 2, "invalid choice: 'kind'"),
]


@pytest.mark.parametrize(
    "arguments, code, message",
    MISTAKES,
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_mistakes_end_with_a_reason_and_a_code(
    arguments, code, message, classes, monkeypatch, capsys
):
    monkeypatch.chdir(classes.parent)
    found, said = called(capsys, *arguments)
    assert found == code and message in said
    assert said.splitlines()[-1].startswith("fixntk")


TABLES = [
    ("", "line of names"),
    ("a,b\n", "got 0 samples"),
    ("a\n1\n", "at least two columns"),
    ("a,a\n1,2\n", "each differently; got a"),
    ("a,,y\n1,2,3\n", "each differently; got (empty)"),
    ("a,y\n1,2\n1,2,3\n", "must have 2 cells in every line; line 3 has 3"),
    ("a,y\n1,inf\n2,0.5\n", "column 'y' must hold finite numbers; got 'inf'"),
    ("a,y\n1,-inf\n2,1\n3,0\n", "column 'y' must hold finite numbers; got '-inf'"),
    (
        "a,y\n1,7\n2,Infinity\n3,5\n",
        "column 'y' must hold finite numbers; got 'Infinity'",
    ),
    ("a,y\ninf,0\n2,1\n", "column 'a' must hold finite numbers"),
    ("a,y\n1,\n2,\n", "missing in y (2)"),
    ("a,y\n1,u\n2,u\n", "at least two classes; got only 'u'"),
    ("a,y\n1,u\n2,v\n3,v\n", "class 'u' has 1"),
    ("a,y\n1,0.5\n2,0.1\n", "at least 20 rows for 5 folds"),
    (
        "a,y\n" + "".join(f"row{k},{k % 2}\n" for k in range(30)),
        "30 different words in 30 rows.*--keep 'a'.*mend 'row0'",
    ),
]


@pytest.mark.parametrize("text, message", TABLES, ids=lambda v: repr(v)[:24])
def test_tables_that_cannot_be_used_are_refused(text, message, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text(text)
    code, said = called(
        capsys, "compare", tmp_path / "bad.csv", "--target", "y", "--quiet"
    )
    assert code == 1
    assert re.search(message if ".*" in message else re.escape(message), said)


def test_a_file_that_is_no_text_is_refused(tmp_path, capsys):
    (tmp_path / "picture.csv").write_bytes(bytes(range(256)))
    code, said = called(capsys, "compare", tmp_path / "picture.csv", "--target", "y")
    assert code == 1 and "picture.csv must be text in UTF-8" in said


def test_stopping_and_surprises_end_without_traceback(classes, monkeypatch, capsys):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    def surprise(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(compare_command, "run", stop)
    assert called(capsys, "compare", classes, "--target", "open") == (
        130,
        "fixntk: stopped\n",
    )
    monkeypatch.setattr(compare_command, "run", surprise)
    assert called(capsys, "compare", classes, "--target", "open") == (
        1,
        "fixntk: ZeroDivisionError\n",
    )
    with pytest.raises(ZeroDivisionError):
        cli.main(["compare", str(classes), "--target", "open", "--debug"])


CALLS = [
    (
        dict(task="ranking"),
        "task must be one of 'classification', 'regression'; got 'ranking'",
    ),
    (dict(missing="drop"), "missing must be one of 'refuse', 'impute'; got 'drop'"),
    (dict(folds=1), "folds must be at least 2"),
    (dict(folds=2.5), "folds must be a whole number"),
    (dict(gates=0), "gates must be a whole number"),
    (dict(seed=-1), "seed must be a whole number from 0 to 2**32 - 1; got -1"),
    (
        dict(seed=2**32),
        "seed must be a whole number from 0 to 2**32 - 1; got 4294967296",
    ),
    (dict(n_jobs=0), "n_jobs must be a whole number of at least 1"),
    (dict(gates=10**14), "memory"),
    (dict(gates=10**400), "gates must be a whole number of at most 1e+15"),
    (dict(target="opne"), "did you mean 'open'"),
    (dict(drop="open"), "cannot be the target and be dropped"),
]


@pytest.mark.parametrize(
    "change, message", CALLS, ids=lambda v: str(v) if isinstance(v, dict) else ""
)
def test_compare_from_python_refuses_with_value_errors(change, message, classes):
    with pytest.raises(ValueError, match=re.escape(message)):
        cli.compare(classes, **{"target": "open"} | change)


KINDS = [
    (dict(target=3), "target"),
    (dict(drop=[3]), "drop"),
    (dict(path=None), "path"),
    (dict(path=3), "path"),
]


@pytest.mark.parametrize(
    "change, name", KINDS, ids=lambda v: str(v) if isinstance(v, dict) else ""
)
def test_compare_from_python_refuses_wrong_kinds(change, name, classes):
    with pytest.raises(TypeError, match=f"{name} must be a "):
        cli.compare(**{"path": classes, "target": "open"} | change)


def test_results_that_cannot_be_written_are_refused_before_the_work(
    classes, monkeypatch, capsys
):
    def refuse(**where):
        raise PermissionError(13, "Permission denied")

    def work(*args, **kwargs):
        raise AssertionError("the work began")

    monkeypatch.chdir(classes.parent)
    monkeypatch.setattr(files, "TemporaryFile", refuse)
    monkeypatch.setattr(compare_command, "make_plan", work)
    monkeypatch.setattr(uci, "accuracy_table", work)
    for arguments in (
        ["compare", "shops.csv", "--target", "open", "--out", "new/results"],
        ["table", "--out", "t.csv"],
    ):
        code, said = called(capsys, *arguments)
        assert (
            code == 2
            and "out must be a file that can be written" in said
            and "Permission denied" in said
        )
    assert sorted(path.name for path in classes.parent.iterdir()) == ["shops.csv"]


def test_without_matplotlib_the_scores_are_saved(classes, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    options = ["--folds", 2, "--gates", 10, "--quiet", "--out", classes.parent]
    code, said = called(capsys, "compare", classes, "--target", "open", *options)
    assert code == 0 and f"needs matplotlib ({machine.installs('cli')})" in said
    assert (classes.parent / "shops-compare.csv").exists() and not (
        classes.parent / "shops-compare.png"
    ).exists()


# ---- what is kept, and what is not replaced


QUICK = ["compare", "shops.csv", "--target", "open", "--folds", 2, "--gates", 10]


def counted_fits(monkeypatch, stop_before=None):
    "Let `fit_one` tell what it is asked for; the fit numbered `stop_before` is interrupted."
    asked, fit = [], comparison.fit_one

    def counted(X, y, train, test, name, *settings):
        if len(asked) == stop_before:
            raise KeyboardInterrupt
        asked.append(name)
        return fit(X, y, train, test, name, *settings)

    monkeypatch.setattr(comparison, "fit_one", counted)
    return asked


def test_an_interrupted_comparison_goes_on_where_it_was(classes, monkeypatch, capsys):
    folder = classes.parent
    assert shell(folder, *QUICK, "--out", "whole", "--quiet").returncode == 0
    monkeypatch.chdir(folder)
    with monkeypatch.context() as patch:
        asked = counted_fits(patch, stop_before=5)
        code, said = called(capsys, *QUICK, "--out", "parts")
        assert code == 130 and len(asked) == 5
        assert (
            "fixntk: stopped; 5 of 15 fits are kept in parts/shops-compare.json; the same command goes on"
            in said
        )
    assert not (folder / "parts" / "shops-compare.csv").exists()
    asked = counted_fits(monkeypatch)
    code, said = called(capsys, *QUICK, "--out", "parts")
    assert code == 0 and len(asked) == 10 and " 5/15 " in said
    whole, parts = (
        (folder / name / "shops-compare.csv").read_text() for name in ("whole", "parts")
    )
    assert whole == parts
    assert [path.name for path in sorted((folder / "parts").iterdir())] == [
        f"shops-compare.{end}" for end in ("csv", "html", "json", "png")
    ]


@pytest.mark.skipif(os.name != "posix", reason="other systems interrupt otherwise")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_keeps_finished_fits(jobs, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((800, 3))
    write(
        tmp_path / "long.csv",
        dict(zip("abc", X.T)) | {"y": np.maximum(X[:, 0], 0) + X[:, 1]},
    )
    arguments = [
        "compare",
        "long.csv",
        "--target",
        "y",
        "--gates",
        "2000",
        "--folds",
        "4",
        "--jobs",
        str(jobs),
    ]
    listen = lambda: signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # a shell in the background lets its children ignore it
    run = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=tmp_path,
        stdout=-1,
        stderr=-1,
        text=True,
        start_new_session=True,
        preexec_fn=listen,
    )
    record, end = tmp_path / "long-compare.json", time.monotonic() + 300
    while time.monotonic() < end and not (
        record.exists() and json.loads(record.read_text())["fits"]
    ):
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=300)
    assert run.returncode == 130 and "Traceback" not in said
    kept = len(json.loads(record.read_text())["fits"])
    assert (
        f"stopped; {kept} of 29 fits are kept in long-compare.json" in said
        and kept >= 1
    )
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "long-compare.json",
        "long.csv",
    ]


def test_results_of_another_run_are_not_replaced_unasked(classes, monkeypatch, capsys):
    monkeypatch.chdir(classes.parent)
    assert called(capsys, *QUICK)[0] == 0
    scores, picture = (
        classes.parent / f"shops-compare.{end}" for end in ("csv", "png")
    )
    before = scores.read_text(), picture.read_bytes()
    asked = counted_fits(monkeypatch)
    assert (
        called(capsys, *QUICK)[0] == 0 and len(asked) == 1
    )  # the same command only fits the best to all rows again
    code, said = called(capsys, *QUICK, "--seed", 1, "--gates", 11)
    assert (
        code == 2
        and "results of another run; seed, gates differ: --overwrite replaces them"
        in said
    )
    table = (classes.parent / "shops.csv").read_text()
    (classes.parent / "shops.tsv").write_text(
        table.replace(",", "\t")
    )  # two tables, one name for their results
    code, said = called(capsys, "compare", "shops.tsv", *QUICK[2:])
    assert code == 2 and "another run; table differ" in said
    assert (scores.read_text(), picture.read_bytes()) == before and len(asked) == 1
    assert called(capsys, *QUICK, "--seed", 1, "--overwrite")[0] == 0
    assert scores.read_text() != before[0]


@pytest.mark.parametrize(
    "text", ["", "fold,mine\n", "{}", "[]", '{"made_by": 1, "fits": 2}']
)
@pytest.mark.parametrize("name", ["shops-compare.csv", "shops-compare.json"])
def test_a_file_of_that_name_by_another_is_left_alone(
    text, name, classes, monkeypatch, capsys
):
    monkeypatch.chdir(classes.parent)
    (classes.parent / name).write_text(text)
    code, said = called(capsys, *QUICK)
    assert (
        code == 2
        and name in said
        and "--overwrite replaces them, --out names another folder" in said
    )
    assert (classes.parent / name).read_text() == text


def test_one_command_at_a_time_writes_to_a_folder(classes, monkeypatch, capsys):
    monkeypatch.chdir(classes.parent)
    with files.only_writer(classes.parent / "shops-compare.json"):
        code, said = called(capsys, *QUICK)
    assert code == 1 and "one writer at a time" in said


def small_files():
    import resource

    resource.setrlimit(
        resource.RLIMIT_FSIZE, (20_000, 20_000)
    )  # the figure does not fit, the scores do


@pytest.mark.skipif(
    os.name != "posix", reason="limits of a process are not set so elsewhere"
)
def test_a_full_disk_leaves_the_earlier_results(classes):
    assert shell(classes.parent, *QUICK).returncode == 0
    before = {path.name: path.read_bytes() for path in classes.parent.iterdir()}
    options = ["--seed", 1, "--overwrite", "--quiet"]
    done = shell(classes.parent, *QUICK, *options, preexec_fn=small_files)
    assert (
        done.returncode == 1
        and "File too large" in done.stderr
        and "relative duality gap" in done.stdout
    )
    after = {path.name: path.read_bytes() for path in classes.parent.iterdir()}
    assert (
        after.keys() == before.keys()
        and after["shops-compare.png"] == before["shops-compare.png"]
    )


def test_a_folder_that_takes_no_files_is_refused_at_once(classes, monkeypatch, capsys):
    folder = (
        "/proc" if os.path.isdir("/proc") else "/dev"
    )  # not even root may write there
    monkeypatch.chdir(classes.parent)
    monkeypatch.setattr(
        compare_command, "make_plan", lambda *args: pytest.fail("the work began")
    )
    code, said = called(capsys, *QUICK, "--out", folder)
    assert code == 2 and "out must be a file that can be written" in said


def test_links_beside_the_results_are_not_followed(classes, monkeypatch, capsys):
    monkeypatch.chdir(classes.parent)
    mine = classes.parent / "mine.txt"
    mine.write_text("mine")
    for end in ("csv", "png", "json"):
        (classes.parent / f"shops-compare.{end}.part").symlink_to(mine)
    assert called(capsys, *QUICK)[0] == 0 and mine.read_text() == "mine"


@pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="no device that is always full"
)
def test_output_that_nobody_takes_ends_in_words(classes):
    with open("/dev/full", "w") as full:
        done = shell(classes.parent, *QUICK, stdout=full)
    assert done.returncode == 1 and "No space left on device" in done.stderr
    arguments = [*COMMAND, *map(str, QUICK), "--out", "piped"]
    run = subprocess.Popen(
        arguments, cwd=classes.parent, stdout=-1, stderr=-1, text=True
    )
    run.stdout.close()
    assert "Traceback" not in run.stderr.read() and run.wait() == 1


@pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="no device that is always full"
)
def test_a_bar_is_not_begun_if_nobody_takes_the_output():
    pytest.importorskip("tqdm")
    lines = "print('here'); from fixntk.machine import bar; list(bar([1]))"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", lines], stdout=full, stderr=-1, text=True
        )
    assert "No space left" in done.stderr and "last_print_t" not in done.stderr


# ---- what is foreseen


def test_a_table_whose_kernels_do_not_fit_is_refused_before_any_fit(
    tmp_path, monkeypatch, capsys
):
    rows = 45_000
    path = write(
        tmp_path / "long.csv",
        {"a": np.arange(rows), "b": np.arange(rows) % 7, "y": np.arange(rows) % 2},
    )
    monkeypatch.setattr(machine, "available_memory", lambda: 24 * 10**9)
    monkeypatch.setattr(wishes, "available_memory", lambda: 24 * 10**9)
    monkeypatch.setattr(
        comparison_plan,
        "feature_table",
        lambda *args: pytest.fail("the columns were made"),
    )
    code, said = called(
        capsys, "compare", path, "--target", "y", "--out", tmp_path, "--gates", 10**7
    )
    assert code == 1 and re.search(
        r"45000 rows, with 10000000 gates.* needs about 1.8 TB of memory, and 24 GB",
        said,
    )
    most = int(re.search(r"at most about (\d+) rows", said)[1])
    assert 400 < most < 600 and [path.name for path in tmp_path.iterdir()] == [
        "long.csv"
    ]
    wishes.check_size(most, 10**7, 1)
    with pytest.raises(ValueError, match="memory"):
        wishes.check_size(2 * most, 10**7, 1)
    wishes.check_size(rows, 1000, 1)  # with the usual gates the table goes on


def test_long_work_is_announced(tmp_path, monkeypatch, capsys):
    rows = 3000
    path = write(
        tmp_path / "long.csv",
        {
            "a": np.arange(rows),
            "b": np.arange(rows) ** 2 % 97,
            "y": np.arange(rows) % 2,
        },
    )
    monkeypatch.setattr(
        comparison, "fit_one", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    cli.main(
        ["compare", str(path), "--target", "y", "--out", str(tmp_path), "--folds", "30"]
    )
    assert re.search(r"this may take \d+\.\d minutes", capsys.readouterr().out)


def test_small_fits_run_on_one_thread(classes, monkeypatch):
    seen = []

    class Model(DummyClassifier):
        def fit(self, X, y):
            seen.append(machine.blas_threads())
            return super().fit(X, y)

        def predict(self, X):
            seen.append(machine.blas_threads())
            return super().predict(X)

    monkeypatch.setattr(comparing, "chosen", lambda *settings: (Model(), {}))
    made = table_features.feature_table(columns_of(classes), "open", None, [], False)
    rows, settings = np.arange(60), model_choice.Settings("classification", gates=20)
    comparing.fit_one(made.frame, made.y, rows[:40], rows[40:], "NTK", settings)
    assert len(seen) == 2 and all(threads == 1 for threads in sum(seen, []))


def test_what_fits_warn_of_is_said_once(classes, monkeypatch, capsys):
    fit = comparison.fit_one
    monkeypatch.setattr(
        comparison,
        "fit_one",
        lambda *args: (
            fit(*args)[0],
            ["the end of the grid"] if args[4] == "NTK" else [],
        ),
    )
    code, said = called(
        capsys, "compare", classes, *QUICK[2:], "--out", classes.parent, "--quiet"
    )
    assert code == 0 and said == "fixntk: in 2 of 15 fits: the end of the grid\n"


# ---- files of every kind


def lines(*columns, rows=40):
    return "a,y\n" + "".join(
        f"{','.join(str(column(k)) for column in columns)}\n" for k in range(rows)
    )


count, parity = lambda k: k, lambda k: k % 2
SWALLOWED = [
    lines(count, lambda k: '"yes' if k == 20 else parity(k)),  # never closed
    lines(
        count, lambda k: '"yes' if k == 20 else 'no"' if k == 30 else parity(k)
    ),  # closed ten lines later
    lines(count, lambda k: '"yes' if k == 20 else '"no' if k == 30 else parity(k)),
    lines(lambda k: '"20' if k == 20 else k, parity),
    lines(lambda k: '"20"0' if k == 20 else k, parity),
]


@pytest.mark.parametrize("text", SWALLOWED)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quotes_that_are_not_closed_are_refused_with_the_line(
    text, end, tmp_path, capsys
):
    (tmp_path / "q.csv").write_bytes(text.replace("\n", end).encode())
    code, said = called(
        capsys, "compare", tmp_path / "q.csv", "--target", "y", "--quiet"
    )
    assert code == 1 and "line 22" in said


def test_quoted_line_breaks_that_are_meant_are_read(tmp_path):
    (tmp_path / "q.csv").write_text(
        '"weight\n(kg)","a, b",y\n1,"two\nlines",0\n2,"",1\n'
    )
    read = columns_of(tmp_path / "q.csv")
    assert {name: column.cells for name, column in read.items()} == {
        "weight\n(kg)": ["1", "2"],
        "a, b": ["two\nlines", None],
        "y": ["0", "1"],
    }


STRANGE = [
    (b"", 1, "got 0 samples, 0 columns"),
    (b"\n\n\n", 1, "got 0 samples, 0 columns"),
    (b"a,y\n", 1, "got 0 samples"),
    (b"a,y\n1,2\n", 1, "no column is left"),
    (b"y\n" + b"1\n2\n" * 20, 1, "at least two columns"),
    (b"a,b\n" + b"1,2\n" * 40, 2, "no column 'y' in the table"),
    (b"a,y\n" + b"1,\n2,nan\n" * 20, 1, r"missing in y \(40\)"),
    (b"a,y\n" + b"1,-nan\n2,1\n" * 20, 1, r"missing in y \(20\)"),
    (
        b"a,b,y\n" + b"1,2,0\n3,4,1\n,,\n" * 20,
        1,
        r"missing in a \(20\), b \(20\), y \(20\)",
    ),
    (
        b"a,y\n" + b"".join(b"%d,%d\n" % (k, k == 7) for k in range(40)),
        1,
        "class '1' has 1",
    ),
    (
        b"a,y\n" + b"".join(b"2021-03-%02d,%d\n" % (k + 1, k % 2) for k in range(30)),
        1,
        "days since the first",
    ),
    (
        b"a,y\n" + b"".join(b"1_%d,%d\n" % (k, k % 2) for k in range(40)),
        1,
        "40 different words.*Mend '1_0'",
    ),
    (bytes(range(256)) * 40, 1, "must be text in UTF-8"),
    ("a,y\n1,2\n".encode("utf-16"), 1, "must be text in UTF-8"),
    ("a,y\n1,2\n".encode("utf-16-le"), 1, "NUL characters"),
    ("größe,y\n1,2\n".encode("latin-1"), 1, "must be text in UTF-8"),
    (b"a,y\n" + b'"' + b"x" * 200_000 + b'",1\n', 1, "line 2 is none: field larger"),
    (
        b"a,y\n" + b"".join(b"%d,%d\n" % (k, 10**300 * (k % 2)) for k in range(40)),
        None,
        "",
    ),
    (b"a,y\n" + b"".join(b"1e%d,%d\n" % (270 + k, k % 2) for k in range(38)), None, ""),
    (b"a,y\n" + b"".join(b"%d,1e%d\n" % (k, 270 + k) for k in range(38)), None, ""),
    (b"a,y\n" + b"".join(b"%d,%d.5e-320\n" % (k, k) for k in range(38)), None, ""),
]


@pytest.mark.parametrize("content, code, message", STRANGE, ids=lambda v: repr(v)[:24])
def test_strange_tables_end_in_words(content, code, message, tmp_path, capsys):
    (tmp_path / "strange.csv").write_bytes(content)
    options = [
        "--target",
        "y",
        "--quiet",
        "--gates",
        5,
        "--folds",
        2,
        "--out",
        tmp_path,
    ]
    found, said = called(capsys, "compare", tmp_path / "strange.csv", *options)
    assert found in ((0, 1) if code is None else (code,))
    if found:
        assert re.search(message, said) and "Error" not in said.replace("error:", "")


def test_whole_numbers_too_large_to_tell_apart_stay_words():
    labels, task = table_features.target_and_task(
        "y", ["9007199254740992", "9007199254740993"], "classification"
    )
    assert task == "classification" and len(set(labels)) == 2


@pytest.mark.parametrize(
    "name", ["folder.csv", "x" * 300 + ".csv", "a\0b.csv", "gone.csv"]
)
def test_what_is_no_file_is_refused(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    code, said = called(capsys, "compare", name, "--target", "y")
    assert code == 2 and "there is no file" in said


def test_a_file_that_cannot_be_read_is_refused(classes, monkeypatch, capsys):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    code, said = called(capsys, "compare", classes, "--target", "open")
    assert (
        code == 1 and said == f"fixntk: {classes} cannot be read: Permission denied.\n"
    )


SURPRISES = [
    (
        MemoryError("Unable to allocate 15 GiB"),
        "the memory ran out. Take fewer rows, --gates or --jobs. Unable to allocate 15 GiB",
    ),
    (
        type("TerminatedWorkerError", (Exception,), {})("a worker\nwas killed"),
        "the memory ran out. Take fewer rows, --gates or --jobs. a worker",
    ),
    (
        OSError(28, "No space left on device"),
        "No space left on device (while writing results or output)",
    ),
    (OSError(5, "Input/output error", "x.csv"), "Input/output error: x.csv"),
    (RuntimeError(), "RuntimeError"),
]


@pytest.mark.parametrize("error, words", SURPRISES, ids=lambda v: type(v).__name__)
def test_errors_become_words(error, words):
    assert command.in_words(error) == words


# ---- table


@pytest.fixture
def balloons(tmp_path, monkeypatch):
    "A folder with one set, made by hand, and a way to split it."
    rows = []
    for colour, size, act, age in itertools.product((1, 0), (0, 1), (1, 0), (1, 0)):
        rows.append(
            [colour, size, act, age, int((colour and not size) or (act and age))]
        )
    table = np.array(rows, float)
    table[:, :4] = (table[:, :4] - 0.5) / table[:, :4].std(axis=0, ddof=1)
    names = ["f1", "f2", "f3", "f4", "target"]
    write(tmp_path / "balloons.csv", dict(zip(names, table.T.tolist())))
    lists = [" ".join(map(str, np.arange(16)[half::2])) for half in (0, 1)]
    write(
        tmp_path / "SPLITS.csv",
        {"name": ["balloons"], "conxuntos_1": lists[:1], "conxuntos_2": lists[1:]},
    )
    monkeypatch.setenv("FIXNTK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FIXNTK_UCI_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("FIXNTK_DATA", raising=False)
    return tmp_path


def test_table_writes_resumes_and_never_overwrites(balloons):
    arguments = [
        "table",
        "--data",
        balloons,
        "--sets",
        "balloons",
        "--out",
        "table1.csv",
        "--protocols",
        "printed",
    ]
    done = shell(balloons, *arguments, "--quiet")
    assert done.returncode == 0, done.stderr
    assert (
        "1 lines are in table1.csv" in done.stdout
        and "better, equal, worse" in done.stdout
    )
    first = (balloons / "table1.csv").read_text()
    refused = shell(balloons, *arguments)
    assert (
        refused.returncode == 2 and "table1.csv exists: add --resume" in refused.stderr
    )
    assert (balloons / "table1.csv").read_text() == first
    more = shell(balloons, *arguments, "inferred", "--resume")
    assert more.returncode == 0, more.stderr
    _, rows = uci.read_table(balloons / "table1.csv")
    assert [row["protocol"] for row in rows] == ["inferred", "printed"]
    assert first.splitlines()[-1] in (balloons / "table1.csv").read_text()


def test_an_interrupted_table_says_how_to_go_on(balloons, monkeypatch, capsys):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(uci, "accuracy_table", stop)
    code, said = called(
        capsys,
        "table",
        "--data",
        balloons,
        "--sets",
        "balloons",
        "--out",
        balloons / "t.csv",
    )
    assert (
        code == 130
        and said.startswith("fixntk: stopped; finished lines are in")
        and "--resume goes on" in said
    )


def test_table_says_what_is_not_here(balloons, capsys):
    out = balloons / "none.csv"
    code, said = called(capsys, "table", "--sets", "blood", "--out", out)
    assert (
        code == 1
        and "blood cannot be read here: --data names a folder of CSVs" in said
        and not out.exists()
    )


def test_table_without_tqdm_says_what_to_install(balloons, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    options = [
        "--data",
        balloons,
        "--sets",
        "balloons",
        "--protocols",
        "printed",
        "--out",
        balloons / "t.csv",
    ]
    code, said = called(capsys, "table", *options)
    assert (
        code == 1 and f"tqdm, which is not installed: {machine.installs('uci')}" in said
    )
    assert not (balloons / "t.csv").exists()


# ---- help


@pytest.mark.parametrize("command", [[], ["compare"], ["table"]], ids=" ".join)
def test_help_names_every_option_and_the_exit_codes(command, tmp_path):
    done = shell(tmp_path, *command, "--help")
    assert done.returncode == 0
    assert "Exit codes: 0 done; 1" in " ".join(done.stdout.split())
    options = {
        "compare": "--target --task --drop --keep --sep --decimal --encoding --sheet --index --no-header --na --missing --folds --gates --seed --out --overwrite --jobs --quiet --debug"
    }
    options["table"] = (
        "--data --download --out --resume --sets --protocols --jobs --quiet --debug"
    )
    for option in (
        options[command[0]].split() if command else ["compare", "table", "--version"]
    ):
        assert option in done.stdout
    assert shell(tmp_path, "--version").stdout.startswith("fixntk ")


def test_the_command_is_installed_under_its_name():
    [script] = {
        *importlib.metadata.entry_points(group="console_scripts", name="fixntk")
    }
    assert script.value == "fixntk.cli:main" and script.load() is cli.main


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["nothing"]])
def test_what_needs_no_numbers_loads_no_numerical_package(words):
    code = (
        "import sys; from fixntk.cli import main\n"
        f"try: main({words})\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'pandas', 'joblib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_stopping_while_packages_load_is_no_traceback(monkeypatch, capsys):
    def stopped(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "import_module", stopped)
    assert called(capsys, "table", "--jobs", "1") == (130, "fixntk: stopped\n")


def test_compare_is_found_where_it_was():
    assert cli.compare is compare_file
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        cli.nothing
