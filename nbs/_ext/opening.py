"""A page opens with its question and its picture: folded cells of imports and exports come behind the first picture.

The notebook keeps the order in which it runs; only the page is rearranged, down to its first heading.
"""

from docutils import nodes


def is_cell(node):
    return isinstance(node, nodes.container) and "cell" in node["classes"]


def has_output(cell):
    parts = cell.findall(nodes.container)
    return any("cell_output" in part["classes"] for part in parts)


def picture_first(app, document):
    page = next(document.findall(nodes.section), None)
    if page is None:
        return
    heading = page.first_child_matching_class(nodes.section)
    cells = [node for node in page[:heading] if is_cell(node)]
    shown = next((cell for cell in cells if has_output(cell)), None)
    before = [] if shown is None else cells[: cells.index(shown)]
    if not all("tag_hide-input" in cell["classes"] for cell in before):
        return  # code that is read before the picture stays before it
    for cell in before:
        page.remove(cell)
    place = page.index(shown) + 1 if before else 0
    page[place:place] = before


def setup(app):
    app.connect("doctree-read", picture_first)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
