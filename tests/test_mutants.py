"""The table of mutants: what was changed, and who noticed."""

import csv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_is_in_form():
    with (ROOT / "nbs" / "results" / "mutants.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 300
    assert len({tuple(row.values())[:5] for row in rows}) == len(rows)
    for row in rows:
        assert (ROOT / "fixntk" / f"{row['module']}.py").exists(), row
        assert row["before"] != row["after"], row
        noticed = row["killed_by"]
        assert (
            noticed in ("page", "nobody", "unasked")
            or (ROOT / "tests" / noticed).exists()
        ), row
    assert sum(row["killed_by"] == "page" for row in rows) >= 0.7 * len(rows)
