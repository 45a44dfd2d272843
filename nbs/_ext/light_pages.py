"""Make the pages light: the icons in use, mathematics where there is any, a plotting library once it is in view.

The theme loads 2 MB of icons, MathJax a menu and every page both. Here each finished page is changed as text,
and one style sheet, `icons.css`, is written with the few icons that the pages show. It holds their shapes
itself, so that they show from a folder too, where browsers refuse fonts.
"""

import re
from base64 import b64encode
from io import BytesIO

# Names on the pages; those of the theme's style sheets are found there.
ICONS = """angle-left angle-right arrow-up bars chevron-down circle-half-stroke download expand file file-pdf
list magnifying-glass moon rocket sun xmark""".split()

STATIC = r"[^\"]*_static/"
ICON_LINKS = re.compile(
    rf'<link href="({STATIC})vendor/fontawesome/[^>]*stylesheet" />|<link rel="preload"[^>]*fontawesome[^>]*>'
    r"|<script src=\"[^\"]*fontawesome[^>]*></script>"
)
MATHJAX = re.compile(
    r"\s*<script>window\.MathJax = .*?</script>\s*"
    rf'<script defer="defer" src="({STATIC}mathjax/)tex-chtml\.js[^"]*"></script>'
)
PLOTLY = re.compile(
    rf'<script charset="utf-8" src="({STATIC}plotly\.min\.js)"></script>'
)
DRAWS = re.compile(r"<script>(?=\s*window\.PLOTLYENV)")
THEBE = re.compile(r"\s*<(?:link|script)[^>]*_static/sphinx-thebe[^>]*>(?:</script>)?")
DESIGN = re.compile(
    r"\s*<(?:link|script)[^>]*_static/(?:sphinx-design|design-tabs)[^>]*>(?:</script>)?"
)

# One file with the menu and its 400 kB is what MathJax offers; these are its parts without.
MATH = """
    <script>window.MathJax = {{loader: {{load: ["input/tex", "output/chtml", "a11y/assistive-mml"]}},
      options: {{processHtmlClass: "tex2jax_process|mathjax_process|math|output_area"}}}}</script>
    <script defer="defer" src="{folder}startup.js"></script>"""

# A figure's script is held as text until the figure is near the screen, or the page is printed.
NEAR = """<script>
(function () {{
  var library;
  function bring() {{
    return library = library || new Promise(function (done) {{
      var script = document.createElement("script");
      script.src = "{source}"; script.onload = done; document.head.append(script);
    }});
  }}
  function draw(held) {{
    if (held.drawn) return;
    held.drawn = true;
    bring().then(function () {{
      var script = document.createElement("script");
      script.text = held.text; held.after(script);
    }});
  }}
  document.addEventListener("DOMContentLoaded", function () {{
    var all = document.querySelectorAll("script[data-draws]");
    var watch = new IntersectionObserver(function (seen) {{
      seen.forEach(function (entry) {{
        if (!entry.isIntersecting) return;
        watch.unobserve(entry.target);
        entry.target.querySelectorAll("script[data-draws]").forEach(draw);
      }});
    }}, {{ rootMargin: "300px" }});
    all.forEach(function (held) {{ watch.observe(held.parentElement); }});
    window.addEventListener("beforeprint", function () {{ all.forEach(draw); }});
  }});
}})();
</script>"""


def lighten(text):
    "The page `text` without what it does not use."
    text = ICON_LINKS.sub(
        lambda m: f'<link href="{m[1]}icons.css" rel="stylesheet" />' if m[1] else "",
        text,
    )
    formulas = 'class="math' in text
    text = MATHJAX.sub(lambda m: MATH.format(folder=m[1]) if formulas else "", text)
    text = THEBE.sub("", text)
    if 'class="sd-' not in text:
        text = DESIGN.sub("", text)
    if found := PLOTLY.search(text):
        text = PLOTLY.sub("", DRAWS.sub('<script type="text/plain" data-draws>', text))
        text = text.replace("</head>", NEAR.format(source=found[1]) + "\n</head>", 1)
    return text


def shapes(path, codes):
    "The shapes of the characters `codes` in the font at `path`, as the address of a small font."
    from fontTools import subset

    options = subset.Options(flavor="woff", hinting=False, layout_features=[])
    font = subset.load_font(path, options)
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=[int(code, 16) for code in codes])
    chosen.subset(font)
    held = BytesIO()
    subset.save_font(font, held, options)
    return "data:font/woff;base64," + b64encode(held.getvalue()).decode()


def write_icons(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    static = app.outdir / "_static"
    vendor = next((static / "vendor" / "fontawesome").iterdir())
    rules = (vendor / "css" / "all.min.css").read_text()
    code = {
        name: re.search(rf'\.fa-{name}:before[^{{]*{{content:"\\(\w+)"', rules)[1]
        for name in ICONS
    }
    styles = [
        (static / "styles" / f"{name}.css").read_text()
        for name in ("pydata-sphinx-theme", "sphinx-book-theme")
    ]
    codes = {*code.values(), *re.findall(r'"\\([ef]\w{3})"', " ".join(styles))}
    source = shapes(vendor / "webfonts" / "fa-solid-900.ttf", codes)
    lines = [
        "/* Icons in use, from Font Awesome Free 6.5.2, https://fontawesome.com; icons CC BY 4.0, font SIL OFL 1.1. */",
        f'@font-face {{ font-family: "Font Awesome 6 Free"; font-weight: 900; src: url({source}) format("woff"); }}',
        ':root { --fa-font-solid: normal 900 1em/1 "Font Awesome 6 Free"; --fa-font-regular: var(--fa-font-solid); --fa-font-brands: var(--fa-font-solid); }',
        ".fas, .fa-solid { font: var(--fa-font-solid); display: inline-block; -webkit-font-smoothing: antialiased; text-rendering: auto; }",
        ".fa-lg { font-size: 1.25em; line-height: .05em; vertical-align: -.075em; }",
        *(f'.fa-{name}::before {{ content: "\\{c}"; }}' for name, c in code.items()),
    ]
    (static / "icons.css").write_text("\n".join(lines) + "\n")


def setup(app):
    app.connect("build-finished", write_icons)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
