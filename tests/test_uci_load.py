"""The sets of Table 1: from CSVs, from raw files served on loopback, and refused when a byte is wrong."""

import csv
import hashlib
import io
import os
import re
import shutil
import sys
import threading
import urllib.parse
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from fixntk import archive as archive_page
from fixntk.recipes import all_recipes, checked_table, parse_table, recipe_of
from fixntk.uci import available, load

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "uci"
TABLES = Path(os.environ.get("FIXNTK_DATA", BESIDE))
RAW = TABLES.with_name("uci_raw")
NAMES = list(all_recipes())
FROM_UCI = [name for name in NAMES if "file" in recipe_of(name)]
FAULTY = [name for name in NAMES if "corrected" in recipe_of(name)]
VARIANTS = [(name, False) for name in NAMES] + [(name, True) for name in FAULTY]

needs_data = pytest.mark.skipif(
    not (TABLES.exists() and RAW.exists()),
    reason="no shared/data beside the repository, and none named by FIXNTK_DATA",
)


def manifest():
    with open(TABLES / "MANIFEST.csv", newline="") as rows:
        return {row["name"]: row for row in csv.DictReader(rows)}


def stem(name, corrected):
    return name + "__corrected" * corrected


def compressed(text):
    "A .Z file of single bytes: codes of nine bits, and the table cleared (code 256) before it would need ten."
    codes = np.array(
        [
            code
            for start in range(0, len(text), 199)
            for code in [*text[start : start + 199], 256]
        ]
    )
    return (
        b"\x1f\x9d\x90"
        + np.packbits(codes[:, None] >> np.arange(9) & 1, bitorder="little").tobytes()
    )


def packed(name, text):
    "The bytes as the archive offers them: as they are, in a zip, or as a .Z file."
    recipe = recipe_of(name)
    if recipe["file"].endswith(".zip"):
        box = io.BytesIO()
        with zipfile.ZipFile(box, "w") as archive:
            archive.writestr(recipe["member"], text)
        return box.getvalue()
    return compressed(text) if recipe["file"].endswith(".Z") else text


def raw_file(name):
    recipe = recipe_of(name)
    return (
        RAW / name / recipe.get("member", Path(recipe["file"]).name.removesuffix(".Z"))
    ).read_bytes()


@pytest.fixture
def archive(tmp_path, monkeypatch):
    "An archive on loopback that offers what is put into its dict, and a cache of its own; it writes down who asked."
    contents, asked = {}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = urllib.parse.unquote(self.path).lstrip("/")
            asked.append((self.command, path))
            self.send_response(200 if path in contents else 404)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(contents.get(path, b""))

        do_HEAD = do_GET

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("FIXNTK_UCI_URL", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("FIXNTK_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("FIXNTK_DATA", raising=False)
        contents_and_log = type(
            "Served",
            (),
            {"contents": contents, "asked": asked, "cache": tmp_path / "cache"},
        )
        yield contents_and_log
        server.shutdown()


def offer(archive, name, text):
    archive.contents[recipe_of(name)["file"]] = packed(name, text)


def assert_as_printed(X, y, name, corrected=False):
    "Equal to the CSV in every digit printed there: six, in the repairs nine."
    table = np.loadtxt(
        TABLES / f"{stem(name, corrected)}.csv", delimiter=",", skiprows=1
    )
    np.testing.assert_allclose(
        X, table[:, :-1], rtol=5.01e-9 if corrected else 5.01e-6, atol=1e-12
    )
    np.testing.assert_array_equal(y, table[:, -1])


# ---- what the recipes hold


def test_recipes_name_the_thirty_three_sets_and_hold_no_data():
    assert len(NAMES) == 33 and len(FROM_UCI) == 32 and len(FAULTY) == 4
    assert [name for name in NAMES if name not in FROM_UCI] == [
        "oocytes_trisopterus_nucleus_2f"
    ]
    fields = {"n", "d", "counts", "file", "member", "sha256", "separator", "letters"}
    fields |= {"target", "classes", "rows", "drop", "levels", "corrected"}
    for name in NAMES:
        recipe = recipe_of(name)
        assert set(recipe) <= fields and sum(recipe["counts"]) == recipe["n"]
        assert all(
            len(bytes.fromhex(value)) == 32 for value in recipe.get("sha256", [])
        )


@needs_data
def test_recipes_agree_with_the_manifest():
    rows = manifest()
    assert set(rows) == {stem(*variant) for variant in VARIANTS}
    for variant in VARIANTS:
        recipe, row = recipe_of(*variant), rows[stem(*variant)]
        counts = [int(part.split(":")[1]) for part in row["class_counts"].split()]
        assert (recipe["n"], recipe["d"], recipe["counts"]) == (
            int(row["n"]),
            int(row["d"]),
            counts,
        )
        assert not row["uci_file_sha256"] or row["uci_file_sha256"] in recipe["sha256"]


# ---- from a folder


@needs_data
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: stem(*v))
def test_every_set_loads_from_the_folder(variant, monkeypatch):
    name, corrected = variant
    row = manifest()[stem(name, corrected)]
    X, y = load(name, corrected=corrected, data_dir=TABLES)
    assert (
        X.shape == (int(row["n"]), int(row["d"]))
        and X.dtype == np.float64
        and X.flags.c_contiguous
    )
    assert (
        " ".join(f"{label}:{np.sum(y == label)}" for label in (0, 1))
        == row["class_counts"]
    )
    assert y.shape == (len(X),) and np.issubdtype(y.dtype, np.integer)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=5e-6)  # six digits are printed
    np.testing.assert_allclose(X.std(axis=0, ddof=1), 1, atol=5e-6)
    monkeypatch.setenv("FIXNTK_DATA", str(TABLES))
    np.testing.assert_array_equal(load(name, corrected=corrected)[0], X)


@needs_data
def test_a_folder_is_held_to_its_manifest(tmp_path):
    for name in ("MANIFEST.csv", "balloons.csv"):
        shutil.copy(TABLES / name, tmp_path)
    path = tmp_path / "balloons.csv"
    path.chmod(0o644)
    assert load("balloons", data_dir=tmp_path)[0].shape == (16, 4)
    path.write_bytes(path.read_bytes().replace(b"0.968246", b"0.968247", 1))
    with pytest.raises(
        ValueError,
        match=r"balloons.csv must have the SHA-256 \w{64}; got \w{64}.*Restore it",
    ):
        load("balloons", data_dir=tmp_path)


def a_folder(tmp_path, text):
    (tmp_path / "balloons.csv").write_text(text)
    return tmp_path


def test_a_folder_without_manifest_must_hold_the_right_table(tmp_path):
    rows = [
        f"{i % 2},{i // 2 % 2},{i // 4 % 2},{i // 8},{int(i < 7)}\n" for i in range(16)
    ]
    X, y = load(
        "balloons", data_dir=a_folder(tmp_path, "a,b,c,d,target\n" + "".join(rows))
    )
    assert X.shape == (16, 4) and y.sum() == 7
    for text, message in [
        (
            "a,b,c,d,target\n" + "".join(rows[:15]),
            "must have 16 samples, 4 features .* got 15, 4",
        ),
        (
            "a,b,c,d,target\n" + "".join(rows[:15]) + "0,0,0,0,2\n",
            r"classes of \[9, 7\]; got 16, 4 and \[8, 7\]",
        ),
        ("a,b,c,d,target\n" + "".join(rows[:15]) + "nan,0,0,0,0\n", "must be finite"),
        ("a,b,c,d,target\n" + "".join(rows[:15]) + "x,0,0,0,0\n", "lines of numbers"),
    ]:
        with pytest.raises(ValueError, match=message):
            load("balloons", data_dir=a_folder(tmp_path, text))


# ---- from the archive


@needs_data
@pytest.mark.parametrize(
    "variant", [v for v in VARIANTS if v[0] in FROM_UCI], ids=lambda v: stem(*v)
)
def test_raw_files_become_the_tables(variant, archive):
    name, corrected = variant
    offer(archive, name, raw_file(name))
    X, y = checked_table(
        *parse_table(archive_page._fetch(recipe_of(name)), recipe_of(*variant)),
        recipe_of(*variant),
        name,
    )
    assert_as_printed(X, y, name, corrected)
    again = load(name, corrected=corrected)
    np.testing.assert_allclose(
        again[0], X, atol=1e-9
    )  # Wisconsin comes from scikit-learn here
    assert [path for _, path in archive.asked] == [recipe_of(name)["file"]], (
        "the cache was not used"
    )


def from_the_respaced(name, text):
    "The archive's own bytes, where the copy of 2014 put blanks for commas and the like."
    lines, end = text.decode().splitlines(), "\r\n" if b"\r\n" in text else "\n"
    if name.startswith("acute"):
        return ("\r\n".join(line.replace(".", ",") for line in lines) + "\r\n").encode(
            "utf-16"
        )
    rows = [line.split() for line in lines]
    if name == "ilpd-indian-liver":
        return (
            end.join(
                ",".join([*row[:9], row[9] if row[9] != "0" else "", row[10]])
                for row in rows
            ).encode()
            + b"\r\n"
        )
    if name == "echocardiogram":
        rows.insert(
            49,
            ["", "?", "?", "77", "?", "?", "?", "?", "?", "2", "?", "name", "2", "?"],
        )
    if name == "parkinsons":
        names = "name MDVP:Fo(Hz) MDVP:Fhi(Hz) MDVP:Flo(Hz) MDVP:Jitter(%) MDVP:Jitter(Abs) MDVP:RAP MDVP:PPQ Jitter:DDP "
        names += "MDVP:Shimmer MDVP:Shimmer(dB) Shimmer:APQ3 Shimmer:APQ5 MDVP:APQ Shimmer:DDA NHR HNR status RPDE DFA "
        rows.insert(0, (names + "spread1 spread2 D2 PPE").split())
    return (end.join(map(",".join, rows)) + end).encode()


RESPACED = "acute-inflammation acute-nephritis balloons breast-cancer echocardiogram haberman-survival heart-hungarian"
RESPACED += (
    " hepatitis ilpd-indian-liver ionosphere mammographic parkinsons tic-tac-toe"
)


@needs_data
@pytest.mark.parametrize("name", RESPACED.split())
def test_the_archives_own_bytes_give_the_same_table(name, archive):
    text = from_the_respaced(name, raw_file(name))
    assert hashlib.sha256(text).hexdigest() == manifest()[name]["uci_file_sha256"], (
        "not the archive's file"
    )
    offer(archive, name, text)
    assert_as_printed(*load(name), name)


@needs_data
@pytest.mark.parametrize(
    "name", [name for name in FROM_UCI if name != "breast-cancer-wisc-diag"]
)
def test_a_wrong_byte_is_refused(name, archive):
    text = bytearray(raw_file(name))
    text[np.random.default_rng(len(text)).integers(len(text))] ^= 1
    offer(archive, name, bytes(text))
    with pytest.raises(ValueError) as refusal:
        load(name)
    file, message = recipe_of(name)["file"], str(refusal.value)
    assert file in message and recipe_of(name)["sha256"][0] in message
    assert hashlib.sha256(text).hexdigest() in message and "by data_dir" in message
    assert not (archive.cache / file).exists() and name not in available()
    offer(archive, name, raw_file(name))
    assert_as_printed(*load(name), name)


@needs_data
@pytest.mark.parametrize(
    "name", ["haberman-survival", "vertebral-column-2clases", "musk-1"]
)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: b[:-40],
        lambda b: b"",
        lambda b: b[:50] + bytes(9) + b[59:],
        lambda b: b"<html>",
    ],
)
def test_a_spoilt_copy_in_the_cache_is_refused(name, spoil, archive):
    path = archive.cache / recipe_of(name)["file"]
    path.parent.mkdir(parents=True)
    path.write_bytes(spoil(packed(name, raw_file(name))))
    with pytest.raises(ValueError, match="must have the SHA-256"):
        load(name)


def test_what_the_archive_lacks_is_said(archive):
    with pytest.raises(
        ConnectionError, match="pima-indians-diabetes.data cannot be had: 404.*data_dir"
    ):
        load("pima")
    with pytest.raises(
        FileNotFoundError, match="never part of the UCI archive.*data_dir"
    ):
        load("oocytes_trisopterus_nucleus_2f")


def test_an_archive_out_of_reach_is_said(archive, monkeypatch):
    monkeypatch.setenv("FIXNTK_UCI_URL", "http://127.0.0.1:9")
    with pytest.raises(ConnectionError, match="cannot be had.*data_dir or FIXNTK_DATA"):
        load("blood")


def test_without_pooch_the_message_says_what_to_install(archive, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert available() == {"breast-cancer-wisc-diag": "scikit-learn"}
    with pytest.raises(ImportError, match=r"pip install 'fixntk\[uci\]'"):
        load("blood")


def test_without_unlzw3_the_message_says_what_to_install(archive, monkeypatch):
    "One file of the archive is compressed as in 1992."
    monkeypatch.setitem(sys.modules, "unlzw3", None)
    offer(archive, "musk-1", b"any bytes")
    with pytest.raises(ImportError, match=r"unlzw3 must .*pip install 'fixntk\[uci\]'"):
        load("musk-1")


# ---- what is there


def test_available_leaves_the_network_alone_unless_asked(archive):
    assert (
        available() == {"breast-cancer-wisc-diag": "scikit-learn"} and not archive.asked
    )
    archive.contents[recipe_of("blood")["file"]] = b""
    assert available(online=True) == {
        "breast-cancer-wisc-diag": "scikit-learn",
        "blood": "UCI archive",
    }
    assert {command for command, _ in archive.asked} == {"HEAD"}


@needs_data
def test_available_names_the_source(archive, tmp_path, monkeypatch):
    offer(archive, "blood", raw_file("blood"))
    load("blood")
    assert available() == {"blood": "cache", "breast-cancer-wisc-diag": "scikit-learn"}
    shutil.copy(TABLES / "balloons.csv", tmp_path)
    monkeypatch.setenv("FIXNTK_DATA", str(tmp_path))
    assert available() == {
        "balloons": "folder",
        "blood": "cache",
        "breast-cancer-wisc-diag": "scikit-learn",
    }
    assert available(data_dir=tmp_path) == {"balloons": "folder"}
    assert available(data_dir=TABLES) == {name: "folder" for name in NAMES}


def test_scikit_learn_has_one_set(archive):
    X, y = load("breast-cancer-wisc-diag")
    assert X.shape == (569, 30) and np.bincount(y).tolist() == [357, 212]
    if TABLES.exists():
        assert_as_printed(X, y, "breast-cancer-wisc-diag")


# ---- wrong arguments


@pytest.mark.parametrize(
    "name",
    [
        "breast-cancer-wisconsin",
        "Pima",
        "",
        "../secret",
        None,
        3,
        ["pima"],
        "balloons__corrected",
    ],
)
def test_unknown_names_are_refused_with_close_ones(name):
    with pytest.raises(
        ValueError,
        match="name must be one of the 33 sets of Table 1; got .*Did you mean",
    ):
        load(name)


def test_close_names_are_close():
    with pytest.raises(ValueError, match="Did you mean ionosphere"):
        load("ionosfere")


def test_only_four_sets_have_a_repair():
    with pytest.raises(ValueError, match="congressional-voting.*got 'pima'"):
        load("pima", corrected=True)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=f"blood.csv; {tmp_path} has no such file"
    ):
        load("blood", data_dir=tmp_path)
    assert available(data_dir=tmp_path / "nowhere") == {}
    for call in (lambda: load("blood", data_dir=3), lambda: available(data_dir=3)):
        with pytest.raises(
            TypeError, match="data_dir must be the path of a folder; got 3"
        ):
            call()


def test_the_recipes_travel_with_the_package():
    text = (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text()
    assert re.search(r'package-data = \{ fixntk = .*"uci_recipes.json"', text)
