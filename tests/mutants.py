"""Change one thing of one exported cell at a time, and see who notices: its page, or the package's tests.

    python tests/mutants.py                    what nbs/results/mutants.csv still lacks
    python tests/mutants.py masks newton       all chosen mutants of these modules, again
    python tests/mutants.py --pages            ask the pages alone; --survived asks the tests about the rest
    python tests/mutants.py --survived         the survivors again, after a check was added
    python tests/mutants.py --list masks       the mutants chosen, without running them
    python tests/mutants.py --table            a summary of the table, in markdown

A mutant swaps an operator, turns a comparison, adds one to a number, flips a truth value, or takes `max` for `min`.
It runs in a copy of the repository, where its notebook exports it, so that the page and everything that imports the
module see it. The page runs as `nbdev_test` runs it, slow cells left out. Where the page passes, so run the test files
that concern the module. What takes three times as long as it should counts as noticed. Which mutants are chosen
depends on the seed and the cell alone: at least two a module, the rest in proportion to the places a module has.
"""

import argparse
import ast
import compileall
import csv
import hashlib
import json
import multiprocessing
import os
import py_compile
import re
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "nbs" / "results" / "mutants.csv"
KEY = ("module", "where", "kind", "before", "after")
COLUMNS = (*KEY, "killed_by", "reason")
COPIED = (
    "nbs",
    "fixntk",
    "tests",
    "benchmarks",
    "settings.ini",
    "pyproject.toml",
    "README.md",
)
SWAPS: dict[type, type] = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult},
    **{ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult},
    **{ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.USub: ast.UAdd},
    **{ast.Lt: ast.LtE, ast.LtE: ast.Gt, ast.Gt: ast.GtE, ast.GtE: ast.Lt},
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is},
    **{ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And},
}
PAIRS = (
    "min max",
    "minimum maximum",
    "argmin argmax",
    "any all",
    "floor ceil",
    "nanmin nanmax",
)
OTHER = {a: b for pair in PAIRS for a, b in (pair.split(), pair.split()[::-1])}
# Not what a check should hold: words for readers, types, ink, and who is told where a warning arose.
SILENT = {"warn", "print", "cast", "TypeVar", "needs", "Path"}
COSMETIC = {
    "alpha",
    "dpi",
    "figsize",
    "fontsize",
    "labelpad",
    "linewidth",
    "lw",
    "ms",
    "s",
    "stacklevel",
    "zorder",
}
COSMETIC |= {
    "progress",
    "verbose",
    "width",
    "height",
    "pad",
    "rotation",
    "ncols",
    "labelsize",
    "markersize",
    "indent",
}
# Tests of the repository, not of what functions compute; they would notice any edit.
NOT_OURS = "access book browser get_browser downloads drag explore package pdf publish quarto readme release repo style"
FILES = 4  # test files that are asked, the likeliest ones
PRELOADED = "IPython matplotlib.pyplot nbdev.export nbdev.test numpy pandas pytest scipy.optimize scipy.stats "
PRELOADED += "sklearn.ensemble sklearn.linear_model sklearn.pipeline sklearn.svm sklearn.utils.estimator_checks"


class Mutant(NamedTuple):
    module: str
    where: str
    kind: str
    before: str
    after: str
    cell: int
    place: int

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(self[: len(KEY)])


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or isinstance(
        getattr(node, "value", None), str
    )


def kind_of(node: ast.AST) -> str:
    "What a change at this node would be; empty where there is nothing to change."
    name = getattr(node, "id", getattr(node, "attr", ""))
    if isinstance(node, ast.BinOp) and (is_text(node.left) or is_text(node.right)):
        return ""
    if (
        isinstance(node, (ast.BinOp, ast.AugAssign, ast.UnaryOp))
        and type(node.op) in SWAPS
    ):
        return "operator"
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return "comparison"
    if isinstance(node, ast.BoolOp) or isinstance(getattr(node, "op", None), ast.Not):
        return "boolean"
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return "boolean"
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return "constant"
    return "min/max" if name in OTHER else ""


def change(node: ast.AST) -> None:
    if isinstance(node, ast.Compare):
        node.ops = [SWAPS[type(node.ops[0])]()]
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        node.value = not node.value
    elif isinstance(node, ast.Constant):
        node.value = node.value + 1 if node.value + 1 != node.value else 2 * node.value
    elif isinstance(node, ast.Name):
        node.id = OTHER[node.id]
    elif isinstance(node, ast.Attribute):
        node.attr = OTHER[node.attr]
    elif isinstance(node.op, ast.Not):
        node.operand = ast.UnaryOp(ast.Not(), node.operand)
    else:
        node.op = SWAPS[type(node.op)]()


def called(node: ast.AST) -> str:
    "The name of the function that is called here, if one is."
    function = getattr(node, "func", None)
    return getattr(function, "id", getattr(function, "attr", ""))


def places(node: ast.AST, names: tuple = (), above: tuple = ()) -> Iterator[tuple]:
    "Nodes that can be changed, each with the names of its functions and the nodes above it."
    if isinstance(node, (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)):
        return
    if called(node) in SILENT:
        return
    if isinstance(node, ast.keyword) and node.arg in COSMETIC:
        return
    if names and kind_of(node):
        yield node, names, above
    if isinstance(node, ast.UnaryOp) and above and called(above[-1]) == "reshape":
        return  # -2 is as good as -1: NumPy takes any negative length as the unknown one
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        names = (*names, node)
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_comment"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from places(child, names, (*above, node))


def context(node: ast.AST, above: tuple) -> ast.AST:
    "The smallest expression around a node that a reader would recognise."
    for outer in reversed(above):
        if len(ast.unparse(node)) >= 12 or not isinstance(
            outer, (ast.expr, ast.keyword)
        ):
            break
        node = outer
    return node


def parsed(source: str) -> tuple[str, ast.Module]:
    "The `#|` lines of a cell and the tree of the rest."
    lines = source.split("\n")
    directives = [line for line in lines if re.match(r"#\s*\|", line)]
    return "\n".join(directives), ast.parse(
        "\n".join(x for x in lines if x not in directives)
    )


def mutants_of(module: str, cell: int, source: str) -> Iterator[Mutant]:
    for place, (node, names, above) in enumerate(places(parsed(source)[1])):
        shown, kind, kept = context(node, above), kind_of(node), dict(vars(node))
        before = ast.unparse(shown)
        change(node)
        after = ast.unparse(shown)
        vars(node).update(kept)
        where = f"{'.'.join(n.name for n in names)}:{node.lineno - names[0].lineno}:{node.col_offset}"
        yield Mutant(module, where, kind, before, after, cell, place)


def changed(mutant: Mutant) -> dict:
    "The notebook with the mutant in its cell."
    cells = json.loads((ROOT / pages()[mutant.module][0]).read_text())
    cell = cells["cells"][mutant.cell]
    directives, tree = parsed("".join(cell["source"]))
    change(list(places(tree))[mutant.place][0])
    cell["source"] = f"{directives}\n{ast.unparse(tree)}"
    return cells


@cache
def pages() -> dict[str, tuple[Path, list]]:
    "Path, relative to the repository, and cells of the page of each module, in the book's order."
    found = {}
    for path in [
        *sorted(ROOT.glob("nbs/*.ipynb")),
        *sorted(ROOT.glob("nbs/engine/*.ipynb")),
    ]:
        cells = json.loads(path.read_text())["cells"]
        named = re.search(
            r"#\| *default_exp +(\w+)", "".join("".join(c["source"]) for c in cells)
        )
        if named:
            found[named[1]] = path.relative_to(ROOT), cells
    return found


def chosen(count: int, seed: int) -> dict[str, list[Mutant]]:
    "About `count` mutants by module: at least two each, more where there are more places."
    every: dict[str, list[Mutant]] = {}
    for module, (_, cells) in pages().items():
        sources = [
            ("".join(c["source"]), i)
            for i, c in enumerate(cells)
            if c["cell_type"] == "code"
        ]
        exported = [
            (s, i) for s, i in sources if re.search(r"^#\|\s*export[is]?\b", s, re.M)
        ]
        every[module] = [m for s, i in exported for m in mutants_of(module, i, s)]
    total = sum(map(len, every.values()))
    rank = lambda mutant: hashlib.sha256(repr((seed, *mutant.key)).encode()).digest()
    size = lambda found: max(2, round(count * len(found) / total))
    return {
        module: sorted(found, key=rank)[: size(found)]
        for module, found in every.items()
        if found
    }


@cache
def tests_of(module: str) -> list[str]:
    "Test files that import the module or what it offers, or that its page names; the likely ones first."
    path, cells = pages()[module]
    listed = re.search(
        r"__all__ = \[(.*?)\]", (ROOT / "fixntk" / f"{module}.py").read_text(), re.S
    )
    offers = set(re.findall(r"'(\w+)'", listed[1] if listed else ""))
    prose = "".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    found = {}
    for file in [*ROOT.glob("tests/test_*.py"), ROOT / "tests" / "contract.py"]:
        taken: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "fixntk"
            ):
                taken |= {
                    node.module.partition(".")[2],
                    *(alias.name for alias in node.names),
                }
        order = (
            f"tests/{file.name}" not in prose,
            module not in taken,
            -len(taken & offers),
            file.name,
        )
        if file.stem.removeprefix("test_") not in NOT_OURS.split() and (
            not order[0] or taken & {module, *offers}
        ):
            found[file.name] = order
    return sorted(found, key=found.get)


def child(tree: Path, page: Path, test: str, seconds: float, log: Path) -> None:
    "In a process of its own: export the page, run it or a test file, and exit with 0 if all is well."
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    sys.stdout.flush()
    with log.open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.dont_write_bytecode = True
    sys.path[:] = [
        str(tree / "benchmarks"),
        str(tree),
        *(
            p
            for p in sys.path
            if Path(p or ".").resolve() not in (ROOT, ROOT / "tests")
        ),
    ]
    os.environ |= {
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
    }
    os.chdir(tree)
    from nbdev.config import get_config
    from nbdev.export import nb_export

    nb_export(tree / page, lib_path=tree / "fixntk")
    if test:
        import pytest

        code = pytest.main(["-xq", "-p", "no:cacheprovider", f"tests/{test}"])
        os._exit(0 if code in (0, 5) else 1)
    from nbdev.test import test_nb

    passed, _ = test_nb(
        tree / page, skip_flags=get_config().tst_flags.split(), basepath=tree
    )
    os._exit(0 if passed else 1)


class Bench:
    "A copy of the repository, in which one mutant at a time is tried."

    # seconds that pages take without a mutant; 0 where they fail
    usual: dict[str, float] = {}

    def __init__(self, folder: Path):
        self.tree = Path(tempfile.mkdtemp(dir=folder)) / "fixntk"
        ignored = shutil.ignore_patterns(
            "__pycache__", ".ipynb_checkpoints", "jupyter_execute"
        )
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            extra = {"ignore": ignored} if (ROOT / name).is_dir() else {}
            self.tree.mkdir(exist_ok=True)
            copy(ROOT / name, self.tree / name, **extra)
        # A mutant may be as long and as new as what it replaces: only the content tells.
        checked = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(self.tree / "fixntk", quiet=2, invalidation_mode=checked)

    def passes(self, page: Path, test: str = "", seconds: float = 900) -> bool:
        start = multiprocessing.get_context("forkserver").Process
        work = start(
            target=child,
            args=(self.tree, page, test, seconds, self.tree.parent / "log.txt"),
        )
        work.start()
        work.join(
            5 * seconds
        )  # the limit is processor time; this one is for what sleeps
        try:
            os.killpg(work.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        work.join()
        return work.exitcode == 0

    def limit(self, page: Path) -> float:
        "Processor seconds that a page may take; 0 if it fails without a mutant."
        name = str(page)
        if name not in self.usual:
            start = time.monotonic()
            passed = self.passes(page)
            self.usual[name] = time.monotonic() - start + 1 if passed else 0
            if not passed:
                log = (self.tree.parent / "log.txt").read_text()[-2000:]
                print(f"{name} fails without a mutant:", log, flush=True)
        return 3 * self.usual[name] + 20 if self.usual[name] else 0

    def judge(self, mutant: Mutant, alone: bool = False) -> str:
        "Who notices: page, the name of a test file, or nobody; `alone` asks the page only and leaves the rest unasked."
        page, cells = pages()[mutant.module]
        saved = {
            path: path.read_text()
            for path in (self.tree / page, self.tree / "fixntk" / f"{mutant.module}.py")
        }
        allowed = self.limit(page)
        if not allowed:
            raise RuntimeError(f"{page} fails without a mutant")
        tests = [] if alone else tests_of(mutant.module)
        notebook = json.dumps(changed(mutant))
        try:
            (self.tree / page).write_text(notebook)
            if not self.passes(page, seconds=allowed):
                return "page"
            for test in tests[:FILES]:  # green without a mutant, as `make test` knows
                if not self.passes(page, test):
                    return test
            return "unasked" if alone else "nobody"
        finally:
            for path, text in saved.items():
                path.write_text(text)


def read_table() -> dict[tuple[str, ...], dict[str, str]]:
    if not TABLE.exists():
        return {}
    with TABLE.open(newline="") as file:
        return {tuple(row[name] for name in KEY): row for row in csv.DictReader(file)}


def write_table(
    rows: dict[tuple[str, ...], dict[str, str]], plan: list[Mutant]
) -> None:
    "What is known of the mutants of the plan, in its order; a broken run leaves a whole table."
    draft = TABLE.with_suffix(".part")
    with draft.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[mutant.key] for mutant in plan if mutant.key in rows)
    draft.replace(TABLE)


def run(plan: list[Mutant], todo: list[Mutant], workers: int, alone: bool) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED.split())
    rows, lock, start = read_table(), threading.Lock(), time.monotonic()
    modules = list(dict.fromkeys(mutant.module for mutant in todo))
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        free = [Bench(Path(folder)) for _ in range(workers)]

        def work(module: str) -> None:
            bench = free.pop()
            for mutant in (m for m in todo if m.module == module):
                begun = time.monotonic()
                killer = bench.judge(mutant, alone)
                with lock:
                    reason = (
                        rows.get(mutant.key, {}).get("reason", "")
                        if killer in ("nobody", "unasked")
                        else ""
                    )
                    rows[mutant.key] = dict(zip(COLUMNS, (*mutant.key, killer, reason)))
                    write_table(rows, plan)
                    told = ("page", "nobody", "unasked")
                    counts[killer if killer in told else "tests"] += 1
                    took = f"{time.monotonic() - begun:.0f} s"
                    print(
                        f"[{counts.total()}/{len(todo)}] {killer}, {took}: {' '.join(mutant.key)}",
                        flush=True,
                    )
            free.append(bench)

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, modules))
    print(dict(counts), f"in {(time.monotonic() - start) / 60:.0f} minutes")


def summary() -> Iterator[str]:
    "The table in markdown: who noticed how many, by floor of the book and by kind of change."
    rows = list(read_table().values())
    floor = lambda row: (
        "engine" if "engine" in str(pages()[row["module"]][0]) else "chapters"
    )
    groups = {"all": rows}
    groups |= {
        name: [r for r in rows if floor(r) == name] for name in ("chapters", "engine")
    }
    groups |= {
        kind: [r for r in rows if r["kind"] == kind]
        for kind in sorted({r["kind"] for r in rows})
    }
    yield "| mutants of | modules | mutants | killed by the page | by tests | survived | tests not asked |"
    yield "|---|---|---|---|---|---|---|"
    for name, found in groups.items():
        page, left, unasked = (
            sum(r["killed_by"] == who for r in found)
            for who in ("page", "nobody", "unasked")
        )
        share = f"{page} ({page / max(len(found), 1):.0%})"
        tests = len(found) - page - left - unasked
        modules = len({r["module"] for r in found})
        yield f"| {name} | {modules} | {len(found)} | {share} | {tests} | {left} | {unasked} |"
    yield "\n| survivor | change | why |\n|---|---|---|"
    for row in rows:
        if row["killed_by"] == "nobody":
            shown = f"`{row['before']}` → `{row['after']}`".replace("|", "\\|")
            yield f"| {row['module']}, {row['where'].partition(':')[0]} | {shown} | {row['reason']} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "modules",
        nargs="*",
        help="their mutants are tried again; none: all that are missing",
    )
    parser.add_argument(
        "--pages", action="store_true", help="ask the pages alone, not the tests"
    )
    parser.add_argument(
        "--survived", action="store_true", help="try what nobody noticed again"
    )
    parser.add_argument(
        "--unpaged", action="store_true", help="try what the page did not notice again"
    )
    parser.add_argument(
        "--list", action="store_true", help="show the chosen mutants and stop"
    )
    parser.add_argument(
        "--table", action="store_true", help="show a summary of the table and stop"
    )
    parser.add_argument(
        "--count", type=int, default=300, help="how many mutants, about (default 300)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    if args.table:
        print("\n".join(summary()))
        return
    if unknown := set(args.modules) - set(pages()):
        parser.error(f"no page exports {', '.join(sorted(unknown))}")
    plan = [
        mutant for found in chosen(args.count, args.seed).values() for mutant in found
    ]
    known = {key: row["killed_by"] for key, row in read_table().items()}
    again = {"page": False, "nobody": args.survived or args.unpaged}
    again["unasked"] = again["nobody"]
    todo = [
        m
        for m in plan
        if (m.module in args.modules or not args.modules)
        and (
            args.modules
            and not (args.survived or args.unpaged)
            or m.key not in known
            or again.get(known[m.key], args.unpaged)
        )
    ]
    if args.list:
        print(
            "\n".join(
                " ".join(mutant.key) for mutant in (todo if args.modules else plan)
            )
        )
    else:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        run(plan, todo, args.workers, args.pages)


if __name__ == "__main__":
    main()
