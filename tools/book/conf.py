"""Sphinx's settings for the book; `python -m tools.book` copies them."""

import docutils.nodes
from latex2mathml.converter import convert

project = "Inside BigModel"
author = "The authors of Inside BigModel"
extensions = ["myst_nb"]
exclude_patterns = ["originals"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

html_theme = "sphinx_book_theme"
html_title = "Inside BigModel"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_js_files = [
    (name, {"defer": "defer"})
    for name in ("live.js", "classroom.js", "theme.js")
]
html_copy_source = False
html_show_search_summary = False  # it would have to fetch every page
html_show_sourcelink = False
html_show_copyright = False
html_last_updated_fmt = None
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_navbar_depth": 1,
    "show_toc_level": 1,
    "home_page_in_toc": True,
    "navbar_start": [],
    "navbar_center": [],
    "navbar_end": [],
    "navbar_persistent": [],
}
html_context = {"default_mode": "auto"}


# Formulas become MathML, which browsers draw themselves: no script, no font
# and no network, and screen readers read it.
def inline(self, node):
    self.body.append(convert(node.astext()))
    raise docutils.nodes.SkipNode


def block(self, node):
    self.body.append(
        f'<div class="formula">{convert(node.astext(), display="block")}</div>'
    )
    raise docutils.nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))


html_math_renderer = "mathml"
