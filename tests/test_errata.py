"""The list of errata and the map of the paper point at things that exist."""

import csv
import importlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from fixntk import captions, recount
from fixntk.masks import enumerate_masks
from fixntk.newton import solve

NBS = Path(__file__).resolve().parents[1] / "nbs"
PAPER = Path(__file__).resolve().parents[2] / "shared" / "paper.md"
ITEMS = (
    [f"({k})" for k in range(1, 29)]
    + [
        "Definition 2.1",
        "Lemma 2.2",
        "Lemma 2.3",
        "Lemma 3.1",
        "Definition 4.1",
        "Lemma 4.2",
        "Theorem 4.3",
        "Theorem 5.1",
    ]
    + [
        "Corollary 5.2",
        "Remark 5.3",
        "Theorem 6.1",
        "Lemma A.1",
        "Algorithm 1",
        "Figure 1",
        "Figure 2",
        "Table 1",
    ]
    + [f"Appendix {letter}" for letter in "BCDE"]
)


def source(name):
    return "\n".join(
        "".join(cell["source"])
        for cell in json.loads((NBS / f"{name}.ipynb").read_text())["cells"]
    )


def table(text):
    rows = [
        re.split(r"(?<!\\)\|", line.strip().strip("|"))
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [
        [entry.strip() for entry in row]
        for row in rows
        if not set("".join(row)) <= set("- ")
    ]


MAP = table((NBS / "paper_map.md").read_text())[1:]
with open(NBS / "results" / "errata.csv", newline="") as file:
    ERRATA = list(csv.DictReader(file))


def test_map_lists_every_item_once():
    assert [row[0] for row in MAP] == ITEMS


@pytest.mark.parametrize("row", MAP, ids=lambda row: row[0])
def test_map_row_is_full_and_points_at_things_that_exist(row):
    item, what, chapter, functions, status = row
    assert what and status
    number, target = re.fullmatch(r"\[(\d+)\]\((\d+_\w+)\.ipynb\)", chapter).groups()
    assert (
        int(number) == int(target.split("_")[0]) and (NBS / f"{target}.ipynb").exists()
    )
    names = re.findall(r"\{py:obj\}`~fixntk\.(\w+)\.(\w+)`", functions)
    assert names and len(names) == functions.count("{")
    for module, name in names:
        assert name in importlib.import_module(f"fixntk.{module}").__all__
    for number in re.findall(r"\d+", status.partition("errat")[2]):
        assert 1 <= int(number) <= len(ERRATA)


def test_map_names_every_erratum():
    named = set()
    for row in MAP:
        for first, last in re.findall(
            r"(\d+)(?: to (\d+))?", row[4].partition("errat")[2]
        ):
            named.update(range(int(first), int(last or first) + 1))
    assert named == {int(row["number"]) for row in ERRATA}


@pytest.mark.parametrize("row", ERRATA, ids=lambda row: row["where"])
def test_erratum_is_full_and_its_label_exists(row):
    assert all(value.strip() for value in row.values())
    text = source(row["chapter"])
    assert re.search(rf"label: {row['label']}$|\({row['label']}\)", text, re.M)


def test_page_and_list_have_the_same_entries():
    page = [row for row in table(source("20_errata")) if row[0].isdigit()]
    assert [(row[0], row[1], row[4]) for row in page] == [
        (row["number"], row["where"], row["severity"]) for row in ERRATA
    ]
    for row in page:
        assert f"({re.search(r'#(errata-[a-z0-9-]+)', row[2])[1]})=" in source(
            "20_errata"
        )


@pytest.mark.skipif(
    not PAPER.exists(), reason="no text of the paper beside the repository"
)
@pytest.mark.parametrize("row", ERRATA, ids=lambda row: row["number"])
def test_the_quoted_words_stand_in_the_paper(row):
    assert row["quote"] in PAPER.read_text(encoding="utf-8")


def test_an_entry_says_how_much_it_matters_what_it_assumes_and_what_was_tried():
    assert list(ERRATA[0]) == (
        "number kind severity where printed quote found effect reading tried chapter label".split()
    )
    assert {row["severity"] for row in ERRATA} == {"low", "medium", "high"}
    for row in ERRATA:
        if (
            row["kind"] == "factor of two"
            or row["kind"] == "figure"
            and row["severity"] == "high"
        ):
            assert "lambda = 0.1" in row["tried"]


def test_a_mask_can_lengthen_a_sum():
    rows, noise = np.array([[1.0], [1.0]]), np.array([1.0, -1.0])
    first = np.array([1.0, 0.0])
    assert abs((first * noise) @ rows)[0] == 1 and abs(noise @ rows)[0] == 0


def test_masks_of_rank_three_grow_like_the_square():
    rng, sizes = np.random.default_rng(3), (25, 50, 100)
    counts = [enumerate_masks(rng.standard_normal((n, 3))).p for n in sizes]
    slopes = np.diff(np.log(counts)) / np.log(2)
    assert np.all(np.abs(slopes - 2) < 0.1)


def test_the_program_without_cones_is_not_called_the_ReLU_network():
    third, dual = ERRATA[2], ERRATA[26]
    assert (
        "from below" in third["found"]
        and "gated" in third["found"]
        and "2.373" in third["effect"]
    )
    assert "(23)" in dual["found"] and dual["where"].startswith("Appendix C")


def test_the_nearest_of_all_optima_does_not_depend_on_the_one_that_is_found(
    monkeypatch,
):
    rows, rng = [recount.strength_row(21, "0.1")], np.random.default_rng(0)

    def from_elsewhere(problem, tol):
        return solve(problem, tol=tol, weights=rng.random(problem.design.p))

    monkeypatch.setattr(captions, "solve", from_elsewhere)
    rows += [recount.strength_row(21, "0.1") for _ in range(3)]
    distance, nearest = (
        [row[name] for row in rows] for name in ("distance", "nearest")
    )
    assert max(distance) > 2 * min(distance)  # another optimum, another function
    np.testing.assert_allclose(nearest, nearest[0], rtol=1e-4)
    assert min(distance) >= nearest[0] * (1 - 1e-4)


def test_each_table_of_matches_keeps_both_distances():
    table = recount.read_table(NBS / "results" / "errata_strengths.csv")
    for row in table:
        assert float(row["nearest"]) <= float(row["distance"]) * (1 + 1e-5)
    one = recount.read_table(NBS / "results" / "figures_one.csv")
    for row in one:
        assert float(row["nearest"]) <= float(row["decomposed"]) * (1 + 1e-5)
