"""Count chapters from zero, as the notebooks do: 03_masks is Chapter 3 and holds Theorem 3.1.

Sphinx numbers sections from one and offers no start value. This runs right after it has numbered sections and
figures and lowers the first part of each number by one.
"""

from docutils import nodes


def lower(number):
    return (number[0] - 1, *number[1:]) if number else number


def count_from_zero(app, env):
    for title in env.titles.values():
        if title.get("secnumber"):
            title["secnumber"] = lower(title["secnumber"])
    for toc in env.tocs.values():
        for link in toc.findall(nodes.reference):
            if link.get("secnumber"):
                link["secnumber"] = lower(link["secnumber"])
    for sections in env.toc_secnumbers.values():
        sections.update({anchor: lower(number) for anchor, number in sections.items()})
    for document, kinds in env.toc_fignumbers.items():
        if env.titles[document].get("secnumber"):  # pages without a number count their figures from one
            for numbers in kinds.values():
                numbers.update({label: lower(number) for label, number in numbers.items()})
    return []


def setup(app):
    app.connect("env-get-updated", count_from_zero, priority=900)  # after the collectors, at 500
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
