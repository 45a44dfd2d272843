"""Tie each numbered statement to the cells that check it, both ways, and give printed claims a box of their own.

A code cell with the tag `checks-thm-weights-ntk` checks the statement of that label: the box names the cell and the
cell names the box. `prf:claim` is for what the paper prints and what does not hold: a theorem's box would lend it weight.
"""

from docutils import nodes
from sphinx_proof import nodes as proof
from sphinx_proof.directive import DEFAULT_REALTYP_TO_COUNTERTYP, ElementDirective

TAG = "tag_checks-"


class claim_node(nodes.Admonition, nodes.Element):
    "A statement of the paper that does not hold as printed."


class ClaimDirective(ElementDirective):
    name = "claim"


def link(text, label):
    return nodes.reference("", text, internal=True, refid=label)


def line(*parts):
    "A paragraph of words and links."
    words = [nodes.Text(part) if isinstance(part, str) else part for part in parts]
    return nodes.paragraph("", "", *words, classes=["checks"])


def joined(links):
    "Links with commas and an 'and' between them."
    between = [", "] * (len(links) - 2) + [" and "] * (len(links) > 1)
    return [links[0], *(part for pair in zip(between, links[1:]) for part in pair)]


def tie(app, document, docname):
    "Name the checks in the boxes and the boxes in the checks."
    numbers = app.env.toc_fignumbers.get(docname, {})
    admonitions = document.findall(nodes.Admonition)
    boxes = {box["label"]: box for box in admonitions if "realtype" in box}
    found = {}
    for cell in list(document.findall(nodes.container)):
        tags = [name for name in cell["classes"] if name.startswith(TAG)]
        labels = [name.removeprefix(TAG) for name in tags]
        if not labels or "cell" not in cell["classes"]:
            continue
        names = {"Checks ": [], "Refutes ": []}
        for label in labels:
            box = boxes[label]
            places = found.setdefault(label, [])
            places.append(f"check-{len(places) + 1}-{label}")
            cell["ids"].append(places[-1])
            number = numbers.get(box["countertype"], {}).get(label, ())
            word = f"{box['realtype'].title()} {'.'.join(map(str, number))}"
            way = "Refutes " if box["realtype"] == "claim" else "Checks "
            names[way].append(link(word, label))
        for way, links in names.items():
            if links:
                cell.insert(0, line(way, *joined(links)))
    for label, places in found.items():
        word = "Refuted" if boxes[label]["realtype"] == "claim" else "Checked"
        names = [f"cell {k}" for k in range(1, len(places) + 1)]
        names = names if len(places) > 1 else ["a cell"]
        boxes[label].append(
            line(f"{word} in ", *joined(list(map(link, names, places))))
        )


def setup(app):
    app.setup_extension("sphinx_proof")
    DEFAULT_REALTYP_TO_COUNTERTYP["claim"] = "claim"
    proof.NODE_TYPES["claim"] = claim_node
    drawn = (proof.visit_enumerable_node, proof.depart_enumerable_node)
    app.add_enumerable_node(claim_node, "claim", None, html=drawn, latex=drawn)
    app.add_directive_to_domain("prf", "claim", ClaimDirective)
    app.connect("doctree-resolved", tie)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
