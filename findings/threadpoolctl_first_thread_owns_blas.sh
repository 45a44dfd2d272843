#!/bin/sh
# What: after ThreadpoolController().limit(...) without "with" (even restored), a threadpool_limits block in another thread does nothing. Documented.
# Versions: threadpoolctl 3.8.0 with numpy 2.4.6 (OpenBLAS with pthreads, Linux wheels); with threadpoolctl 3.5.0 the block works.
# Hurts: programs that set a limit once, or set and restore it by hand, and later limit BLAS inside worker threads.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat > "$folder/try.py" <<'PROGRAM'
import os
import sys
import threading
from importlib.metadata import version

import numpy  # noqa: F401  brings OpenBLAS
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
if (os.cpu_count() or 1) < 2 or not blas or blas[0]["num_threads"] < 2:
    sys.exit("cannot be tried: BLAS has one thread here, so there is nothing to limit")
if blas[0].get("threading_layer") != "pthreads":
    sys.exit(f"cannot be tried: it is about OpenBLAS with pthreads, and BLAS here is {blas[0]}")


def threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"][0]


def work():
    with threadpool_limits(1):
        found.append(threads())


found = []
before = threads()
limit = ThreadpoolController().limit(limits=1)  # in the main thread, without "with"
limit.restore_original_limits()
assert threads() == before
worker = threading.Thread(target=work)
worker.start()
worker.join()
print(f"threadpoolctl {version('threadpoolctl')}, numpy {version('numpy')}, Python {sys.version.split()[0]}")
print("  expected: 1 thread inside 'with threadpool_limits(1)' in a worker thread")
print(f"  came:     {found[0]} of {before}")
sys.exit(0 if (found[0] == 1) == (sys.argv[1] == "works") else 3)
PROGRAM

try() {  # version, and "works" or "fails": what it does there
    "${PYTHON:-python3}" -m pip install -q --disable-pip-version-check --target "$folder/$1" "threadpoolctl==$1" "numpy==2.4.6" \
        || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
    code=0
    env -u OPENBLAS_NUM_THREADS -u OMP_NUM_THREADS PYTHONPATH="$folder/$1" "${PYTHON:-python3}" "$folder/try.py" "$2" || code=$?
    case $code in
        0) ;;
        3) echo "changed: threadpoolctl $1 behaves otherwise"; exit 1 ;;
        *) exit 2 ;;
    esac
}

try 3.5.0 works
try 3.8.0 fails
echo "as described"
