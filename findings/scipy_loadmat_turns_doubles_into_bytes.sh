#!/usr/bin/env bash
# What:  loadmat gives a double array of MATLAB as uint8 if its numbers are small and whole, and -X then wraps; mat_dtype=True mends that, and cuts complex numbers to real.
# With:  scipy 1.17.1, numpy 2.4.6 (Python 3.11 or newer), on two files that MATLAB 7.4 wrote, of SciPy's own tests.
# Hurts: who reads data sets kept as .mat (images, outlier benchmarks, old UCI copies): differences of samples and of labels come out modulo 256.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" -W ignore - <<'P'
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scipy
from scipy.io import loadmat

print(*(f"{name} {version(name)}" for name in ("scipy", "numpy")))
print("Expected: a matrix that was double in MATLAB, which stores doubles, is float64 in Python.")
kept = Path(scipy.__file__).parent / "io" / "matlab" / "tests" / "data"
read = lambda name, **how: loadmat(kept / f"test{name}_7.4_GLNX86.mat", **how)[f"test{name}"]
whole, double = read("3dmatrix"), read("3dmatrix", mat_dtype=True)
print(f"of type {double.dtype} in MATLAB, {whole.dtype} here; the numbers are {whole.min()} to {whole.max()}")
print("its first two numbers:", whole.ravel()[:2].tolist(), "and their negatives:", (-whole).ravel()[:2].tolist())
complexes, cut = read("complex"), read("complex", mat_dtype=True)
print(f"complex numbers: {complexes.dtype}; with mat_dtype=True: {cut.dtype}, imaginary parts up to {abs(complexes.imag).max():.3g} are gone")
assert (whole.dtype, double.dtype) == (np.uint8, np.float64) and (-whole).min() > 200, "this has changed"
assert complexes.dtype == np.complex128 and cut.dtype == np.float64 and abs(complexes.imag).max() == 1, "this has changed"
print("Seen: the type of storage. Ask for .astype(float) before the first minus.")
P
