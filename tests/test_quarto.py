"""The Quarto site: what nbdev makes of every page, read by pandoc as Quarto reads it. Quarto itself is not needed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
import yaml
from conftest import lacking

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "nbs" / "_ext"))
from myst2quarto import KINDS, index, quarto  # noqa: E402

NUMBERED = "|".join(prefix for prefix, _ in KINDS.values() if prefix)
STAND_IN = "#!/bin/sh\nmkdir -p _docs\necho $@ >_docs/called\n"


def pandoc():
    "The path of pandoc, on the PATH or in the package pypandoc_binary."
    found = shutil.which("pandoc")
    if not found:
        try:
            import pypandoc

            found = pypandoc.get_pandoc_path()
        except (ImportError, OSError):
            lacking(
                "pandoc is missing: pip install pypandoc_binary, or Debian's pandoc"
            )
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    "The folder that nbdev_docs hands to Quarto, made from a copy of the notebooks with a stand-in for Quarto."
    folder = tmp_path_factory.mktemp("quarto")
    for name in ("nbs", "fixntk"):
        ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=ignore)
    for name in ("settings.ini", "pyproject.toml", "_quarto.yml"):
        shutil.copy(ROOT / name, folder)
    (folder / "bin").mkdir()
    (folder / "bin" / "quarto").write_text(STAND_IN)
    (folder / "bin" / "quarto").chmod(0o755)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(folder / "nbs" / "_ext")}
    command = [str(Path(sys.executable).with_name("nbdev_docs"))]
    run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "render" in (folder / "_docs" / "called").read_text()
    return folder / "_proc"


def pages(site):
    "Notebooks and Markdown pages that Quarto renders, by the patterns of _quarto.yml."
    patterns = yaml.safe_load((site / "_quarto.yml").read_text())["project"]["render"]
    found = {path for pattern in patterns for path in site.glob(pattern)}
    return {path.relative_to(site).as_posix(): path for path in sorted(found)}


def as_markdown(path):
    "One page as Quarto hands it to pandoc: Markdown cells, and code cells as divs with their label."
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    parts = []
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type != "code":
            parts.append(cell.source)
            continue
        head = re.match(r"(?:#\|[^\n]*(?:\n|\Z))*", cell.source)[0]
        given = yaml.safe_load(head.replace("#|", "")) or {}
        label = f"#{given['label']} " if "label" in given else ""
        parts.append(f"::: {{{label}.cell}}\n````python\n{cell.source}\n````\n:::")
    return "\n\n".join(parts)


def walk(node, found):
    "Add to `found` what the tree holds: identifiers, references, citations, links, blocks by kind, plain words."
    if isinstance(node, list):
        for child in node:
            walk(child, found)
        return
    if not isinstance(node, dict):
        return
    kind, content = node.get("t"), node.get("c")
    found["kinds"][kind] += 1
    if kind in ("Div", "Span", "Header"):
        id, classes, _ = content[1] if kind == "Header" else content[0]
        found["ids"].append(id)
        found["divs"].append((id, classes)) if kind == "Div" else None
    elif kind in ("Image", "Figure"):
        found["ids"].append(content[0][0])
    if kind == "Image":
        found["images"].append(content[2][0])
    elif kind == "Link":
        found["links"].append(content[2][0])
    elif kind == "Cite":
        found["cites"] += [item["citationId"] for item in content[0]]
    elif kind == "Str":
        found["words"].append(content)
        if label := re.fullmatch(r"\{#(eq-[\w-]+)\}", content):
            found["ids"].append(label[1])
    if kind not in ("Code", "CodeBlock", "RawBlock", "RawInline"):
        walk(content, found)


@pytest.fixture(scope="module")
def read(site):
    "What pandoc read of each page."
    program = pandoc()

    def one(path):
        command = [program, "-f", "markdown", "-t", "json"]
        text = as_markdown(path)
        out = subprocess.run(command, input=text, capture_output=True, text=True)
        assert out.returncode == 0 and not out.stderr, (path, out.stderr[-2000:])
        names = ("ids", "divs", "images", "links", "cites", "words")
        found = {name: [] for name in names} | {"kinds": Counter(), "text": text}
        walk(json.loads(out.stdout)["blocks"], found)
        return found

    of = pages(site)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(of, pool.map(one, of.values())))


def test_every_notebook_is_a_page(site):
    notebooks = {page for page in index()[0] if page.endswith(".ipynb")}
    assert notebooks <= set(pages(site))


def test_no_text_below_a_title_is_lost(site):
    for page in ("03_masks.ipynb", "engine/signs.ipynb"):
        source = next(
            cell.source
            for cell in nbformat.read(ROOT / "nbs" / page, 4).cells
            if cell.source.startswith("# ")
        )
        line = source.split("\n")[2]
        assert line in as_markdown(site / page) and "title: " in as_markdown(
            site / page
        )


def test_nothing_of_myst_is_left(read):
    for page, found in read.items():
        text = re.sub(r"(`{3,}).*?\n\1", "", found["text"], flags=re.DOTALL)
        left = re.findall(
            r"\{(?:prf:|eq|cite|numref|ref|exercise|solution|figure|py:)[^}]*\}`?|^\([\w-]+\)=|^:[a-z]+:",
            text,
            re.MULTILINE,
        )
        assert not left, (page, left)
        words = [word for word in found["words"] if "$$" in word or ":::" in word]
        assert not words, (page, words)


def test_statements_proofs_and_exercises_are_all_there(read):
    made, written = Counter(), Counter()
    for page, found in read.items():
        for id, classes in found["divs"]:
            if "proof" in classes or "callout-note" in classes:
                made[classes[0]] += 1
            elif prefix := re.match(NUMBERED, id):
                made[prefix[0]] += "cell" not in classes
        made["eq"] += sum(id.startswith("eq-") for id in found["ids"])
        made["figure"] += sum(id.startswith("fig-") for id in found["ids"])
    names = {"proof": "proof", "solution": "callout-note"}
    names |= {kind: prefix for kind, (prefix, _) in KINDS.items() if prefix}
    for path in [ROOT / "nbs" / page for page in index()[0] if page.endswith("ipynb")]:
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "markdown":
                for name in re.findall(
                    r"^[:`]{3,}\{(?:prf:)?(\w+)\}", cell.source, re.M
                ):
                    written[names[name]] += 1
                written["eq"] += len(re.findall(r"\$\$ *\([\w-]+\)", cell.source))
            else:
                written["fig-cell"] += bool(re.search(r"#\| label: fig-", cell.source))
    written["figure"] = written.pop("fig") + written.pop("fig-cell")
    made.pop("fig", None)
    print(dict(made))  # with pytest -s: how many of each
    assert +made == +written


def test_every_reference_has_its_target(read):
    keys = set(
        re.findall(
            r"^@\w+\{([^,\s]+),", (ROOT / "nbs/references.bib").read_text(), re.M
        )
    )
    for page, found in read.items():
        ids = [id for id in found["ids"] if id]
        assert len(ids) == len(set(ids)), (page, Counter(ids).most_common(2))
        for cite in found["cites"]:
            known = ids if re.match(f"(?:{NUMBERED})-", cite) else keys
            assert cite in known, (page, cite)
        for link in found["links"]:
            if re.match(r"[a-z]+:", link):
                continue
            to, _, anchor = link.partition("#")
            to = (
                os.path.normpath(os.path.join(os.path.dirname(page), to))
                if to
                else page
            )
            assert to in read, (page, link)
            assert not anchor or anchor in read[to]["ids"], (page, link)


def test_pictures_stand_in_the_folder(site, read):
    for page, found in read.items():
        for image in found["images"]:
            assert (site / page).parent.joinpath(image).is_file(), (page, image)


def test_pandoc_sees_the_structure_that_myst_sees(site, read):
    "Lists, tables, headings and formulas are counted by the reader of the other book, from the same cells."
    from markdown_it import MarkdownIt

    plain = MarkdownIt("commonmark").enable("table")
    for page, found in read.items():
        source = re.sub(r"\A---\n.*?\n---\n", "", found["text"], flags=re.DOTALL)
        source = re.sub(r"<!--.*?-->", "", source)
        kinds = Counter(token.type for token in plain.parse(source))
        lists = (
            kinds["bullet_list_open"],
            kinds["ordered_list_open"],
            kinds["table_open"],
        )
        seen = found["kinds"]
        assert lists == (seen["BulletList"], seen["OrderedList"], seen["Table"]), page
        assert not seen["Superscript"] + seen["Subscript"] + seen["Note"], page


def test_a_block_and_references_by_hand():
    text = quarto(
        ":::{prf:theorem} Cells\n:label: thm-masks-count\nBy {eq}`eq-paper-4`.\n:::\n"
        "See {prf:ref}`thm-mkl-path`, {cite:p}`bach2017breaking,bengio2005convex` and [](04_design.ipynb).",
        "03_masks.ipynb",
    )
    assert "::: {#thm-masks-count}\n## Cells\n\nBy ([-@eq-paper-4]).\n:::" in text
    assert re.search(r"See \[Theorem \d of [^\]]+\]\(07_mkl.ipynb#thm-mkl-path\)", text)
    assert "[@bach2017breaking; @bengio2005convex]" in text
    assert re.search(r"and \[[^\]]+\]\(04_design.ipynb\)", text)
