"""A page opens with its question and its picture: folded cells of imports and exports come behind the first picture.

The notebook keeps the order in which it runs; only the page is rearranged, down to its first heading.
"""

from docutils import nodes


def is_cell(node):
    return isinstance(node, nodes.container) and "cell" in node["classes"]


def has_output(cell):
    return any(
        "cell_output" in part["classes"] for part in cell.findall(nodes.container)
    )


def picture_first(app, document):
    page = next(document.findall(nodes.section), None)
    if page is None:
        return
    cells = [node for node in page.children if is_cell(node)]
    heading = page.first_child_matching_class(nodes.section) or len(page)
    cells = [cell for cell in cells if page.index(cell) < heading]
    pictures = [cell for cell in cells if has_output(cell)]
    if not pictures:
        return
    before = cells[: cells.index(pictures[0])]
    folded = [cell for cell in before if "tag_hide-input" in cell["classes"]]
    for cell in folded:
        page.remove(cell)
    place = page.index(pictures[0]) + 1
    page[place:place] = folded


def setup(app):
    app.connect("doctree-read", picture_first)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
