"""What `make release` does, without a network and without a tag."""

import re
import shutil
from pathlib import Path

import pytest
import release
import yaml

ROOT = Path(__file__).resolve().parents[1]


def test_one_version_everywhere():
    assert len(set(release.versions().values())) == 1, release.versions()


def test_every_version_has_its_notes():
    for version, date in release.HEADING.findall((ROOT / "CHANGELOG.md").read_text()):
        found, text = release.notes(version)
        assert found == date and re.fullmatch(r"unreleased|\d{4}-\d\d-\d\d", date)
        for part in re.split(r"^### .*$", text, flags=re.MULTILINE)[1:]:
            assert part.strip().startswith("- ")


@pytest.mark.parametrize(
    "file, old, new, words",
    [
        ("settings.ini", "version = ", "version = 9.", "the versions differ"),
        ("CITATION.cff", "\nversion: ", "\nversion: 9.", "the versions differ"),
        ("CHANGELOG.md", "(2030-01-31)", "(soon)", "give it a date"),
        ("CHANGELOG.md", "### Added", "### News", "sections"),
    ],
)
def test_what_stands_in_the_way_is_said(tmp_path, file, old, new, words):
    for name in ("settings.ini", "CITATION.cff", "CHANGELOG.md", "fixntk/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    changes = tmp_path / "CHANGELOG.md"
    text = re.sub(
        r"\([^)]*\)$", "(2030-01-31)", changes.read_text(), count=1, flags=re.M
    )
    changes.write_text(text)
    assert release.faults(tmp_path) == []
    text = (tmp_path / file).read_text()
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1))
    if words == "sections":
        with pytest.raises(ValueError, match=words):
            release.faults(tmp_path)
    else:
        assert any(words in fault for fault in release.faults(tmp_path))


def test_the_wheel_in_an_empty_environment_runs_the_readme(tmp_path):
    source, wheel = release.built(tmp_path / "dist", isolated=False)
    names = release.contents(wheel)
    assert {"fixntk/py.typed", "fixntk/ntk.py"} - names == {"fixntk/ntk.py"}
    modules = {path.name for path in (ROOT / "fixntk").glob("*.py")}
    assert modules == {
        Path(n).name for n in names if re.fullmatch(r"fixntk/\w+\.py", n)
    }
    python = release.installed(wheel, tmp_path / "env", online=False)
    (tmp_path / "work").mkdir()
    said = release.examples(python, tmp_path / "work")
    assert "masks survive" in said and "certificate: relative duality gap" in said
    assert str(tmp_path / "env") in said


def test_citation_names_the_paper_and_the_book():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    for key in ("cff-version", "message", "title", "authors", "version", "license"):
        assert citation[key]
    paper = citation["preferred-citation"]
    bib = (ROOT / "nbs" / "references.bib").read_text()
    entry = re.search(r"@\w+\{dwaraknath2023fixing,.*?\n\}", bib, re.S)[0]
    assert paper["title"] in entry.replace("{", "").replace("}", "")
    assert [author["family-names"] for author in paper["authors"]] == [
        "Dwaraknath",
        "Ergen",
        "Pilanci",
    ]
    (book,) = [ref for ref in citation["references"] if ref["type"] == "book"]
    assert book["title"] in (ROOT / "nbs" / "index.ipynb").read_text()


def test_the_lock_covers_the_extras_of_the_book():
    "Each package that `dev` and `book` ask for, in a version that they allow, with hashes; refreshed by `make lock`."
    tomllib = pytest.importorskip("tomllib")
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}

    def wanted(names):
        for line in (line for name in names for line in groups[name]):
            need = Requirement(line)
            yield from wanted(need.extras) if need.name == "fixntk" else [need]

    text = (ROOT / "requirements-book.txt").read_text()
    assert "://" not in text and text.count("--hash=sha256:") > text.count("==")
    locked = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE):
        locked.setdefault(name.replace("_", "-").lower(), []).append(version)
    for need in wanted(["", "dev", "book"]):
        versions = locked.get(need.name.replace("_", "-").lower())
        assert versions, f"{need.name} is not in requirements-book.txt: make lock"
        for version in versions:
            assert need.specifier.contains(version), (
                f"{need} against {version}: make lock"
            )
    assert "fixntk" not in locked
