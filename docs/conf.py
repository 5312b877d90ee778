"""Sphinx: Markdown pages, every link between them checked (`make docs`)."""

from importlib.metadata import version as installed_version

project = "mramcim"
author = "The mramcim authors"
release = version = installed_version("mramcim")
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"page_width": "60rem", "sidebar_width": "15rem", "fixed_sidebar": True}
html_show_copyright = False
