"""Numbers in the prose of the pages, and what holds them: `python tests/prose_numbers.py [NOTEBOOK ...]`.

A number in prose is *free* if it names something (a year, an equation, a section, a version) or counts to twelve;
*glued* if a cell puts it there; *asserted* if a cell of the page that asserts holds it, rounded as it is printed;
*printed* if an output of the page shows it; otherwise it is *loose*: nothing notices when it becomes wrong.
"""

import io
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path

import nbformat

NBS = Path(__file__).resolve().parents[1] / "nbs"
POWER = r"(?:\d+(?:\.\d+)?\s*\\cdot\s*)?10\^(?:\{-?\d+\}|\d)"
NUMBER = re.compile(
    rf"(?P<power>{POWER})|(?<![\w.\-/^{{])(?P<plain>\d{{1,3}}(?:(?: |\\,)\d{{3}})+|\d+(?:\.\d+)?)"
    r"(?![\w/]|\.\d)(?P<cent> per cent)?"
)
LITERAL = re.compile(
    r"(?<![\w.])\d{1,3}(?:[ ,]\d{3})+(?!\d)|(?<![\w.])(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?"
)
NAMES = r"(?:Theorem|Lemma|Table|Figure|Appendix|Section|Chapter|chapter|Corollary|Remark|Definition|Proposition"
NAMES += r"|Algorithm|Erratum|erratum|errata|Python|version|seed|seeds|Equation|item|Entry|entry|entries|page)s?"
SILENT = [  # what is no prose, or names things
    r"^(```+|:::+)\{(?:code|math|figure|include)[^\n]*\n",
    r"```\w*\n.*?```",
    r"`[^`\n]*`",
    r"<[^>]+>",
    r"\]\([^)]*\)",
    r"^:\w[\w-]*:.*$",
    r"\\(?:frac|tfrac)\d\d|\\(?:frac|tfrac)\{[^}]*\}\{[^}]*\}|\\tag\{[^}]*\}|[_^]\{[^}]*\}",
    rf"{NAMES}\s+[A-Z]?\.?\d[\d.]*(?:(?:,| and| or| to)\s+\d[\d.]*)*",
    r"\((?:[A-Z]\.)?\d+\)",
    r"\[[\d, ]+\]",
    r"\b[A-Za-z][\w-]*\s+\d+\.\d+\.\d+\b|\b(?:19|20)\d\d\b",
    r"(?:\*Printed\*,|\|) \d\.\d(?=:| \|)",
    r"^\d+\. |^\| \d+ \||\b\d+(?:-|\s)bits?\b|#\d+",
    r"\b(?:SciPy|NumPy|Python|CVXPY|Sphinx|Clarabel) \d+(?:\.\d+)+",
]


def prose(source):
    "The text of a Markdown cell without code, links, labels and names."
    source = re.sub(r"\$\$.*?\$\$(?: *\([\w-]+\))?", " ", source, flags=re.S)
    for pattern in SILENT:
        if pattern.startswith(
            r"\\(?:frac"
        ):  # powers of ten are numbers, other exponents are not
            source = re.sub(r"10\^\{(-?\d+)\}", r"10^<\1>", source)
        source = re.sub(pattern, " ", source, flags=re.S if "```" in pattern else re.M)
    return re.sub(r"10\^<(-?\d+)>", r"10^{\1}", source)


def numbers(source):
    "Value and last place of each number in prose, and its text."
    for match in NUMBER.finditer(prose(source)):
        text = match[0]
        if match["power"]:
            factor, _, power = text.rpartition("10^")
            head = re.match(r"[\d.]+", factor)
            scale = 10.0 ** int(power.strip("{}"))
            digits = len(head[0].partition(".")[2]) if head else 0
            yield float(head[0] if head else 1) * scale, 10.0**-digits * scale, text
            continue
        plain = re.sub(r" |\\,", "", match["plain"])
        step = 10.0 ** -len(plain.partition(".")[2])
        yield float(plain), step, text


def literals(text):
    "Every number that a piece of code or output holds."
    found = (re.sub(r"[_ ,]", "", literal) for literal in LITERAL.findall(text))
    return [float(literal) for literal in found]


def is_held(value, step, others):
    "Whether one of the others is the value once rounded to its last place, as it stands, as a share or negative."
    scales = (1, 100, 0.01) if value < 1000 else (1,)
    return any(
        abs(other * by - value) <= 0.5001 * step for other in others for by in scales
    )


def code_of(cell):
    "The code of a cell without its `#|` lines, which hold captions, and without comments: neither checks a number."
    kept = []
    for token in tokenize.generate_tokens(io.StringIO(cell.source).readline):
        if token.type != tokenize.COMMENT:
            kept.append(token)
    return tokenize.untokenize(kept)


def asserts(cell):
    return bool(
        re.search(
            r"\bassert\b|np\.testing|test_(?:fail|eq|close|is)\b|assert_", cell.source
        )
    )


def outputs(cell):
    "What a cell printed, as text."
    parts = []
    for output in cell.get("outputs", []):
        parts.append(output.get("text", ""))
        parts.append(output.get("data", {}).get("text/plain", ""))
        parts.append(
            re.sub(r"<[^>]+>", " ", output.get("data", {}).get("text/html", ""))
        )
        parts.append(output.get("data", {}).get("text/markdown", ""))
    return "\n".join(parts)


def census(path):
    "How the numbers of a notebook are held: kind, text and cell of each."
    cells = nbformat.read(path, 4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    asserted = literals("\n".join(code_of(cell) for cell in code if asserts(cell)))
    printed = literals("\n".join(map(outputs, code)))
    given = literals("\n".join(map(code_of, code)))
    found = []
    for cell in cells:
        caption = re.findall(r'fig-cap: "(.*)"', cell.source)
        text = cell.source if cell.cell_type == "markdown" else "\n".join(caption)
        found += [("glued", "", cell.id)] * len(re.findall(r"\{glue(?::\w+)?\}", text))
        for value, step, shown in numbers(text):
            kind = "loose"
            if value == int(value) and value <= 12 and step == 1:
                kind = "free"
            elif is_held(value, step, asserted):
                kind = "asserted"
            elif is_held(value, step, printed):
                kind = "printed"
            elif is_held(value, 1e-9, given):
                kind = "set"
            found.append((kind, shown, cell.id))
    return found


def pages():
    return sorted(
        path for path in NBS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
    )


if __name__ == "__main__":
    total = Counter()
    for path in list(map(Path, sys.argv[1:])) or pages():
        found = census(path)
        counts = Counter(kind for kind, _, _ in found)
        total += counts
        print(path.name, dict(counts))
        if len(sys.argv) > 1:
            for kind, shown, cell in found:
                if kind == "loose":
                    print(f"  loose: {shown:20} in cell {cell}")
    print("all", dict(total))
