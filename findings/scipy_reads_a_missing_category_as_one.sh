#!/usr/bin/env bash
# What:  scipy.io.arff.loadarff gives a missing number as nan, but a missing nominal value as b'?', a category that the header does not declare.
# With:  scipy 1.17.1, liac-arff 2.5.0, pandas 2.3.3, scikit-learn 1.9.1, numpy 2.4.6 (Python 3.11 or newer).
# Hurts: who reads tables in ARFF (Weka, OpenML, UCI): imputers and isna() see nothing missing, encoders make a column of "?".
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 liac-arff==2.5.0 pandas==2.3.3 scikit-learn==1.9.1 numpy==2.4.6 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" - <<'P'
import io
from importlib.metadata import version

import arff
import pandas as pd
from scipy.io.arff import loadarff
from sklearn.preprocessing import OneHotEncoder

print(*(f"{name} {version(name)}" for name in ("scipy", "liac-arff", "pandas", "scikit-learn")))
print("Expected: one missing value in each column, and two categories, as the header declares.")
TEXT = """@relation blood
@attribute age numeric
@attribute kind {left,right}
@data
31,left
?,right
54,?
"""
data, meta = loadarff(io.StringIO(TEXT))
ours, others = pd.DataFrame(data), pd.DataFrame(arff.loads(TEXT)["data"], columns=["age", "kind"])
missing = {name: frame.isna().sum().tolist() for name, frame in [("scipy", ours), ("liac-arff", others)]}
kinds = OneHotEncoder().fit(ours[["kind"]]).categories_[0].tolist()
print("missing", missing, "- declared", meta["kind"], "- encoded from scipy's table", kinds)
assert missing == {"scipy": [1, 0], "liac-arff": [1, 1]} and kinds == [b"?", b"left", b"right"], "this has changed"
print("Seen: nan for the number, the bytes of a question mark for the category, and a third column from the encoder.")
P
