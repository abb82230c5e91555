"""The sources: references.bib -> labels such as "Goodfellow et al. 2014", and the page of them."""

from __future__ import annotations

from pathlib import Path

from pybtex.database import BibliographyData, Entry, parse_file

from docs.book import links

FILE = Path(__file__).with_name("references.bib")


def read(file: Path = FILE) -> dict[str, Entry]:
    """{label: entry} in the order of labels.

    Raises:
        ValueError: if two sources have the same label.
    """
    entries: BibliographyData = parse_file(str(file), bib_format="bibtex")
    found: dict[str, Entry] = {}
    for key, entry in entries.entries.items():
        label = label_of(entry)
        if label in found:
            raise ValueError(f"docs.book: {key} has the label {label}, which another source has.")
        found[label] = entry
    return dict(sorted(found.items()))


def label_of(entry: Entry) -> str:
    """Names and year: one author, two with "and", or the first "et al."

    A field `label` in the entry takes its place, where two sources would have the same one.
    """
    if "label" in entry.fields:
        return entry.fields["label"]
    names = [" ".join([*person.prelast_names, *person.last_names]) for person in _authors(entry)]
    if len(names) == 1:
        who = names[0]
    elif len(names) == 2:
        who = f"{names[0]} and {names[1]}"
    else:
        who = f"{names[0]} et al."
    return f"{_plain(who)} {entry.fields['year']}"


def page(sources: dict[str, Entry]) -> str:
    """Markdown: an item for each source, with an anchor and, where there is one, its address."""
    items = [_item(label, entry) for label, entry in sources.items()]
    return "# Bibliography\n\n" + "\n".join(items) + "\n"


def _item(label: str, entry: Entry) -> str:
    fields = entry.fields
    names = [str(person) for person in _authors(entry)]
    where = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or ""
    title = f"*{_plain(fields['title'])}*"
    address = fields.get("url") or (f"https://doi.org/{fields['doi']}" if "doi" in fields else "")
    if address:
        title = f"[{title}]({address})"
    parts = [_plain("; ".join(names)), fields["year"], title, _plain(where)]
    text = ". ".join(part for part in parts if part)
    return f'- <a id="{links.slug(label)}"></a>**{label}.** {text}.'


def _authors(entry: Entry) -> list:
    return entry.persons.get("author") or entry.persons.get("editor") or []


def _plain(text: str) -> str:
    """Without the braces and accents of BibTeX."""
    from pybtex.richtext import Text

    return str(Text.from_latex(text))
