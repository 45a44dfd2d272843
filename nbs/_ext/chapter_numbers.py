"""Number chapters as the notebooks are: 03_masks is Chapter 3 and holds Theorem 3.1.

Sphinx numbers sections from one in the order of the table of contents. This runs right after it has numbered
sections and figures, and puts the notebook's own number in the place of the first part.
"""

from docutils import nodes


def renumber(chapter, numbers):
    return {
        label: (chapter, *number[1:]) if number else number
        for label, number in numbers.items()
    }


def number_as_named(app, env):
    for document, title in env.titles.items():
        if not title.get("secnumber"):
            continue
        chapter = int(document[:2])
        for link in [title, *env.tocs[document].findall(nodes.reference)]:
            if link.get("secnumber"):
                link["secnumber"] = (chapter, *link["secnumber"][1:])
        env.toc_secnumbers[document] = renumber(
            chapter, env.toc_secnumbers.get(document, {})
        )
        for numbers in env.toc_fignumbers.get(document, {}).values():
            numbers.update(renumber(chapter, numbers))
    return []


def setup(app):
    app.connect(
        "env-get-updated", number_as_named, priority=900
    )  # after the collectors, at 500
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
