"""One PDF of the built book: outline, page numbers, typeset mathematics, links that stay inside.

    python nbs/_ext/book_pdf.py [--engine] [--out FILE] [PAGE ...]

A browser prints each page of `_build/html`, in the order of `nbs/_toc.yml`; the parts are joined here. Without
`--engine` the engine room, a hundred pages of source, stays out. PAGE names some pages only, like 02_kernels.
"""

import argparse
import posixpath
import re
import sys
import time
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urldefrag

import yaml
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, Fit, FloatObject, NameObject

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "tests"))
TITLE = "Fixing the NTK"
PAPER = {"format": "A4", "print_background": True, "tagged": True, "outline": True}
MARGIN = {"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"}

# The page without what is for the screen; code breaks where it would be cut.
LOOK = """
#jb-print-docs-body, .bd-sidebar, .bd-header, .bd-header-article, .bd-footer, .prev-next-footer, .headerlink, .copybtn,
.bd-sidebar-secondary, .pst-skip-link, #pst-back-to-top, details > summary, .toggle-button { display: none !important; }
.bd-main .bd-content .bd-article h1:first-of-type { display: block !important; }
.bd-main .bd-content, .bd-article-container, .bd-article { margin: 0 !important; padding: 0 !important; max-width: none !important; }
html { font-size: 13px !important; } body { color: #000; }
pre { white-space: pre-wrap !important; overflow-wrap: anywhere; font-size: 10px !important; line-height: 1.35; }
.cell_output pre { font-size: 9.5px !important; }
img, svg { max-width: 100% !important; } figure, .output img, .plotly-graph-div, tr, .admonition-title { break-inside: avoid; }
* { transition: none !important; animation: none !important; } .cell_input, .cell_output pre { break-inside: avoid; }
h1, h2, h3, h4 { break-after: avoid; } .bd-main .bd-content table { font-size: .9em; break-inside: auto; } td, th { padding: .2rem .4rem !important; } .pst-scrollable-table-container { overflow: visible !important; }
"""
READY = """async ids => {
  document.documentElement.dataset.theme = "light";
  for (const one of document.querySelectorAll("details")) one.open = true;
  for (const one of document.querySelectorAll(".toggle-hidden")) one.classList.remove("toggle-hidden");
  for (const one of document.querySelectorAll("img[loading=lazy]")) one.loading = "eager";
  window.dispatchEvent(new Event("beforeprint"));
  // The browser notes where a place is only if something on the page leads to it.
  for (const id of ids) if (document.getElementById(id)) {
    const link = document.createElement("a");
    link.href = "#" + id; link.textContent = "."; link.style = "position: absolute; top: 0; left: 0; font-size: 1px; color: white";
    document.body.append(link);
  }
  await document.fonts.ready;
}"""
DRAWN = "[...document.querySelectorAll('.plotly-graph-div')].every(one => one.querySelector('.main-svg'))"


def pages_of(toc, engine):
    "The names of the pages in the order of reading."
    names = [toc["root"]]
    for part in toc["parts"]:
        for chapter in part["chapters"]:
            names.append(chapter["file"])
            names += [one["file"] for one in chapter.get("sections", [])]
    return [name for name in names if engine or not name.startswith("engine/")]


def anchors(names, html):
    "The places on each of the pages that other pages lead to, by their ids."
    ids = {name: set() for name in names}
    for name in names:
        text = (html / f"{name}.html").read_text()
        for path, anchor in re.findall(r'href="([^":#]*)\.html#([^"]+)"', text):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            ids.get(target, set()).add(unquote(anchor))
    return ids


class Printer:
    "A browser, and the book on a local address."

    def __init__(self, playwright, html):
        import get_browser

        class Quiet(SimpleHTTPRequestHandler):
            def log_message(self, *args):
                pass

        path = get_browser.find() or sys.exit(get_browser.REMEDY)
        args = ["--no-sandbox", "--disable-gpu"]
        self.browser = playwright.chromium.launch(executable_path=path, args=args)
        handler = partial(Quiet, directory=str(html))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.site = f"http://127.0.0.1:{self.server.server_port}"
        size = {"width": 658, "height": 980}  # what is left of A4 inside the margins
        self.page = self.browser.new_page(color_scheme="light", viewport=size)
        self.page.emulate_media(media="print")
        self.page.set_default_timeout(300_000)  # a busy machine is no fault
        # On paper the drawn figure stands for the one to drag.
        self.page.route("**/drag.js", lambda route: route.abort())

    def part(self, name, ids):
        "The page `name` as a PDF, and its title."
        self.page.goto(f"{self.site}/{name}.html", wait_until="load")
        if self.page.locator(".math").count():
            self.page.wait_for_function("window.MathJax?.startup?.promise")
            self.page.evaluate("MathJax.startup.promise")
        self.page.add_style_tag(content=LOOK)
        self.page.evaluate(READY, sorted(ids))
        self.page.wait_for_function(DRAWN)
        title = self.page.title().rsplit(" — ", 1)[0]
        return PdfReader(BytesIO(self.page.pdf(margin=MARGIN, **PAPER))), title

    def sheet(self, body):
        "Our own HTML as a PDF."
        self.page.set_content(f"<html lang=en><body>{body}</body></html>")
        return PdfReader(BytesIO(self.page.pdf(**PAPER | {"outline": False})))

    def close(self):
        self.server.shutdown()
        self.browser.close()


def front(site, starts):
    "Title and contents; `starts` has name, title and first page of each part."
    row = "<tr><td><a href='{}/{}.html'>{}</a><td style='text-align: right'>{}"
    rows = "".join(row.format(site, name, escape(t), k) for name, t, k in starts)
    return f"""<style>@page {{ margin: 22mm 20mm }} body {{ font: 12px/1.55 sans-serif; margin: 0 }} a {{ color: #000; text-decoration: none }}
      h1 {{ font-size: 34px; margin: 60mm 0 4mm }} table {{ width: 100%; border-collapse: collapse }}</style>
      <h1>{TITLE}</h1><p style="font-size: 17px">A textbook that runs: gated ReLU networks as certified convex programs</p>
      <h2 style="break-before: page">Contents</h2><table>{rows}</table>"""


def numbers(titles):
    "A sheet a page: the title of its part at the foot, and its number."
    style = "height: 296mm; position: relative; break-after: page; font: 9px sans-serif; color: #444"
    foot = "position: absolute; bottom: 9mm; left: 18mm; right: 18mm; display: flex; justify-content: space-between"
    return "<style>@page { margin: 0 } body { margin: 0 }</style>" + "".join(
        f"<div style='{style}'><div style='{foot}'><span>{escape(title)}</span><span>{k}</span></div></div>"
        for k, title in enumerate(titles, 1)
    )


def places(reader):
    "Where the named places of a part are: page of the part, and height on it."
    found = {}
    for name, place in reader.named_destinations.items():
        page = reader.get_destination_page_number(place)
        found[unquote(name.lstrip("/"))] = (page, float(place.top or 0))
    return found


def add_sections(writer, reader, items, at, above, depth=0):
    "The headings of a part below its title, which the first of them repeats."
    last = above
    for item in items:
        if isinstance(item, list):
            add_sections(writer, reader, item, at, last, depth + 1)
        elif depth:
            words, k = item.title, reader.get_destination_page_number(item)
            half = len(words) // 2  # a heading at a break can come twice
            words = words[:half] if words[:half] == words[half:] else words
            fit = Fit.xyz(0, float(item.top or 842), 0)
            last = writer.add_outline_item(
                title=words, page_number=at + k, parent=above, fit=fit
            )


def relink(writer, site, name_of_page, first, where):
    "Lead links to the book's own pages to their place in the file; the count of those that lead nowhere."
    lost = 0
    for k, page in enumerate(writer.pages):
        for annotation in page.get("/Annots", ArrayObject()):
            link = annotation.get_object()
            address = link.get("/A", {}).get("/URI", "")
            if "/Dest" in link and isinstance(link["/Dest"], str):
                name, anchor = name_of_page[k], unquote(link["/Dest"].lstrip("/"))
            elif str(address).startswith(site):
                path, anchor = urldefrag(str(address)[len(site) + 1 :])
                name, anchor = path.removesuffix(".html"), unquote(anchor)
            else:
                continue
            link.pop("/A", None)
            link.pop("/Dest", None)
            if name not in first:
                lost += 1
                continue
            number, top = where[name].get(anchor, (0, 842.0))
            target = writer.pages[first[name] + number].indirect_reference
            fit = [NameObject("/XYZ"), FloatObject(0), FloatObject(top), FloatObject(0)]
            link[NameObject("/Dest")] = ArrayObject([target, *fit])
    return lost


def make(names, out, html=HTML):
    "Print `names`, join them, write `out`; pages, links lost."
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        printer = Printer(playwright, html)
        ids = anchors(names, html)
        parts = [(name, *printer.part(name, ids[name])) for name in names]
        where = {name: places(reader) for name, reader, _ in parts}

        def opening(before):
            "Title and contents, if they take `before` pages."
            at, starts = before, []
            for name, reader, title in parts:
                starts.append((name, title, at + 1))
                at += len(reader.pages)
            return printer.sheet(front(printer.site, starts)), starts

        before = len(opening(2)[0].pages)
        sheet, starts = opening(before)
        writer = PdfWriter()
        writer.append(sheet, import_outline=False)
        writer.add_outline_item(title="Contents", page_number=before - 1)
        for name, reader, title in parts:
            at = len(writer.pages)
            writer.append(reader, import_outline=False)
            chapter = writer.add_outline_item(title=title, page_number=at)
            add_sections(writer, reader, reader.outline, at, chapter)
        first = {name: start - 1 for name, _, start in starts}
        owners, titles = [""] * before, [TITLE] * before
        for name, reader, title in parts:
            owners += [name] * len(reader.pages)
            titles += [title] * len(reader.pages)
        lost = relink(writer, printer.site, owners, first, where)
        feet = printer.sheet(numbers(titles))
        for page, foot in list(zip(writer.pages, feet.pages))[1:]:
            page.merge_page(foot)
            page.compress_content_streams()  # joined, they stand unpacked
        printer.close()
    writer.add_metadata({"/Title": TITLE, "/Author": "fixntk contributors"})
    writer.root_object[NameObject("/PageMode")] = NameObject("/UseOutlines")
    writer.root_object[NameObject("/MarkInfo")] = DictionaryObject()
    writer.compress_identical_objects()
    writer.write(out)
    return len(writer.pages), lost


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="some pages only, like 02_kernels")
    parser.add_argument("--engine", action="store_true", help="the engine room too")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "fixntk.pdf")
    args, start = parser.parse_args(), time.time()
    toc = yaml.safe_load((ROOT / "nbs" / "_toc.yml").read_text())
    names = args.pages or pages_of(toc, args.engine)
    pages, lost = make(names, args.out)
    size = args.out.stat().st_size / 1e6
    print(f"{args.out}: {pages} pages, {size:.1f} MB, {time.time() - start:.0f} s")
    print(
        f"{lost} links lead to pages that are not in it" if lost else "every link holds"
    )


if __name__ == "__main__":
    main()
