"""Measures of how the book is written, beside their limits.

    python tests/style_table.py            print the table
    python tests/style_table.py --shrink   bring the list of exceptions up to date

`style_exceptions.json` lists what is over a limit today: file and number. A number may only
shrink, which test_style.py holds, and what is not listed keeps the limits.
"""

import ast
import importlib
import inspect
import json
import re
import statistics
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NBS = ROOT / "nbs"
EXCEPTIONS = Path(__file__).with_name("style_exceptions.json")
CHAPTERS = sorted(NBS.glob("[0-9][0-9]_*.ipynb"))
PAGES = sorted(NBS.glob("*.ipynb"))
ENGINE = sorted(NBS.glob("engine/*.ipynb"))
MODULES = sorted((ROOT / "fixntk").glob("[a-z]*.py"))
CELLS, LINES, ENGINE_LINES, COLUMNS, MODULE_LINES, MEDIAN = 45, 25, 40, 88, 250, 6
NOT_DEMANDED = {"GL01", "GL02", "GL03", "SA01", "ES01", "EX01"}
name_of = lambda path: str(path.relative_to(ROOT))


@cache
def cells(path, kind="code"):
    "The sources of a notebook's cells of one kind."
    every = json.loads(path.read_text())["cells"]
    return tuple("".join(c["source"]) for c in every if c["cell_type"] == kind)


def length(source):
    return len(source.strip().splitlines())


def wide(source):
    "Lines over the width; `#|` lines do not count, since the book takes them out."
    return sum(
        len(line) > COLUMNS and not re.match(r"\s*#\s*\|", line)
        for line in source.splitlines()
    )


def words(path):
    text = sum(len(source.split()) for source in cells(path, "markdown"))
    shown = [
        s for s in cells(path) if not re.match(r"#\| *(default_exp|hide\s*$)", s, re.M)
    ]
    return round(text / max(len(shown), 1))


def tree_of(path):
    "The syntax tree of a module, or of all code cells of a notebook."
    if path.suffix == ".py":
        return ast.parse(path.read_text())
    lines = "\n".join(cells(path)).splitlines()
    return ast.parse("\n".join(line for line in lines if not re.match("[%!]", line)))


def is_ours(node):
    "Whether an import statement takes something from this package."
    if isinstance(node, ast.ImportFrom):
        return bool(node.level) or (node.module or "").split(".")[0] == "fixntk"
    return isinstance(node, ast.Import) and any(
        alias.name.split(".")[0] == "fixntk" for alias in node.names
    )


def borrowed_private_names(path):
    "Names with an underscore that a notebook imports, or takes from objects of others."
    tree, own, found = tree_of(path), {"_replace", "_asdict", "_fields", "_make"}, []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            own.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            own.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.Call):  # object.__setattr__(self, "_name", value)
            own |= {a.value for a in node.args if isinstance(a, ast.Constant)}
    for node in ast.walk(tree):
        if is_ours(node):
            found += [a.name for a in node.names if re.match("_[a-zA-Z]", a.name)]
        elif isinstance(node, ast.Attribute) and re.match("_[a-zA-Z]", node.attr):
            found += [node.attr] * (node.attr not in own)
    return found


def late_imports(path):
    tree = tree_of(path)
    return [node for node in ast.walk(tree) if is_ours(node) and node not in tree.body]


def public_members(name):
    "Names and objects of what a module offers, methods of its classes included."
    module = importlib.import_module(f"fixntk.{name}")
    for public in module.__all__:
        thing = getattr(module, public)
        yield f"fixntk.{name}.{public}", thing
        if inspect.isclass(thing):
            for method, member in vars(thing).items():
                if not method.startswith("_") and (
                    callable(member) or isinstance(member, property)
                ):
                    yield f"fixntk.{name}.{public}.{method}", getattr(thing, method)


def docstring_faults(path):
    "What numpydoc finds in docstrings of public names; methods only need to have one."
    from numpydoc.validate import validate

    for name, thing in public_members(path.stem):
        if name.count(".") == 2:
            for code, text in validate(name)["errors"]:
                if code not in NOT_DEMANDED:
                    yield f"{name}: {code} {text}"
        elif not inspect.getdoc(thing):
            yield f"{name}: GL08 no docstring"


def hints_missing(path):
    "Public functions and methods with an argument or an answer that has no type."
    tree = tree_of(path)
    public = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    for node in tree.body:
        if getattr(node, "name", "_") not in public:
            continue
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        for f in inner:
            named = isinstance(f, ast.FunctionDef) and (
                f.name in ("__init__", "__call__") or not f.name.startswith("_")
            )
            if named and not is_hinted(f, isinstance(node, ast.ClassDef)):
                yield f"{node.name}.{f.name}" if f is not node else node.name


def is_hinted(function, is_method):
    a = function.args
    static = any(
        getattr(d, "id", "") == "staticmethod" for d in function.decorator_list
    )
    takes = [*a.posonlyargs, *a.args][is_method and not static :]
    takes += [*a.kwonlyargs, *filter(None, [a.vararg, a.kwarg])]
    answers = function.returns is not None or function.name == "__init__"
    return answers and all(arg.annotation is not None for arg in takes)


@cache
def mypy_lines():
    "Lines of the package that mypy objects to, by module."
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "fixntk"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return sorted(set(re.findall(r"^(fixntk/\w+\.py):(\d+): error", run.stdout, re.M)))


def over(files, number, limit):
    "Of `files`, those whose number is over the limit, with that number."
    found = {name_of(path): number(path) for path in files}
    return {name: n for name, n in found.items() if n > limit}


def long_cells(path):
    limit = ENGINE_LINES if path in ENGINE else LINES
    return sum(length(source) > limit for source in cells(path))


count = lambda function: lambda path: len(list(function(path)))
MEASURES = {
    f"cells, at most {CELLS} a chapter": lambda: over(
        CHAPTERS, lambda path: len(json.loads(path.read_text())["cells"]), CELLS
    ),
    f"code cells over {LINES} lines, engine {ENGINE_LINES}": lambda: over(
        [*PAGES, *ENGINE], long_cells, 0
    ),
    f"lines over {COLUMNS} columns": lambda: over(
        [*PAGES, *ENGINE], lambda path: sum(map(wide, cells(path))), 0
    ),
    f"lines of a module, at most {MODULE_LINES}": lambda: over(
        MODULES, lambda path: length(path.read_text()), MODULE_LINES
    ),
    "faults in public docstrings": lambda: over(MODULES, count(docstring_faults), 0),
    "public functions without all types": lambda: over(
        MODULES, count(hints_missing), 0
    ),
    "lines mypy objects to": lambda: over(
        MODULES, lambda path: [f for f, _ in mypy_lines()].count(name_of(path)), 0
    ),
    "private names of other modules": lambda: over(
        [*PAGES, *ENGINE], count(borrowed_private_names), 0
    ),
    "late imports of our own modules": lambda: over(MODULES, count(late_imports), 0),
}


def exceptions():
    return json.loads(EXCEPTIONS.read_text()) if EXCEPTIONS.exists() else {}


def shrink():
    "Write the numbers that became less into the list; nothing grows or is added."
    listed, kept = exceptions(), {}
    for measure, find in MEASURES.items():
        now, before = find(), listed.get(measure, {})
        smaller = {f: min(n, before[f]) for f, n in now.items() if f in before}
        kept |= {measure: smaller} if smaller else {}
    EXCEPTIONS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def module_of(path):
    "The module that a notebook exports, if it does."
    named = re.search(r"#\| *default_exp +(\w+)", "\n".join(cells(path)))
    return ROOT / "fixntk" / f"{named[1]}.py" if named else None


def table():
    "Rows of the printed table, its head first."
    yield (
        "notebook",
        "cells",
        "words a code cell",
        "median",
        "longest",
        "long cells",
        f"over {COLUMNS}",
        "module lines",
    )
    for path in [*PAGES, *ENGINE]:
        lengths = [length(source) for source in cells(path)] or [0]
        module = module_of(path)
        yield (
            str(path.relative_to(NBS)).removesuffix(".ipynb"),
            len(json.loads(path.read_text())["cells"]),
            words(path),
            f"{statistics.median(lengths):g}",
            max(lengths),
            long_cells(path),
            sum(map(wide, cells(path))),
            length(module.read_text()) if module and module.exists() else "",
        )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if sys.argv[1:] == ["--shrink"]:
        shrink()
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        rows = [tuple(map(str, row)) for row in table()]
        widths = [max(map(len, column)) for column in zip(*rows)]
        for head, *row in rows:
            numbers = "  ".join(x.rjust(w) for x, w in zip(row, widths[1:]))
            print(head.ljust(widths[0]), numbers, sep="  ")
