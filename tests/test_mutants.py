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
        assert noticed in ("page", "nobody") or (ROOT / "tests" / noticed).exists(), row
        assert (noticed == "nobody") == bool(row["reason"]), row
    shares = [
        sum(row["killed_by"] in by for row in rows) / len(rows)
        for by in (["page"], {row["killed_by"] for row in rows} - {"nobody"})
    ]
    assert shares[0] >= 0.9 and shares[1] >= 0.97
