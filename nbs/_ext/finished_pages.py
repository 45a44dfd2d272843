"""Change each page as text, after the templates and before it is written: light, and for every reader."""

from light_pages import lighten
from reachable import mend
from sphinx.jinja2glue import BuiltinTemplateLoader


class FinishedPages(BuiltinTemplateLoader):
    def render(self, template, context):
        text = super().render(template, context)
        return mend(lighten(text)) if "</head>" in text else text


def setup(app):
    app.config.template_bridge = "finished_pages.FinishedPages"
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
