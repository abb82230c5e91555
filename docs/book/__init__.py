"""The web book: chapters, executed, as linked HTML pages that need no network.

pip install -e '.[book]'
python -m docs.book            the whole book -> docs/book/_build/html/index.html
python -m docs.book --check    two chapters in full, the rest with small configurations
"""
