"""How Sphinx builds the documentation: `make docs`."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
# the networks of the examples are too small for more threads; before torch is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(HERE))

import benchmark_tables  # noqa: E402
from sphinx_gallery.sorting import ExplicitOrder  # noqa: E402

import skdropout  # noqa: E402

project = "skdropout"
author = "the skdropout developers"
copyright = author
version = release = skdropout.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "mathml",
]
html_math_renderer = "mathml"
exclude_patterns = ["_build", "_generated/benchmarks.md", "_generated/backreferences", "_templates"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 2
templates_path = ["_templates"]

autosummary_generate = True
autodoc_default_options = {
    "members": True,
    # what other libraries document is left to them
    "inherited-members": "BaseEstimator,RegressorMixin,ClassifierMixin,TransformerMixin,"
    "MultiOutputMixin,Module,Callback,tuple",
}
autodoc_typehints = "none"  # the docstrings say more
numpydoc_show_class_members = False

TASKS = [
    "how_much_dropout",
    "what_is_learnt",
    "act_together",
    "how_sure",
    "missing_columns",
    "work_with_others",
]
sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples"),
    "subsection_order": ExplicitOrder([f"../examples/{task}" for task in TASKS]),
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "reset_modules": ("matplotlib", "quiet.before_example"),
    "reference_url": {"skdropout": None},
    "doc_module": ("skdropout",),
    "backreferences_dir": "_generated/backreferences",
    "abort_on_example_error": False,
    "only_warn_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 0,
    "plot_gallery": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "skdropout"
html_static_path = ["_static"]
html_css_files = ["skdropout.css"]
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "pygments_light_style": "tango",
}
html_sidebars = {"index": [], "benchmarks": [], "get_started": [], "which_estimator": []}
html_show_sourcelink = False


def _skip_foreign(app, what, name, obj, skip, options):
    """Leave out what other libraries document."""
    is_request = name.startswith("set_") and name.endswith("_request")
    owner = (getattr(obj, "__module__", None) or project).partition(".")[0]
    return True if is_request or owner not in (project, "builtins") else skip


def setup(app):
    """Write what is made from other files, and register what Sphinx asks."""
    benchmark_tables.write(HERE.parent / "benchmarks", HERE / "_generated" / "benchmarks.md")
    app.connect("autodoc-skip-member", _skip_foreign)
