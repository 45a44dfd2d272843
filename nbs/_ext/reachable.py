"""Names and keys for readers who do not see the page or use no mouse: what the theme leaves out.

Colours are mended in `_assets/book.css`; boxes that scroll get their place among the keys in `_assets/reach.js`.
"""

import re

MENDS = (
    # A name that is not what the reader sees cannot be spoken to: the words inside are the name.
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    (
        re.compile(r'(search-button-field[^>]*?) title="Search" aria-label="Search"'),
        r"\1",
    ),
    # An arrow alone is no name.
    (
        re.compile(r'<summary>(?=<span class="toctree-toggle")'),
        '<summary aria-label="Pages of this part">',
    ),
    (
        re.compile(r'<th class="head"><p></p></th>'),
        '<th class="head"><p class="visually-hidden">row</p></th>',
    ),
    # The items of a list say so; what they were called is no longer in use.
    (re.compile(r'role="doc-biblioentry"'), 'role="listitem"'),
    # The page of results holds the field of the search dialogue once more.
    (
        re.compile(r'(id="search-input".*?)id="search-input"', re.S),
        r'\1id="search-field"',
    ),
)


def mend(text):
    for found, instead in MENDS:
        text = found.sub(instead, text)
    return text
