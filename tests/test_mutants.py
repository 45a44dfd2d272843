"""The changes that `mutants.py` makes, and the form of its table."""

import csv
from collections import Counter

import mutants
import pytest

CELL = """#| export
def part(x: float = 1.0, progress=None) -> "float | None":
    "Takes 1 + 1."
    if x < 0:
        raise ValueError(f"x must be at least {0 + 0}")
    return max(x - 1, 2) if x and not progress else True
"""


def test_what_is_changed_and_what_is_left_alone():
    found = list(mutants.mutants_of("page", 3, CELL))
    assert Counter(mutant.kind for mutant in found) == {
        "constant": 4,  # the default, 0, 1 and 2; not the docstring nor the message
        "boolean": 3,
        "comparison": 1,
        "min/max": 1,
        "operator": 1,
    }
    changes = {(mutant.before, mutant.after) for mutant in found}
    assert ("max(x - 1, 2)", "max(x + 1, 2)") in changes
    assert all(before != after for before, after in changes)
    assert len({mutant.key for mutant in found}) == len(found)


def test_the_same_seed_chooses_the_same_mutants():
    few, more = mutants.chosen(1, 0), mutants.chosen(300, 0)
    assert few.keys() == more.keys() and mutants.chosen(1, 1) != few
    for module, found in few.items():
        assert found == more[module][: len(found)] and len(found) <= 2
        assert len(found) == 2 or len(more[module]) == 1


@pytest.mark.skipif(not mutants.TABLE.exists(), reason="make mutants writes it")
def test_the_table_is_whole():
    with mutants.TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == mutants.COLUMNS and len(rows) >= 300
    assert len({tuple(row[name] for name in mutants.KEY) for row in rows}) == len(rows)
    named = {path.name for path in (mutants.ROOT / "tests").glob("*.py")}
    assert {row["killed_by"] for row in rows} <= named | {"page", "nobody"}
    assert all(row["reason"] for row in rows if row["killed_by"] == "nobody")
    assert {row["module"] for row in rows} == set(mutants.chosen(1, 0))
