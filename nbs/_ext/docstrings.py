"""Docstrings say |x|, a * b and coef_; reStructuredText would take bars, stars and last underscores for markup."""

import re

LITERAL_OR_MARK = re.compile(r"(``.*?``)|([|*]|(?<=\w)_(?!\w))")


def escape(app, what, name, obj, options, lines):
    lines[:] = [
        LITERAL_OR_MARK.sub(lambda m: m[1] or "\\" + m[2], line) for line in lines
    ]


def skip(app, what, name, obj, skip, options):
    "scikit-learn adds set_fit_request and the like to every estimator; its own manual explains them."
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app):
    app.connect("autodoc-skip-member", skip)
    app.connect(
        "autodoc-process-docstring", escape, priority=400
    )  # before numpydoc, at 500
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
