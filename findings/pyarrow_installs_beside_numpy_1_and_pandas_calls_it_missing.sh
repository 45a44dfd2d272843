#!/usr/bin/env bash
# What:  pyarrow 26 installs beside numpy 1.26 and `pip check` is content, but it refuses to start; pandas then says that pyarrow is not installed.
# With:  pyarrow 26.0.1, pandas 2.2.2, numpy 1.26.4 (Python 3.10 to 3.12).
# Hurts: who holds numpy below 2 for an old package, reads Parquet or Feather, and is told to install what is there.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' || { echo "numpy 1.26.4 has no wheels for this Python"; exit 2; }
"$python" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check numpy==1.26.4 pandas==2.2.2 pyarrow==26.0.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
echo "Expected: a resolver that accepts three packages, and a read that works or names the version that is too old."
"$work/env/bin/pip" check
"$work/env/bin/python" - "$work/t.parquet" <<'P'
import sys
from importlib.metadata import requires, version

import pandas as pd

print({name: version(name) for name in ("numpy", "pandas", "pyarrow")})
numpy_asked = [line for line in requires("pyarrow") or [] if line.startswith("numpy") and "extra" not in line]
print("pyarrow asks for numpy in its metadata:", numpy_asked or "no")
said = {}
for name, call in (("pyarrow", lambda: __import__("pyarrow")), ("pandas", lambda: pd.DataFrame({"a": [1]}).to_parquet(sys.argv[1]))):
    try:
        call()
        said[name] = "works"
    except ImportError as error:
        said[name] = str(error)
    print(f"{name}: {said[name].splitlines()[-1][:120]}")
changed = numpy_asked or "NumPy 2.0 or newer" not in said["pyarrow"] or "Missing optional dependency 'pyarrow'" not in said["pandas"]
assert not changed, "this has changed"
print("Seen: installed, refused at import for its numpy, and reported as missing.")
P
