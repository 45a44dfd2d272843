"""The command line, run as a user runs it; mistakes end with a reason and a code, never with a traceback."""

import csv
import importlib.metadata
import itertools
import re
import subprocess
import sys

import numpy as np
import pytest

from fixntk import cli, uci

COMMAND = [sys.executable, "-c", "import sys; from fixntk.cli import main; sys.exit(main())"]


def write(path, columns, delimiter=",", encoding="utf-8"):
    with open(path, "w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows([columns, *zip(*columns.values())])
    return path


def shell(folder, *arguments):
    "Run the command in its own process; what it printed may hold no traceback."
    done = subprocess.run([*COMMAND, *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def called(capsys, *arguments):
    "The exit code and the error message of the command, in this process."
    try:
        code = cli.main(list(map(str, arguments)))
    except SystemExit as exit:
        code = exit.code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.err


@pytest.fixture
def classes(tmp_path):
    "Sixty rows in two classes that an inner product of two columns tells apart, with a useless word beside them."
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 2)).round(3)
    columns = {"left": X[:, 0], "right": X[:, 1], "shop": ["north", "south", "west"] * 20}
    return write(tmp_path / "shops.csv", columns | {"open": np.where(X[:, 0] + 2 * X[:, 1] > 0, "yes", "no")})


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
    arguments = ["compare", "shops.csv", "--target", "open", "--folds", 3, "--gates", 40]
    done = shell(classes.parent, *arguments)
    assert done.returncode == 0 and not done.stderr
    assert "60 rows, 5 input columns; classification of 'open'" in done.stdout
    assert "shop became 3 words, one-hot" in done.stdout
    scores = list(csv.DictReader(open(classes.parent / "shops-compare.csv")))
    assert len(scores) == 3 and list(scores[0]) == ["fold", "majority class", "NTK", "partly fixed", "fully fixed"]
    means = {name: np.mean([float(row[name]) for row in scores]) for name in list(scores[0])[1:]}
    assert min(means["NTK"], means["partly fixed"], means["fully fixed"]) > 0.8 > means["majority class"]
    for name, mean in means.items():
        assert re.search(rf"{name} +{mean:.3f} ± ", done.stdout)
    assert (classes.parent / "shops-compare.png").read_bytes().startswith(b"\x89PNG")
    gap = float(re.search(r"relative duality gap (\S+), within", done.stdout)[1])
    start, best = map(
        float, re.search(r"\(8\): (\S+) with the NTK's weights, (\S+) at the optimum", done.stdout).groups()
    )
    assert gap <= 1e-6 and best <= start * (1 + 1e-6)
    again = shell(classes.parent, *arguments, "--quiet")
    assert done.stdout.endswith(again.stdout) and "accuracy" in again.stdout


def test_compare_numbers_with_gaps(numbers):
    refused = shell(numbers.parent, "compare", "hinge.csv", "--target", "y")
    assert refused.returncode == 1 and "missing in x (1), word (20)" in refused.stderr
    options = ["--missing", "impute", "--folds", 2, "--gates", 20, "--out", "new/results", "--jobs", 2]
    done = shell(numbers.parent, "compare", "hinge.csv", "--target", "y", *options)
    assert done.returncode == 0
    assert "regression of 'y'" in done.stdout and "R^2" in done.stdout
    assert "missing values of word, x were filled" in done.stdout and "constant does not vary" in done.stdout
    scores = list(csv.DictReader(open(numbers.parent / "new" / "results" / "hinge-compare.csv")))
    assert min(float(row["fully fixed"]) for row in scores) > 0.5
    assert max(float(row["mean"]) for row in scores) < 0.1


def test_compare_three_classes(tmp_path, capsys):
    x = np.linspace(-1, 1, 45)
    path = write(tmp_path / "three.csv", {"x": x, "x2": x**2, "part": ["low"] * 15 + ["middle"] * 15 + ["high"] * 15})
    options = ["--folds", 2, "--gates", 10, "--out", tmp_path]
    assert cli.main(["compare", str(path), "--target", "part", *map(str, options)]) == 0
    said = capsys.readouterr().out
    assert "majority class      0.3" in said and re.search(r"fully fixed +[01]\.\d+ ±", said) and "certificate" in said
    assert (tmp_path / "three-compare.png").exists()


def test_compare_sees_no_test_row_before_it_is_scored(classes, monkeypatch):
    "The answers on one part may not change if that part's targets do."
    X, y, task, _ = cli._table(cli._read(classes), "open", None, [], False)
    train, test = np.arange(40), np.arange(40, 60)
    before = cli._fold(X, y, train, test, task, 20, 0)
    flipped = y.copy()
    flipped[test] = np.where(y[test] == "yes", "no", "yes")
    after = cli._fold(X, flipped, train, test, task, 20, 0)
    for name in before:
        assert before[name] + after[name] == pytest.approx(1, abs=1e-12)


def test_compare_reads_what_python_reads(numbers):
    cells = cli._read(numbers)
    assert list(cells) == ["x", "word", "constant", "y"] and cells["x"][3] is None and cells["word"][1] is None
    X, y, task, notes = cli._table(cells, "y", None, [], True)
    assert X.shape == (40, 2) and np.isnan(X[3, 0]) and np.isnan(X).sum() == 1 and task == "regression"
    assert set(X[:, 1]) == {0.0, 1.0} and len(notes) == 3
    X, _, _, notes = cli._table(cells, "y", None, ["word", "constant"], True)
    assert X.shape == (40, 1) and len(notes) == 1


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
    assert cli._target("y", target, task)[1] == found


MISTAKES = [
    (["compare"], 2, "required: DATA.csv, --target"),
    (["compare", "no.csv", "--target", "y"], 2, "there is no file 'no.csv'"),
    (["compare", "shops.csv"], 2, "required: --target"),
    (["compare", "shops.csv", "--target", "opne"], 2, "no column 'opne' in the table; did you mean 'open'"),
    (["compare", "shops.csv", "--target", "open", "--drop", "lef"], 2, "did you mean 'left'"),
    (["compare", "shops.csv", "--target", "open", "--folds", "1"], 2, "at least 2; got '1'"),
    (["compare", "shops.csv", "--target", "open", "--gates", "many"], 2, "at least 1; got 'many'"),
    (["compare", "shops.csv", "--target", "open", "--seed", "-1"], 2, "--seed"),
    (["compare", "shops.csv", "--target", "open", "--seed", str(2**32)], 2, "at least 0 and at most 4294967295; got '4294967296'"),
    (["compare", "shops.csv", "--target", "open", "--drop", "open"], 2, "'open' cannot be the target and be dropped"),
    (["compare", "shops.csv", "--target", "open", "--out", "shops.csv/new"], 2, "folder that exists, and be a file"),
    (["compare", "shops.csv", "--target", "open", "--task", "ranking"], 2, "invalid choice: 'ranking'"),
    (["compare", "shops.csv", "--target", "open", "--task", "regression"], 1, "finite numbers for regression; got"),
    (
        ["compare", "shops.csv", "--target", "left", "--drop", "right", "--drop", "shop", "--drop", "open"],
        1,
        "no column is left",
    ),
    (["compare", "shops.csv", "--target", "open", "--folds", "40"], 1, "at least 40 rows for 40 folds"),
    (["frobnicate"], 2, "invalid choice: 'frobnicate'"),
    ([], 2, "required: compare | table"),
    (["table", "--data", "nowhere"], 2, "there is no folder 'nowhere'"),
    (["table", "--out", "nowhere/table1.csv"], 2, "there is no folder 'nowhere'"),
    (["table", "--out", "."], 2, "out must lie in a folder that exists, and be a file; got '.'"),
    (["table", "--jobs", "0"], 2, "at least 1; got '0'"),
    (["table", "--sets", "ballons"], 2, "Did you mean balloons"),
    (["table", "--sets", "pima__corrected"], 2, "four faulty conversions"),
    (["table", "--protocols", "kind"], 2, "invalid choice: 'kind'"),
]


@pytest.mark.parametrize("arguments, code, message", MISTAKES, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_mistakes_end_with_a_reason_and_a_code(arguments, code, message, classes, monkeypatch, capsys):
    monkeypatch.chdir(classes.parent)
    found, said = called(capsys, *arguments)
    assert found == code and message in said
    assert said.splitlines()[-1].startswith("fixntk")


TABLES = [
    ("", "line of names"),
    ("a,b\n", "got 0 samples"),
    ("a\n1\n", "at least two columns"),
    ("1,2\n3,4\n", "must begin with a line of column names; got 1, 2"),
    ("a,a\n1,2\n", "each differently; got a"),
    ("a,,y\n1,2,3\n", "each differently; got (empty)"),
    ("a,y\n1,2\n1,2,3\n", "must have 2 cells in every line; sample 2 has 3"),
    ("a,y\n1,inf\n2,0.5\n", "column 'y' must hold finite numbers; got 'inf'"),
    ("a,y\n1,-inf\n2,1\n3,0\n", "column 'y' must hold finite numbers; got '-inf'"),
    ("a,y\n1,7\n2,Infinity\n3,5\n", "column 'y' must hold finite numbers; got 'Infinity'"),
    ("a,y\ninf,0\n2,1\n", "column 'a' must hold finite numbers"),
    ("a,y\n1,\n2,\n", "missing in y (2)"),
    ("a,y\n1,u\n2,u\n", "at least two classes; got only 'u'"),
    ("a,y\n1,u\n2,v\n3,v\n", "class 'u' has 1"),
    ("a,y\n1,0.5\n2,0.1\n", "at least 20 rows for 5 folds"),
    (
        "a,y\n" + "".join(f"row{k},{k % 2}\n" for k in range(30)),
        "30 different words in 30 rows.*--drop 'a'.*mend 'row0'",
    ),
]


@pytest.mark.parametrize("text, message", TABLES, ids=lambda v: repr(v)[:24])
def test_tables_that_cannot_be_used_are_refused(text, message, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text(text)
    code, said = called(capsys, "compare", tmp_path / "bad.csv", "--target", "y", "--quiet")
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

    monkeypatch.setattr(cli, "compare", stop)
    assert called(capsys, "compare", classes, "--target", "open") == (1, "fixntk: stopped\n")
    monkeypatch.setattr(cli, "compare", surprise)
    assert called(capsys, "compare", classes, "--target", "open") == (1, "fixntk: ZeroDivisionError\n")
    with pytest.raises(ZeroDivisionError):
        cli.main(["compare", str(classes), "--target", "open", "--debug"])


CALLS = [
    (dict(task="ranking"), "task must be one of 'classification', 'regression'; got 'ranking'"),
    (dict(missing="drop"), "missing must be one of 'refuse', 'impute'; got 'drop'"),
    (dict(folds=1), "folds must be at least 2"),
    (dict(folds=2.5), "folds must be a whole number"),
    (dict(gates=0), "gates must be a whole number"),
    (dict(seed=-1), "seed must be a whole number from 0 to 2**32 - 1; got -1"),
    (dict(seed=2**32), "seed must be a whole number from 0 to 2**32 - 1; got 4294967296"),
    (dict(target="opne"), "did you mean 'open'"),
    (dict(drop="open"), "cannot be the target and be dropped"),
]


@pytest.mark.parametrize("change, message", CALLS, ids=lambda v: str(v) if isinstance(v, dict) else "")
def test_compare_from_python_refuses_with_value_errors(change, message, classes):
    with pytest.raises(ValueError, match=re.escape(message)):
        cli.compare(classes, **{"target": "open"} | change)


def test_results_that_cannot_be_written_are_refused_before_the_work(classes, monkeypatch, capsys):
    def refuse(**where):
        raise PermissionError(13, "Permission denied")

    def work(*args, **kwargs):
        raise AssertionError("the work began")

    monkeypatch.chdir(classes.parent)
    monkeypatch.setattr(uci, "TemporaryFile", refuse)
    monkeypatch.setattr(cli, "compare", work)
    monkeypatch.setattr(uci, "accuracy_table", work)
    for arguments in (["compare", "shops.csv", "--target", "open", "--out", "new/results"], ["table", "--out", "t.csv"]):
        code, said = called(capsys, *arguments)
        assert code == 2 and "out must be a file that can be written" in said and "Permission denied" in said
    assert sorted(path.name for path in classes.parent.iterdir()) == ["shops.csv"]


def test_without_matplotlib_the_scores_are_saved(classes, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    options = ["--folds", 2, "--gates", 10, "--quiet", "--out", classes.parent]
    code, said = called(capsys, "compare", classes, "--target", "open", *options)
    assert code == 0 and "needs matplotlib (pip install 'fixntk[cli]')" in said
    assert (classes.parent / "shops-compare.csv").exists() and not (classes.parent / "shops-compare.png").exists()


# ---- table


@pytest.fixture
def balloons(tmp_path, monkeypatch):
    "A folder with one set, made by hand, and a way to split it."
    rows = []
    for colour, size, act, age in itertools.product((1, 0), (0, 1), (1, 0), (1, 0)):
        rows.append([colour, size, act, age, int((colour and not size) or (act and age))])
    table = np.array(rows, float)
    table[:, :4] = (table[:, :4] - 0.5) / table[:, :4].std(axis=0, ddof=1)
    names = ["f1", "f2", "f3", "f4", "target"]
    write(tmp_path / "balloons.csv", dict(zip(names, table.T.tolist())))
    lists = [" ".join(map(str, np.arange(16)[half::2])) for half in (0, 1)]
    write(tmp_path / "SPLITS.csv", {"name": ["balloons"], "conxuntos_1": lists[:1], "conxuntos_2": lists[1:]})
    monkeypatch.setenv("FIXNTK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FIXNTK_UCI_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("FIXNTK_DATA", raising=False)
    return tmp_path


def test_table_writes_resumes_and_never_overwrites(balloons):
    arguments = ["table", "--data", balloons, "--sets", "balloons", "--out", "table1.csv", "--protocols", "printed"]
    done = shell(balloons, *arguments, "--quiet")
    assert done.returncode == 0, done.stderr
    assert "1 lines are in table1.csv" in done.stdout and "better, equal, worse" in done.stdout
    first = (balloons / "table1.csv").read_text()
    refused = shell(balloons, *arguments)
    assert refused.returncode == 2 and "table1.csv exists: add --resume" in refused.stderr
    assert (balloons / "table1.csv").read_text() == first
    more = shell(balloons, *arguments, "inferred", "--resume")
    assert more.returncode == 0, more.stderr
    _, rows = uci.read_table(balloons / "table1.csv")
    assert [row["protocol"] for row in rows] == ["inferred", "printed"]
    assert first.splitlines()[-1] in (balloons / "table1.csv").read_text()


def test_table_says_what_is_not_here(balloons, capsys):
    out = balloons / "none.csv"
    code, said = called(capsys, "table", "--sets", "blood", "--out", out)
    assert code == 1 and "blood cannot be read here: --data names a folder of CSVs" in said and not out.exists()


def test_table_without_tqdm_says_what_to_install(balloons, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    options = ["--data", balloons, "--sets", "balloons", "--protocols", "printed", "--out", balloons / "t.csv"]
    code, said = called(capsys, "table", *options)
    assert code == 1 and "tqdm, which is not installed: pip install 'fixntk[uci]'" in said
    assert not (balloons / "t.csv").exists()


# ---- help


@pytest.mark.parametrize("command", [[], ["compare"], ["table"]], ids=" ".join)
def test_help_names_every_option_and_the_exit_codes(command, tmp_path):
    done = shell(tmp_path, *command, "--help")
    assert done.returncode == 0
    assert "Exit codes: 0 done; 1" in " ".join(done.stdout.split())
    options = {"compare": "--target --task --drop --missing --folds --gates --seed --out --jobs --quiet --debug"}
    options["table"] = "--data --download --out --resume --sets --protocols --jobs --quiet --debug"
    for option in options[command[0]].split() if command else ["compare", "table", "--version"]:
        assert option in done.stdout
    assert shell(tmp_path, "--version").stdout.startswith("fixntk ")


def test_the_command_is_installed_under_its_name():
    [script] = {*importlib.metadata.entry_points(group="console_scripts", name="fixntk")}
    assert script.value == "fixntk.cli:main" and script.load() is cli.main
