"""Tables as they come: read without help, and nothing changed or guessed without a word."""

import gzip
import importlib.util
import io
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fixntk import cli, column_kinds, comparison_plan, giveaways, table_reading
from fixntk.asked import Asked
from fixntk.table_features import feature_table, target_and_task
from fixntk.table_reading import Reading

pandas = pytest.importorskip("pandas")


def read(path, content, **how):
    "The columns of a file with this content, decided."
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    table = table_reading.read_table(path, Reading(**how))
    return table, column_kinds.decided(table)[0]


def kinds(columns):
    return {name: column.kind for name, column in columns.items()}


def planned(path, target, *, task=None, drop=(), missing="impute", folds=2, **how):
    "A plan for this file, and what was warned of."
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        asked = Asked(
            target, task, tuple(drop), how.pop("keep", ()), missing, folds, gates=10
        )
        plan = comparison_plan.make_plan(path, asked, **how)
    return plan, " | ".join(str(one.message) for one in said)


# ---- every kind of file

PLAIN = "a,word,y\n1,x,0.5\n2,y,1.5\n3,x,2.5\n"
N, W = "numbers", "words"
READ = {  # content, options, names and kinds, rows
    "commas": (PLAIN, {}, {"a": N, "word": W, "y": N}, 3),
    "tabs": (PLAIN.replace(",", "\t"), {}, {"a": N, "word": W, "y": N}, 3),
    "bars": (PLAIN.replace(",", "|"), {}, {"a": N, "word": W, "y": N}, 3),
    "blanks": ("  a   b\n 1  2.5\n10 3\n", {}, {"a": N, "b": N}, 2),
    "blanks, said": ("a b\n1 2\n3 4\n", {"sep": "blanks"}, {"a": N, "b": N}, 2),
    "gz": (gzip.compress(PLAIN.encode()), {}, {"a": N, "word": W, "y": N}, 3),
    "separators in names": (
        '"Height, cm";"Weight, kg"\n38,0;-1,2\n1,5;2,5\n',
        {},
        {"Height, cm": N, "Weight, kg": N},
        2,
    ),
    "other separators in a name": (
        '"a;b;c;d",x,t\n1,2,3\n4,5,6\n',
        {},
        {"a;b;c;d": N, "x": N, "t": N},
        2,
    ),
    "decimal commas in quotes": ('a,b\n"38,0",1\n"-1,2",2\n', {}, {"a": N, "b": N}, 2),
    "thousands": ('a,b\n"1,234.5",1\n"12,345.0",2\n', {}, {"a": N, "b": N}, 2),
    "thousands in decimal commas": ("a;b\n1.234,5;1\n12,5;2\n", {}, {"a": N, "b": N}, 2),
    "no names": ("5.1,3.5,u\n4.9,3.0,v\n", {}, {"column1": N, "column2": N, "column3": W}, 2),
    "no names, said": ("a,b\nc,d\n", {"header": False}, {"column1": W, "column2": W}, 2),
    "words without names": (
        "p,x,s\ne,x,s\np,x,t\ne,y,t\n",
        {},
        {"column1": W, "column2": W, "column3": W},
        4,
    ),
    "years as names": ("town,1990,1991\nu,3,4\nv,5,6\n", {}, {"town": W, "1990": N, "1991": N}, 2),
    "numbers as names": ("0,1,2\n5.1,3,9\n4.2,2,8\n", {}, {"0": N, "1": N, "2": N}, 2),
    "sizes in the first line": (
        "150,4,setosa\n5.1,3.5,0\n6,2,1\n",
        {},
        {"150": N, "4": N, "setosa": N},
        2,
    ),
    "an unnamed first column": (",a,y\n1,3,4\n2,5,6\n", {}, {"a": N, "y": N}, 2),
    "R's row names": ('"a" "y"\n"u" 3 4\n"v" 5 6\n', {}, {"a": N, "y": N}, 2),
    "an index": (PLAIN, {"index": "word"}, {"a": N, "y": N}, 3),
    "comments": ("# by hand, 2020\n#\na,b\n1,2\n# end\n3,4\n", {}, {"a": N, "b": N}, 2),
    "a cell that begins like a comment": ("a,b\n#N/A,2\n3,4\n", {}, {"a": N, "b": N}, 2),
    "separators at the ends of lines": ("a,b\n1,2,\n3,4,\n", {}, {"a": N, "b": N}, 2),
    "latin": ("größe,b\n1,2\n3,4\n".encode("latin-1"), {"encoding": "latin-1"}, {"größe": N, "b": N}, 2),
    "utf-16": ("a,b\n1,2\n3,4\n".encode("utf-16"), {"encoding": "utf-16"}, {"a": N, "b": N}, 2),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_files_are_read_without_help(case, tmp_path):
    content, how, found, rows = READ[case]
    table, columns = read(tmp_path / "table.csv", content, **how)
    assert kinds(columns) == found and len(table.frame) == rows
    assert all(len(column.cells) == rows for column in columns.values())


def test_marks_of_decimals_and_thousands_are_understood(tmp_path):
    for text, values in (
        ("a;b\n38,0;1\n-1,2;2\n", [38, -1.2]),
        ('a,b\n"1,234.5",1\n"12,345.0",2\n', [1234.5, 12345]),
        ("a;b\n1.234,5;1\n12,5;2\n", [1234.5, 12.5]),
        ("a;b\n1 234;1\n12'345.5;2\n", [1234, 12345.5]),
    ):
        _, columns = read(tmp_path / "n.csv", text)
        assert [float(cell) for cell in columns["a"].cells] == values


def test_zip_is_unpacked(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("inner.csv", PLAIN)
    assert len(read(tmp_path / "t.zip", file.getvalue())[0].frame) == 3
    with zipfile.ZipFile(file, "a") as packed:
        packed.writestr("other.csv", PLAIN)
    with pytest.raises(ValueError, match="must hold one file; got 2: inner.csv, other"):
        read(tmp_path / "t.zip", file.getvalue())


@pytest.mark.parametrize("kind", ["parquet", "feather", "xlsx"])
def test_typed_files_are_read_as_the_csv_is(kind, tmp_path):
    pytest.importorskip("openpyxl" if kind == "xlsx" else "pyarrow")
    frame = pandas.DataFrame(
        {"a": [1.0, None, 3.0], "code": ["007", "010", "NA"], "y": [0.5, 1.5, 2.0]}
    )
    path = tmp_path / f"t.{kind}"
    if kind == "xlsx":
        with pandas.ExcelWriter(path) as book:
            frame.to_excel(book, index=False, sheet_name="first")
            frame.iloc[:2].to_excel(book, index=False, sheet_name="second")
        assert len(table_reading.read_table(path, Reading(sheet="second")).frame) == 2
    else:
        getattr(frame, f"to_{kind}")(path)
    columns = column_kinds.decided(table_reading.read_table(path))[0]
    assert kinds(columns) == {"a": N, "code": W, "y": N}
    assert columns["code"].cells == ["007", "010", "NA"]
    assert columns["a"].cells[1] is None and columns["a"].gaps == {"empty": 1}


def test_gaps_among_whole_numbers_and_flags_of_pandas_are_gaps(tmp_path):
    pytest.importorskip("pyarrow")
    whole = pandas.Series([1, None, 3], dtype="Int64")
    flags = pandas.Series([True, None, False], dtype="boolean")
    path = tmp_path / "t.parquet"
    pandas.DataFrame({"a": whole, "b": flags, "y": [0.5, 1.5, 2.0]}).to_parquet(path)
    frame = table_reading.read_table(path).frame
    assert frame["a"].tolist() == ["1", None, "3"]
    assert frame["b"].tolist() == ["True", None, "False"]


def test_standard_input_is_read(monkeypatch):
    stream = type("Stream", (), {"buffer": io.BytesIO(PLAIN.encode())})
    monkeypatch.setattr(sys, "stdin", stream)
    assert len(table_reading.read_table("-").frame) == 3


def test_without_pandas_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install 'fixntk\[cli\]'"):
        read(tmp_path / "t.csv", PLAIN)


# ---- never silent


def table_of(*columns, rows=40):
    lines = (",".join(str(column(k)) for column in columns) for k in range(rows))
    return "a,y\n" + "\n".join(lines) + "\n"


REFUSED = {
    "a quote that is not closed": (table_of(lambda k: '"x' if k == 20 else k, lambda k: k % 2), "line 22"),
    "two that open a quote 30 rows apart": (
        table_of(lambda k: '"x' if k in (5, 35) else k, lambda k: k % 2),
        "line 7",
    ),
    "a comma that may be either": ('a;y\n1,234;1\n2,345;2\n', "'a' holds '1,234'.*--decimal"),
    "both marks in a column": ('a;y\n1,5;1\n1.5;2\n', "'a' mixes decimal commas"),
    "two marks in a table": ('a;y\n1,5;1.5\n2,5;2.5\n', "'a' has decimal commas and column 'y'"),
    "no such index": (PLAIN, "column of --index; got 'no'", dict(index="no")),
    "a separator of two": (PLAIN, "--sep must be one character", dict(sep="::")),
    "an unknown encoding": (PLAIN, "must be text in klingon", dict(encoding="klingon")),
    "half a zip": (b"PK\x03\x04half", "cannot be unpacked"),
    "half a gz": (gzip.compress(PLAIN.encode())[:20], "cannot be unpacked"),
    "a file like Parquet": (b"PAR1" + b"x" * 50, "is no parquet that pandas reads"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_in_words(case, tmp_path):
    content, words, *how = REFUSED[case]
    if "Parquet" in case:
        pytest.importorskip("pyarrow")
    with pytest.raises(ValueError, match=words):
        read(tmp_path / "bad.csv", content, **(how[0] if how else {}))


@pytest.mark.parametrize(
    "words", [["18_25", "26_35"], ["1E2", "ab"], ["007", "012"], ["01", "1"], ["None", "NA", "Null"]]
)  # fmt: skip
def test_words_stay_words(words, tmp_path):
    cells = (words * 20)[:24]
    text = "y;a\n" + "".join(f"{word};{k}\n" for k, word in enumerate(cells))
    _, columns = read(tmp_path / "w.csv", text)
    assert columns["y"].kind == W and columns["y"].cells == cells
    y, task = target_and_task("y", columns["y"].cells, None, words=True)
    assert task == "classification" and set(y) == set(words)
    _, columns = read(tmp_path / "w.csv", text, na=(words[0],))
    assert columns["y"].cells[0] is None and columns["y"].gaps[words[0]] > 1


def test_a_word_that_may_be_a_gap_is_named(tmp_path):
    _, columns = read(tmp_path / "w.csv", "a,y\nNA,1\nEU,2\nEU,3\n")
    assert columns["a"].cells[0] == "NA" and "--na NA" in columns["a"].notes[0]


@pytest.mark.parametrize("gap", [".", "-", "#N/A", "<NA>", "-999", "NA", "?", "nan"])
def test_gaps_among_numbers_are_gaps_and_said(gap, tmp_path):
    path = tmp_path / "g.csv"
    rows = [f"{gap if k == 3 else k * k % 31},{k % 2}" for k in range(30)]
    path.write_text("\n".join(["a,y", *rows]))
    plan, said = planned(path, "y")
    assert plan.frame.loc[3].isna().all() and plan.frame.isna().sum().sum() == 1
    assert f"read as gaps in a: {gap} (1)" in said
    rows[5] = f",{rows[5][-1]}"  # an empty cell beside it
    path.write_text("\n".join(["a,y", *rows]))
    plan, said = planned(path, "y")
    assert plan.frame.isna().sum().sum() == 2 and f"in a: {gap} (1)" in said


def test_a_code_for_a_gap_among_numbers_as_small_is_a_number(tmp_path):
    _, columns = read(tmp_path / "g.csv", "a,y\n-999,1\n-800,2\n-1200,3\n")
    assert None not in columns["a"].cells


@pytest.mark.parametrize(
    "group", [[">50K", ">50K."], ["yes", "Yes", "YES"], ["new york", "New-York"]]
)
def test_likely_twins_are_named(group, tmp_path):
    path = tmp_path / "t.csv"
    words = (group + ["other"]) * 12
    path.write_text(
        "\n".join(["a,y", *(f"{k * k % 31},{w}" for k, w in enumerate(words))])
    )
    plan, said = planned(path, "y")
    assert all(repr(word) in said for word in group) and "one word, written" in said
    assert len(set(plan.y)) == len(group) + 1  # nothing is merged


def test_counts_are_named(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("\n".join(["a,y", *(f"{k * k % 31},{k % 5}" for k in range(60))]))
    plan, said = planned(path, "y")
    assert plan.task == "classification" and "--task regression" in said
    plan, said = planned(path, "y", task="regression")
    assert plan.task == "regression" and "--task" not in said
    path.write_text("\n".join(["a,y", *(f"{k * k % 31},{k // 50}" for k in range(51))]))
    with pytest.raises(ValueError, match="class '1' has 1.*--task regression"):
        planned(path, "y")


def test_numbers_with_mistakes_are_no_classes(tmp_path):
    path = tmp_path / "m.csv"
    rows = [f"{k * k % 31},{'12 a' if k == 7 else k * 1.5}" for k in range(40)]
    path.write_text("\n".join(["a,y", *rows]))
    with pytest.raises(ValueError, match="'y' holds 40 different words.*Mend '12 a'"):
        planned(path, "y")


# ---- columns that give the answer away


@pytest.mark.parametrize("kind", ["numbers", "names", "dates"])
def test_row_names_of_a_sorted_table_are_left_out(kind, tmp_path):
    rng = np.random.default_rng(0)
    start = np.datetime64("2020-01-01")
    name = {
        "numbers": lambda k: k + 1,
        "names": lambda k: f"id{k:03}",
        "dates": lambda k: start + k,
    }[kind]
    path = tmp_path / "sorted.csv"
    rows = [f"{name(k)},{x:.3f},{'abc'[k // 20]}" for k, x in enumerate(rng.random(60))]
    path.write_text("\n".join(["row,x,y", *rows]))
    plan, said = planned(path, "y")
    assert plan.width == 1 and "row gives the answer away" in said
    assert "--keep 'row'" in said
    plan, said = planned(path, "y", keep=["row"])
    assert plan.width > 1 and "gives the answer" not in said
    path.write_text("\n".join(["row,x,y", *rng.permutation(rows)]))
    assert "gives the answer away" not in planned(path, "y")[1]


def test_copies_stay_in_one_fold(tmp_path):
    path = tmp_path / "thrice.csv"
    rng = np.random.default_rng(0)
    rows = [f"{x:.4f},{'ab'[k % 2]}" for k, x in enumerate(rng.random(40))]
    path.write_text("\n".join(["x,y", *rows * 3]))
    plan, said = planned(path, "y")
    assert "80 rows are copies" in said and "same fold" in said
    told = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        how = dict(folds=2, gates=5, progress=told.append)
        found = cli.compare(path, "y", **how).scores
    assert found.mean().max() < 0.8  # noise: 1.0 before
    assert "x" in "".join(told) and "a (60), b (60)" in "".join(told)


def test_a_constant_and_a_lopsided_target_are_said(tmp_path):
    path = tmp_path / "one.csv"
    rows = [
        f"{k * k % 1009},7,{'rare' if k % 100 == 0 else 'usual'}" for k in range(500)
    ]
    path.write_text("\n".join(["x,c,y", *rows]))
    plan, said = planned(path, "y")
    assert "c does not vary and was left out" in plan.notes
    assert "99.0% of the rows are of class 'usual'" in said


def test_order_is_noticed_as_often_as_it_should_be():
    rng, cells = np.random.default_rng(1), [str(k % 3) for k in range(90)]
    found = [
        giveaways.order_predicts(list(rng.permutation(cells)), False)
        for _ in range(300)
    ]
    assert np.mean(found) <= 0.01


# ---- what is said before any fit


def test_what_was_understood_is_said_and_changes_also_when_quiet(tmp_path, capsys):
    path = tmp_path / "said.csv"
    words = ["north", "south", "?"] * 20
    rows = [f"{k};{k * k % 61},5;{w};{'ab'[k // 30]}" for k, w in enumerate(words)]
    path.write_text("\n".join([";x;shop;y", *rows]))
    given = [
        "compare",
        str(path),
        "--target",
        "y",
        "--missing",
        "impute",
        "--folds",
        "2",
    ]
    given += ["--gates", "5", "--out", str(tmp_path)]
    assert cli.main(given) == 0
    said = capsys.readouterr()
    for words in (
        "60 rows, 4 input columns; classification of 'y'",
        "separator semicolon; names from line 1; decimal comma",
        "numbers  e.g. 0.5",
        "words    north (20), south (20); 20 gaps",
        "words    a (30), b (30)  <- target",
        "shop became 3 words, one-hot",
    ):
        assert words in said.out
    assert cli.main([*given, "--quiet", "--overwrite"]) == 0
    quiet = capsys.readouterr()
    assert "the first column has no name: left out" in quiet.err
    assert "read as gaps in shop: ? (20)" in quiet.err
    assert "separator" not in quiet.out


def test_features_refuse_a_column_both_dropped_and_kept(tmp_path):
    _, columns = read(tmp_path / "t.csv", PLAIN)
    with pytest.raises(ValueError, match="cannot be dropped and kept"):
        feature_table(columns, "y", None, ["a"], False, ["a"])


# ---- tables of installed packages: rows, and columns of numbers, words and dates

FOUND = """
statsmodels/datasets/anes96/anes96.csv 944 10 0 0
statsmodels/datasets/anes96/src/anes96.csv 944 11 0 0
statsmodels/datasets/cancer/cancer.csv 301 2 0 0
statsmodels/datasets/ccard/ccard.csv 72 5 0 0
statsmodels/datasets/ccard/src/ccard.csv 100 7 0 0
statsmodels/datasets/china_smoking/china_smoking.csv 8 4 1 0
statsmodels/datasets/co2/co2.csv 2284 2 0 0
statsmodels/datasets/committee/committee.csv 20 6 1 0
statsmodels/datasets/copper/copper.csv 25 7 0 0
statsmodels/datasets/copper/src/copper.dat 25 7 0 0
statsmodels/datasets/cpunish/cpunish.csv 17 7 1 0
statsmodels/datasets/cpunish/src/cpunish.dat 17 13 1 0
statsmodels/datasets/danish_data/data.csv 55 5 1 0
statsmodels/datasets/elec_equip/elec_equip.csv 257 1 1 0
statsmodels/datasets/elnino/elnino.csv 61 13 0 0
statsmodels/datasets/engel/engel.csv 235 2 0 0
statsmodels/datasets/fair/fair.csv 6366 9 0 0
statsmodels/datasets/fair/fair_pt.csv 601 11 0 0
statsmodels/datasets/fertility/fertility.csv 219 54 4 0
statsmodels/datasets/grunfeld/grunfeld.csv 220 4 1 0
statsmodels/datasets/grunfeld/src/grunfeld.csv 220 4 1 0
statsmodels/datasets/heart/heart.csv 69 3 0 0
statsmodels/datasets/interest_inflation/E6.csv 107 4 0 0
statsmodels/datasets/interest_inflation/E6_jmulti.csv 107 2 0 0
statsmodels/datasets/longley/longley.csv 16 8 0 0
statsmodels/datasets/macrodata/macrodata.csv 203 14 0 0
statsmodels/datasets/modechoice/modechoice.csv 840 9 0 0
statsmodels/datasets/modechoice/src/TableF18-2.csv 840 7 0 0
statsmodels/datasets/nile/nile.csv 100 2 0 0
statsmodels/datasets/randhie/randhie.csv 20190 10 0 0
statsmodels/datasets/randhie/src/randhie.csv 20190 45 0 0
statsmodels/datasets/scotland/scotvote.csv 32 8 1 0
statsmodels/datasets/scotland/src/scotvote.csv 32 42 0 0
statsmodels/datasets/scotland/src/scotvote.dat 32 42 0 0
statsmodels/datasets/spector/spector.csv 32 5 0 0
statsmodels/datasets/stackloss/stackloss.csv 21 4 0 0
statsmodels/datasets/star98/src/star.bi.dat 303 17 0 0
statsmodels/datasets/star98/src/star98.dat 303 79 2 0
statsmodels/datasets/star98/star98.csv 303 22 0 0
statsmodels/datasets/statecrime/statecrime.csv 51 7 1 0
statsmodels/datasets/strikes/strikes.csv 62 2 0 0
statsmodels/datasets/sunspots/src/sunspots_yearly.dat 309 2 0 0
statsmodels/datasets/sunspots/sunspots.csv 309 2 0 0
matplotlib/mpl-data/sample_data/Stocks.csv 524 10 0 1
matplotlib/mpl-data/sample_data/data_x_x2_x3.csv 11 3 0 0
matplotlib/mpl-data/sample_data/msft.csv 65 6 1 0
plotly/package_data/datasets/carshare.csv.gz 249 4 0 0
plotly/package_data/datasets/election.csv.gz 58 5 3 0
plotly/package_data/datasets/experiment.csv.gz 100 3 2 0
plotly/package_data/datasets/gapminder.csv.gz 1704 7 3 0
plotly/package_data/datasets/iris.csv.gz 150 5 1 0
plotly/package_data/datasets/medals.csv.gz 3 3 1 0
plotly/package_data/datasets/stocks.csv.gz 105 6 0 1
plotly/package_data/datasets/tips.csv.gz 244 3 4 0
plotly/package_data/datasets/wind.csv.gz 128 1 2 0
sklearn/datasets/data/diabetes_data_raw.csv.gz 442 10 0 0
sklearn/datasets/data/digits.csv.gz 1797 65 0 0
sklearn/datasets/data/iris.csv 150 5 0 0
sklearn/datasets/data/linnerud_exercise.csv 20 3 0 0
sklearn/datasets/data/linnerud_physiological.csv 20 3 0 0
""".split("\n")[1:-1]


@pytest.mark.parametrize("line", FOUND, ids=lambda line: line.split()[0])
def test_tables_of_installed_packages_are_read_without_help(line):
    place, *counts = line.split()
    path = package_file(place)
    table = table_reading.read_table(path)
    found = list(kinds(column_kinds.decided(table)[0]).values())
    seen = [len(table.frame), *(found.count(kind) for kind in (N, W, "dates"))]
    assert seen == list(map(int, counts))


def package_file(place):
    "The path of a file of a package, which is not imported; skips where it is absent."
    package, _, inside = place.partition("/")
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).parent / inside if spec and spec.origin else None
    if path is None or not path.exists():
        pytest.skip(f"{place} is not installed")
    return path


NO_TABLES = [
    (
        "sklearn/datasets/data/breast_cancer.csv",
        "line 1 has 4 cells and the lines below",
    ),
    ("sklearn/datasets/data/wine_data.csv", "line 1 has 5 cells and the lines below"),
    ("sklearn/datasets/data/diabetes_target.csv.gz", "at least two columns"),
    ("statsmodels/datasets/co2/src/maunaloa_c.dat", "line 2 has 9"),
    ("statsmodels/datasets/elnino/src/elnino.dat", "each differently; got ANOM"),
    ("statsmodels/datasets/scotland/src/scotland_population.csv", "begins on line 3"),
]


@pytest.mark.parametrize("place, words", NO_TABLES)
def test_files_of_packages_that_are_no_tables_are_refused(place, words):
    with pytest.raises(ValueError, match=words):
        table_reading.read_table(package_file(place))


@pytest.mark.parametrize("starts", [True, False])
def test_a_package_that_does_not_start_is_not_called_missing(
    starts, tmp_path, monkeypatch
):
    "pyarrow 26 installs beside NumPy 1 and refuses to start; pandas calls that missing."
    (tmp_path / "pyarrow.py").write_text(
        "" if starts else "raise ImportError('pyarrow requires NumPy 2.0 or newer')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in [one for one in sys.modules if one.split(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    said = table_reading._unreadable("parquet", ImportError("no engine"))
    assert ("installed and does not start: pyarrow requires NumPy 2" in said) != starts
    assert ("needs another package" in said and "no engine" in said) == starts
