"""Models that are kept, read again and asked: by the commands, as a user types them."""

import csv
import io

import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import answer_of

from fixntk import cli
from fixntk.asked import Asked
from fixntk.comparison import carry_out
from fixntk.comparison_plan import plan_from
from fixntk.frame_columns import columns_of
from fixntk.kept_models import TRUSTED, bundle_of, read_model, write_model
from fixntk.model_choice import models_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    "A table with words and gaps, and the models that three commands keep of it."
    place = tmp_path_factory.mktemp("kept")
    rng = np.random.default_rng(0)
    size = rng.standard_normal(90).round(2)
    shop = rng.choice(["north", "south", "=cmd"], 90)
    prize = np.where(size + (shop == "north") > 0.4, "None", "=1+1")
    cells = [
        ["" if k % 17 == 3 else str(x).replace(".", ",") for k, x in enumerate(size)]
    ]
    cells += [shop, prize, [f"{x:.3f}".replace(".", ",") for x in size**2 + 1]]
    lines = [";".join(row) for row in zip(*cells)]
    (place / "shops.csv").write_text("\n".join(["size;shop;prize;cost", *lines]))
    common = ["--missing", "impute", "--folds", "2", "--gates", "10", "--quiet"]
    for target, rest, name in (
        ("prize", ["--drop", "cost"], "prize.skops"),
        ("cost", ["--drop", "prize", "--model", "fully fixed"], "cost.skops"),
        ("prize", ["--drop", "cost", "--baselines", "none"], "prize.joblib"),
    ):
        given = ["compare", place / "shops.csv", "--target", target, *common, *rest]
        given += ["--out", place / name.replace(".", "-"), "--save", place / name]
        assert cli.main(list(map(str, given))) == 0
    return place


def test_answers_of_the_table_of_the_fit_are_those_of_the_pipeline(folder, capsys):
    code, out, _ = answer_of(
        capsys, "predict", folder / "cost.skops", folder / "shops.csv"
    )
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 90 and list(rows[0]) == ["row", "cost"]
    bundle = read_model(folder / "cost.skops")
    table = pd.read_csv(folder / "shops.csv", sep=";", decimal=",")
    expected = bundle["pipeline"].predict(table[["size", "shop"]])
    np.testing.assert_allclose([float(r["cost"]) for r in rows], expected, rtol=1e-12)
    assert bundle["model"] == "fully fixed" and bundle["pipeline"][-1].dual_gap_ <= 1e-6


def test_new_rows_with_points_unseen_words_and_other_columns(folder, capsys):
    new = folder / "new.csv"
    new.write_text("id,shop,size\na,north,0.5\nb,west,\nc,south,99.5\n")
    given = ["predict", folder / "prize.skops", new, "--out", folder / "out.csv"]
    code, out, err = answer_of(capsys, *given)
    assert code == 0 and "3 answers of" in out
    for words in ("left out: id", "'west' (1) not seen", "1 rows beyond", "size (1)"):
        assert words in err
    rows = list(csv.reader(open(folder / "out.csv")))
    assert rows[0] == ["row", "prize", "P(=1+1)", "P(None)"]
    assert {row[1] for row in rows[1:]} <= {"'=1+1", "None"}  # no formula
    for row in rows[1:]:
        assert abs(float(row[2]) + float(row[3]) - 1) < 1e-9
    assert answer_of(capsys, *given)[0] == 2  # what is there is not replaced unasked
    assert answer_of(capsys, *given, "--overwrite")[0] == 0


@pytest.mark.parametrize(
    "text, words",
    [
        ("shop,sise\nnorth,1\nnorth,2\n", "'size' is missing; is it 'sise'?"),
        ("shop,size\nnorth,big\nnorth,2\n", "got 'big' in row 1"),
        ("size\n1\n2\n", "at least two columns"),
    ],
)
def test_tables_that_do_not_fit_are_refused(text, words, folder, capsys):
    (folder / "bad.csv").write_text(text)
    code, _, err = answer_of(
        capsys, "predict", folder / "prize.skops", folder / "bad.csv"
    )
    assert code == 1 and words in err


def test_an_unseen_word_beside_two_counts_as_the_first(tmp_path, capsys):
    rng = np.random.default_rng(0)
    shop = rng.choice(["north", "south"], 60)
    lines = [
        f"{x:.2f},{s},{x + (s == 'north'):.2f}" for x, s in zip(rng.random(60), shop)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["x,shop,y", *lines]))
    given = ["compare", tmp_path / "t.csv", "--target", "y", "--folds", 2, "--quiet"]
    given += ["--gates", 9, "--baselines", "none", "--out", tmp_path]
    assert answer_of(capsys, *given, "--save", tmp_path / "m.skops")[0] == 0
    (tmp_path / "new.csv").write_text("x,shop\n0.5,north\n0.5,west\n0.5,\n")
    given = ["predict", tmp_path / "m.skops", tmp_path / "new.csv"]
    code, out, err = answer_of(capsys, *given, "--missing", "impute")
    assert code == 0 and "'west' (1), '(missing)' (1) not seen" in err
    assert "they count as 'north'" in err
    north, *others = (float(row["y"]) for row in csv.DictReader(io.StringIO(out)))
    np.testing.assert_allclose(others, north, rtol=1e-14)  # sums of one row and of two


def test_gaps_are_refused_where_the_fit_had_none(tmp_path, capsys):
    x = np.linspace(-2, 2, 40).round(3)
    lines = [f"{a},{b},{a * a + b:.3f}" for a, b in zip(x, x[::-1] % 1)]
    (tmp_path / "full.csv").write_text("\n".join(["a,b,y", *lines]))
    model = tmp_path / "m.skops"
    given = ["compare", tmp_path / "full.csv", "--target", "y", "--folds", 2]
    given += ["--gates", 10, "--out", tmp_path, "--quiet", "--save", model]
    assert answer_of(capsys, *given)[0] == 0
    (tmp_path / "gap.csv").write_text("a,b\n1,\n2,0.5\n")
    code, _, err = answer_of(capsys, "predict", model, tmp_path / "gap.csv")
    assert code == 1 and "values are missing in b (1), and the fit had none" in err
    given = ["predict", model, tmp_path / "gap.csv", "--missing", "impute"]
    assert answer_of(capsys, *given)[0] == 0


def test_info_says_what_a_model_is(folder, capsys):
    code, out, _ = answer_of(capsys, "info", folder / "cost.skops")
    assert code == 0
    for words in (
        "fully fixed, regression of 'cost', fitted to 90 rows",
        "made with numpy",
        "shop                     words    =cmd, north, south",
        "fit to all rows: relative duality gap",
        "Fixing the kernel changed the R^2",
        "settings:",
    ):
        assert words in out


def test_pickles_are_written_with_a_warning_and_read_on_request(folder, capsys):
    table = folder / "shops.csv"
    code, _, err = answer_of(capsys, "predict", folder / "prize.joblib", table)
    assert code == 2 and "may run any program when it is read" in err
    assert (
        answer_of(capsys, "predict", folder / "prize.joblib", table, "--trust")[0] == 0
    )
    with pytest.warns(UserWarning, match="only to people who trust you"):
        write_model(folder / "again.joblib", {"format": 1})


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"row,answer\n"])
def test_files_that_are_no_models_are_refused(content, tmp_path, capsys):
    (tmp_path / "m.skops").write_bytes(content)
    code, _, err = answer_of(capsys, "info", tmp_path / "m.skops")
    assert code == 1 and "is no model that skops has written" in err


def test_the_types_that_are_let_in_are_those_that_models_are_made_of():
    skops = pytest.importorskip("skops.io")
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.standard_normal(60), "w": rng.choice(list("uvw"), 60)})
    labels = np.where(X.x > 0.4, "p", np.where(X.w == "u", "q", "r"))
    numbers, found = (X.x**2 + (X.w == "u")).to_numpy(), set()
    rare = ("log-loss", labels), ("accuracy", labels), ("r2", numbers)
    for metric, y in rare:
        columns, target = columns_of(X, y)
        plan = plan_from(columns, Asked(target, folds=2, gates=9, metric=metric))
        done = {}
        for name in models_of(plan.settings):
            ended = carry_out(plan, done, lambda kept: 0, lambda fits, kept: fits, name)
            data = skops.dumps(bundle_of(ended, name))
            found |= set(skops.get_untrusted_types(data=data))
    assert found == TRUSTED


def test_types_that_no_model_is_made_of_are_refused(tmp_path, capsys):
    write_model(tmp_path / "m.skops", {"format": 1, "pipeline": joblib.Memory()})
    code, _, err = answer_of(capsys, "info", tmp_path / "m.skops")
    assert code == 1 and "Nothing of it was read" in err and "joblib" in err
    write_model(tmp_path / "n.skops", {"other": 1})
    code, _, err = answer_of(capsys, "info", tmp_path / "n.skops")
    assert code == 1 and "holds no model" in err


def test_places_and_names_are_checked_before_the_work(folder, capsys):
    given = ["compare", folder / "shops.csv", "--target", "prize"]
    code, _, err = answer_of(capsys, *given, "--save", folder / "m.pkl")
    assert code == 2 and ".skops, or .joblib" in err
    rest = ["--missing", "impute", "--model", "forest", "--out", folder / "x"]
    code, _, err = answer_of(capsys, *given, *rest)
    assert code == 2 and "--model must be one of majority class, logistic" in err
