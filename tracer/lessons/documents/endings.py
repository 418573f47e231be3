"""What the names of documents end in."""

MARKDOWN_ENDINGS = (".md", ".markdown", ".mdown", ".mkd", ".qmd", ".rmd")
NOTEBOOK_ENDING = ".ipynb"
ENDINGS = (*MARKDOWN_ENDINGS, NOTEBOOK_ENDING)
"""Files that are read as documents."""
