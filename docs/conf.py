"""How Sphinx builds the documentation site; `scripts/build_docs.py` calls it."""

from importlib import metadata

project = "defaultmode"
author = "The defaultmode developers"
project_copyright = "the defaultmode developers; BSD-3-Clause"
release = metadata.version("defaultmode")

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
exclude_patterns = ["examples"]
nitpicky = True

html_theme = "furo"
html_title = "defaultmode"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {
    "footer_icons": [],
    "announcement": "Research use only: not a medical device; "
    "not for diagnosis or treatment decisions.",
}
