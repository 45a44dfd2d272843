#!/usr/bin/env bash
# What:  relucent's Complex.bfs(nworkers=1) works in a second process, so time.process_time() sees a part of what it costs.
# With:  relucent 1.0.0, gurobipy 13.0.3, numpy 2.4.6, scipy 1.17.1 (Python 3.11).
# Hurts: who times enumerations of regions by the processor, with one worker for fairness, and believes the clock of the calling process.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check relucent==1.0.0 gurobipy==13.0.3 numpy==2.4.6 scipy==1.17.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
cat >"$work/time.py" <<'P'
import os
import time
from importlib.metadata import version

import numpy as np
import relucent


def main():
    print("relucent", version("relucent"), "numpy", np.__version__)
    print("Expected: with one worker the search runs in the calling process, and its processor time is all there is.")
    rng = np.random.default_rng(0)
    W, b = rng.standard_normal((20, 2)), rng.standard_normal(20)
    complex = relucent.Complex(relucent.convert([(W, b), (np.ones((1, 20)), np.zeros(1))]))
    own, before = time.process_time(), os.times()
    complex.bfs(nworkers=1, verbose=0)
    own, after = time.process_time() - own, os.times()
    others = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"{len(complex)} regions; seconds of this process {own:.2f}, of its children {others:.2f}")
    assert len(complex) == 211 and others > own, "this has changed"
    print("Seen: most of the work is done by a child. Add os.times().children_user, or measure the wall.")


if __name__ == "__main__":
    main()
P
"$work/env/bin/python" "$work/time.py"
