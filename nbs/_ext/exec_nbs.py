"""Run the chapters, several at a time, and keep their outputs for the book.

    python nbs/_ext/exec_nbs.py [--committed FOLDER] [--inplace [--slow]] [NOTEBOOK ...]

What ran goes to `_build/.jupyter_cache`, where `jupyter-book build nbs` finds it and so runs nothing again;
a chapter whose code and package have not changed since is not run. Cells marked slow keep the outputs that
are committed, unless `--slow` runs them. `--committed engine` shows the engine room with the outputs that are
committed: `make test` has just run it. `--inplace` runs every chapter named (all if none is) and writes
the outputs into the notebooks themselves.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbdev_directives import read

NBS = Path(__file__).resolve().parents[1]


def run(path, slow):
    "Run one chapter in its own kernel: the notebook with outputs, the seconds, the traceback (empty if it passed)."
    nb, start = read(path.read_text(), slow), time.time()
    client = NotebookClient(
        nb,
        kernel_name="python3",
        timeout=None,
        coalesce_streams=True,  # what a cell prints is one block, however it arrives
        record_timing=False,  # it would go into the cells' metadata, and with them into the key of the cache
        skip_cells_with_tag="skip-execution",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return nb, time.time() - start, str(error)
    return nb, time.time() - start, ""


def write_outputs(path, done):
    "Write the outputs of `done` into the notebook at `path`, which keeps its `#|` lines and metadata."
    nb = nbformat.read(path, as_version=4)
    for cell, ran in zip(nb.cells, done.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs = ran.outputs
    nbformat.write(nb, path)


def is_cached(cache, path, committed=False):
    "Whether the book has outputs of this page: of a run, or, if these will do, the committed ones."
    try:
        record = cache.match_cache_notebook(read(path.read_text()))
    except KeyError:
        return False
    return committed or record.data["execution_seconds"] > 0


def keep(cache, path, nb, seconds):
    "Put a notebook with outputs where `jupyter-book build` finds it."
    cache.cache_notebook_bundle(
        CacheBundleIn(nb, str(path), data={"execution_seconds": seconds}),
        check_validity=False,
        overwrite=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "paths", nargs="*", help="notebooks; all of the book if none is named"
    )
    parser.add_argument(
        "--inplace", action="store_true", help="write the outputs into the notebooks"
    )
    parser.add_argument(
        "--slow",
        action="store_true",
        help="with --inplace: run the cells marked slow too",
    )
    parser.add_argument(
        "--committed",
        metavar="FOLDER",
        help="show the pages of this folder with the outputs that are committed",
    )
    args = parser.parse_args()
    if args.slow and not args.inplace:
        parser.error(
            "--slow goes with --inplace: the book shows the committed outputs of slow cells"
        )
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # several chapters at a time: one BLAS thread each
    paths = [Path(o).resolve() for o in args.paths] or sorted(
        [*NBS.glob("*.ipynb"), *NBS.glob("engine/*.ipynb")]
    )
    cache, failed = get_cache(str(NBS.parent / "_build" / ".jupyter_cache")), 0
    shown = [p for p in paths if p.parent.name == args.committed]
    todo = [p for p in paths if args.inplace or not is_cached(cache, p, p in shown)]
    for path in [p for p in todo if p in shown]:
        keep(cache, path, read(path.read_text()), 0.0)
        todo.remove(path)
    print(
        f"{len(todo)} of {len(paths)} notebooks to run"
        if todo
        else "Every notebook has run since its last change",
        flush=True,
    )
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {pool.submit(run, path, args.slow): path for path in todo}
        for i, job in enumerate(as_completed(jobs), 1):
            path, (nb, seconds, error) = jobs[job], job.result()
            print(
                f"[{i}/{len(jobs)}] {'FAILED' if error else 'passed'} {path.name} {seconds:.1f}s",
                flush=True,
            )
            if error:
                failed += 1
                print(error, file=sys.stderr)
                continue
            if args.inplace:
                write_outputs(path, nb)
                nb = read(path.read_text())
            keep(cache, path, nb, seconds)
    sys.exit(f"{failed} of {len(todo)} notebooks failed" if failed else 0)


if __name__ == "__main__":
    main()
