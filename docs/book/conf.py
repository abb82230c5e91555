"""Sphinx's settings. `python -m docs.book` copies this file beside the pages that it writes."""

import os

project = "GANs from first principles"
author = "The authors of GANs from first principles"
language = "en"
default_role = "code"  # `word` in a docstring
html_show_copyright = False

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "docs.book.docstrings",
    "docs.book.formulas",
]
nb_execution_mode = "off"  # docs.book.execute has run the notebooks
myst_enable_extensions = ["dollarmath", "deflist", "attrs_inline"]
myst_dmath_double_inline = True
myst_heading_anchors = 3
suppress_warnings = ["misc.highlighting_failure"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sourcelink = False
templates_path = []
mathjax_path = "mathjax/tex-svg.js"  # one file with its glyphs: no font is loaded
mathjax3_config = {
    "tex": {"tags": "none"},
    "options": {"enableMenu": False},
}
html_theme_options = {"navigation_with_keys": True}

nb_render_markdown_format = "myst"
nb_number_source_lines = False
html_context = {"colab": os.environ.get("GAN_BOOK_COLAB", "")}
