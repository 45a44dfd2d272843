"""What comes from others, made harmless here: packed files, checksums, names, cells, and a machine that stops."""

import gzip
import io
import itertools
import os
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from fixntk import archive as archive_page
from fixntk import estimators, file_bytes, table_reading
from fixntk.recipes import balloons_file, recipe_of
from fixntk.table_files import read_table
from fixntk.uci import accuracy_table, load

ZIPPED, LZW = "vertebral-column-2clases", "musk-1"
MEMBER = recipe_of(ZIPPED)["member"]
TEXT = b"1.0 2.0 AB\n" * 60
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet begins to compute


def zipped(members, method=zipfile.ZIP_DEFLATED):
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", method) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return box.getvalue()


def everything(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    "A cache of raw files in a folder of its own, and an archive that does not answer."
    folder = tmp_path / "inside" / "cache"
    folder.mkdir(parents=True)
    monkeypatch.setenv("FIXNTK_CACHE", str(folder))
    monkeypatch.setenv("FIXNTK_UCI_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("FIXNTK_DATA", raising=False)
    pytest.importorskip("pooch")
    return folder


def laid(cache, name, raw):
    path = cache / recipe_of(name)["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("evil", ["../", "../../", "/tmp/", "..\\", ""])
def test_members_of_a_zip_go_nowhere(cache, tmp_path, evil):
    "A member is read by its name into memory, and held to the checksum."
    path = laid(cache, ZIPPED, zipped([(evil + "x.dat", b"x"), (MEMBER, TEXT)]))
    before = everything(tmp_path)
    with pytest.raises(ValueError, match="must have the SHA-256"):
        load(ZIPPED)
    after = everything(tmp_path)
    assert not path.exists() and after.keys() == before.keys() - {path}


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "balloons\0", ".."]
)
def test_names_of_sets_are_no_paths(cache, name):
    for call in (lambda: load(name), lambda: accuracy_table([name])):
        with pytest.raises(ValueError, match="must be|name"):
            call()


def flipped(raw, rng):
    raw = bytearray(raw)
    for _ in range(rng.integers(1, 4)):
        raw[rng.integers(len(raw))] = rng.integers(256)
    return bytes(raw)


def test_damaged_zips_are_refused_by_their_checksum(cache):
    "Whatever the reader of zips stumbles on: the copy is refused and deleted."
    rng, good, outcomes = np.random.default_rng(0), zipped([(MEMBER, TEXT)]), set()
    for _ in range(400):
        raw = flipped(good, rng)
        try:
            zipfile.ZipFile(io.BytesIO(raw)).read(MEMBER)
        except Exception as error:
            outcomes.add(type(error).__name__)
        assert isinstance(archive_page._unpacked(raw, recipe_of(ZIPPED)), bytes)
    assert {"BadZipFile", "NotImplementedError", "error"} <= outcomes
    path = laid(cache, ZIPPED, good.replace(b"\x08\0", b"\x63\0"))  # no such method
    with pytest.raises(ValueError, match="must have the SHA-256"):
        load(ZIPPED)
    assert not path.exists()


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_what_unpacks_to_more_than_the_memory_is_refused_on_the_way(monkeypatch, kind):
    "With a memory of a megabyte and pieces of 64 kB: refused after a quarter of it, whatever comes later."
    from fixntk import file_bytes, machine

    text = b"a,b\n" + 100_000 * b"1,2\n"
    raw = gzip.compress(text) if kind == "gz" else zipped([("t.csv", text)])
    monkeypatch.setattr(file_bytes, "_PIECE", 2**16)
    monkeypatch.setattr(machine, "_LITTLE", 0)
    monkeypatch.setattr(machine, "available_memory", lambda: 10**6)
    with pytest.raises(ValueError) as refused:
        file_bytes.unpacked(f"t.{kind}", raw)
    said = str(refused.value)
    assert said.startswith(f"t.{kind} cannot be unpacked: a table of more than 0 MB")
    assert "needs about 1.05 MB" in said and said.endswith("Give some of its rows.")
    monkeypatch.setattr(machine, "available_memory", lambda: 10**7)
    assert file_bytes.unpacked(f"t.{kind}", raw) == text


def test_workbooks_and_typed_files_beyond_the_memory_are_refused(monkeypatch, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": np.zeros(300_000), "b": np.zeros(300_000)})
    kept = dict.fromkeys(["t.parquet", "t.feather"], "300000 rows and 2 columns")
    kept["t.xlsx"] = "MB inside"
    frame.to_parquet(tmp_path / "t.parquet")  # zeros: a few kB
    frame.to_feather(tmp_path / "t.feather")
    sheet = zipped([("[Content_Types].xml", b""), ("sheet1.xml", bytes(10**7))])
    (tmp_path / "t.xlsx").write_bytes(sheet)  # no workbook, but as large as one
    monkeypatch.setattr("fixntk.machine.available_memory", lambda: 10**6)
    for name, words in kept.items():
        assert (tmp_path / name).stat().st_size < 10**5
        with pytest.raises(ValueError, match=words):
            table_reading.read_table(tmp_path / name)
    monkeypatch.undo()
    for name in ("t.parquet", "t.feather"):
        read = table_reading.read_table(tmp_path / name)
        assert read.frame.shape == (300_000, 2)
    with pytest.raises(ValueError, match="no excel that pandas reads"):
        table_reading.read_table(tmp_path / "t.xlsx")


def test_a_zip_that_claims_to_be_huge_is_not_unpacked():
    raw = zipped([(MEMBER, bytes(100_000))])
    assert archive_page._unpacked(raw, recipe_of(ZIPPED), most=1000) is raw
    assert archive_page._unpacked(raw, recipe_of(ZIPPED)) == bytes(100_000)


def test_damaged_lzw_is_refused_by_its_checksum(cache):
    pytest.importorskip("unlzw3")
    rng = np.random.default_rng(0)
    for _ in range(300):
        raw = b"\x1f\x9d\x90" + rng.bytes(rng.integers(0, 60))
        assert isinstance(archive_page._unpacked(raw, recipe_of(LZW)), bytes)
    for raw in (b"", b"\x1f\x9d", b"\x1f\x9d\x90" + bytes(30), b"\x1f\x9d\xff" * 9):
        path = laid(cache, LZW, raw)
        with pytest.raises(ValueError, match="must have the SHA-256"):
            load(LZW)
        assert not path.exists()


@pytest.mark.parametrize(
    "manifest, words",
    [
        ("name,sha256\nballoons,0000\n", "SHA-256 0000"),
        ("name,sha256\nballoons,\n", "must have the SHA-256"),
        ("name;sha256\nballoons;0000\n", "must have the SHA-256"),
        ("", "must have the SHA-256"),
        ("name,sha256\nother,0000\n", "must have the SHA-256"),
    ],
)
def test_a_manifest_that_does_not_vouch_refuses(tmp_path, manifest, words):
    (tmp_path / "balloons.csv").write_bytes(balloons_file())
    (tmp_path / "MANIFEST.csv").write_text(manifest)
    with pytest.raises(ValueError, match=words):
        load("balloons", data_dir=tmp_path)


def test_tables_that_come_packed_are_read_in_memory(tmp_path):
    table = b"a,b\n1,2\n"
    for name in ("../../t.csv", "/tmp/t.csv", "..\\t.csv"):
        packed = tmp_path / "t.zip"
        packed.write_bytes(zipped([(name, table)]))
        before = everything(tmp_path)
        assert file_bytes.unpacked(packed, packed.read_bytes()) == table
        assert everything(tmp_path) == before


def test_packed_tables_that_cannot_be_unpacked_are_refused_in_words():
    rng = np.random.default_rng(0)
    for good in (zipped([("t.csv", TEXT)]), gzip.compress(TEXT)):
        for _ in range(300):
            raw = good[:4] + flipped(good[4:], rng)
            try:
                assert isinstance(file_bytes.unpacked("t", raw), bytes)
            except ValueError as refusal:
                assert "cannot be unpacked" in str(refusal) or "one file" in str(
                    refusal
                )


# ---- what we write


def is_number(cell):
    try:
        return bool(float(cell) or True)
    except ValueError:
        return False


def balloons_folder(folder):
    rows = [
        (colour, size, act, age, int((colour and not size) or (act and age)))
        for colour, size, act, age in itertools.product((1, 0), (0, 1), (1, 0), (1, 0))
    ]
    table = np.array(rows, float)
    table[:, :4] = (table[:, :4] - 0.5) / table[:, :4].std(axis=0, ddof=1)
    lines = [
        "f1,f2,f3,f4,target",
        *(",".join(map(repr, row)) for row in table.tolist()),
    ]
    (folder / "balloons.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_no_cell_of_a_table_is_a_formula(tmp_path):
    out = tmp_path / "table1.csv"
    accuracy_table(
        ["balloons"], protocols="honest", data_dir=balloons_folder(tmp_path), out=out
    )
    cells = out.read_text().replace("\n", ",").split(",")
    assert len(cells) > 40
    assert not [c for c in cells if c.startswith(FORMULA) and not is_number(c)]


@pytest.mark.parametrize(
    "kind",
    [
        estimators.GatedReLURegressor(n_gates=5, random_state=0),
        estimators.NTKRegressor(),
    ],
)
def test_names_of_columns_are_no_html(kind):
    pandas = pytest.importorskip("pandas")
    name = "<img src=x onerror=alert(1)>"
    X = np.random.default_rng(0).standard_normal((20, 2))
    model = kind.fit(pandas.DataFrame(X, columns=[name, "</div><b>b"]), X[:, 0])
    assert list(model.feature_names_in_)[0] == name
    for shown in (model._repr_html_(), model._repr_mimebundle_().get("text/html", "")):
        assert "<img" not in shown and "</div><b>b" not in shown
    with pytest.raises(ValueError, match="feature names"):
        model.predict(pandas.DataFrame(X, columns=["a", "b"]))


# ---- a machine that stops in the middle

PROGRAM = """
import resource, signal, sys
if "full" in sys.argv:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
from fixntk.command import main
sys.exit(main(["table", "--data", sys.argv[1], "--sets", "balloons", "--out", sys.argv[2],
               "--quiet", "--resume"]))
"""


def table_command(folder, out, *how):
    command = [sys.executable, "-c", PROGRAM, str(folder), str(out), *how]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)


posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")


@posix
def test_the_command_killed_at_random_moments_goes_on(tmp_path):
    "Each kill leaves whole lines or no file; the last run makes the table that an unbroken one makes."
    pytest.importorskip("tqdm")
    folder, out = balloons_folder(tmp_path), tmp_path / "out" / "table.csv"
    out.parent.mkdir()
    begun = time.monotonic()
    whole = table_command(folder, tmp_path / "whole.csv")
    assert whole.wait() == 0, whole.stderr.read().decode()
    took, rng, kept = time.monotonic() - begun, np.random.default_rng(1), []
    for moment in rng.uniform(0.6, 1.0, 3) * took:
        run = table_command(folder, out)
        time.sleep(moment)
        run.send_signal(signal.SIGKILL)
        run.wait()
        rows = read_table(out)[1] if out.exists() else []
        assert all(row in rows for row in kept), "a finished line was lost"
        kept = rows
    assert table_command(folder, out).wait() == 0
    assert read_table(out)[1] == read_table(tmp_path / "whole.csv")[1]
    assert [path.name for path in out.parent.iterdir()] == ["table.csv"]


@posix
def test_the_command_on_a_full_disk_ends_in_words(tmp_path):
    pytest.importorskip("tqdm")
    folder, out = balloons_folder(tmp_path), tmp_path / "out" / "table.csv"
    out.parent.mkdir()
    run = table_command(folder, out, "full")
    said = run.communicate()[1].decode()
    assert run.returncode == 1 and "File too large" in said and "Traceback" not in said
    assert not list(out.parent.iterdir()), "half a table"


@posix
@pytest.mark.skipif(
    not os.path.isdir("/proc"), reason="no folder that refuses even root"
)
def test_the_command_refuses_a_folder_that_takes_no_files(tmp_path):
    run = table_command(balloons_folder(tmp_path), "/proc/table.csv")
    said = run.communicate()[1].decode()
    assert run.returncode == 2 and "out must be a file that can be written" in said
    assert "Traceback" not in said
