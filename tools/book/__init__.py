"""The course as a book in the browser: `python -m tools.book`, `make book`.

`pages` makes a page of every notebook, `frames` draws each live figure at
its sliders' positions, Sphinx (its settings: conf.py) makes the site, and
static/live.js moves the figures there without a kernel.
"""
