#!/usr/bin/env bash
# What:  MKLpy's kernel_normalization(K) overwrites K if K is a tensor, not if it is an array; tracenorm and kernel_centering never do.
# With:  MKLpy 0.6, torch 2.13.0, numpy 2.4.6, scikit-learn 1.9.1 (Python 3.11).
# Hurts: who compares raw with normalised kernels: the second run of "raw" is on normalised ones. (MKLpy's own kernels are tensors.)
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check MKLpy==0.6 torch==2.13.0 numpy==2.4.6 scikit-learn==1.9.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" - <<'P' 2>/dev/null
from importlib.metadata import version

import numpy as np
import torch
from MKLpy.preprocessing import kernel_centering, kernel_normalization, tracenorm

print("MKLpy", version("MKLpy"), "torch", torch.__version__, "numpy", np.__version__)
print("Expected: a function that returns the changed kernel leaves the one it was given as it was.")
raw = np.array([[4.0, 2.0], [2.0, 9.0]])
kept = {}
for change in (kernel_centering, tracenorm, kernel_normalization):
    for kind in (np.array, torch.tensor):
        K = kind(raw.tolist(), dtype=torch.float64 if kind is torch.tensor else float)
        change(K)
        kept[change.__name__, kind.__name__] = bool(np.array_equal(np.asarray(K), raw))
for (name, kind), same in kept.items():
    print(f"{name:22} of {'an array' if kind == 'array' else 'a tensor'}: {'kept' if same else 'overwritten'}")
assert [key for key, same in kept.items() if not same] == [("kernel_normalization", "tensor")], "this has changed"
print("Seen: one of six is overwritten. Pass K.clone().")
P
