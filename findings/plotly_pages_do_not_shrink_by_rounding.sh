#!/usr/bin/env bash
# What:  rounding the numbers of a figure no longer makes its page smaller: from plotly 6 on arrays travel as their bytes in base64, 8 for each number.
# With:  plotly 6.0.0 and 7.1.0 against 5.24.1, numpy 2.4.6 (Python 3.11 or newer).
# Hurts: who publishes papers and books with interactive kernels or surfaces and rounds to save the reader's download: float32 halves, rounding does nothing.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat >"$work/size.py" <<'P'
import sys

import numpy as np
import plotly
import plotly.graph_objects as go

K = np.cov(np.random.default_rng(0).standard_normal((100, 400)))
forms = {"as it is": K, "rounded to three digits": K.round(3), "float32": K.astype(np.float32), "a list, rounded": K.round(3).tolist()}
sizes = {name: len(go.Figure(go.Heatmap(z=table)).to_json()) for name, table in forms.items()}
print("plotly", plotly.__version__, "numpy", np.__version__, *(f"- {name}: {size // 1000} kB" for name, size in sizes.items()))
raw, rounded, single, listed = sizes.values()
old = plotly.__version__.startswith("5.")
seen = rounded < raw / 2 if old else abs(rounded / raw - 1) < 0.05 and single < 0.6 * raw
sys.exit(0 if seen else "this has changed")
P
echo "Expected: a number with three digits takes less room than one with seventeen."
for plotly in 5.24.1 6.0.0 7.1.0; do
  "${PYTHON:-python3}" -m venv "$work/$plotly"
  "$work/$plotly/bin/pip" install -q --disable-pip-version-check "plotly==$plotly" numpy==2.4.6 \
    || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
  "$work/$plotly/bin/python" "$work/size.py"
done
echo "Seen: less than half with plotly 5, nothing with 6 and 7. Give float32, or lists."
