"""Words become links, and links that lead nowhere are found."""

import pytest

pytest.importorskip("pybtex", reason="needs the extra book")

from docs.book import bibliography, links

CHAPTERS = {1, 3}
LABELS = {"Goodfellow et al. 2014", "Kingma and Ba 2015"}


def linked(text, here=1):
    return links.link(text, CHAPTERS, LABELS, here)


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("chapter 3", "ch03.html"),
        ("Chapter 3", "ch03.html"),
        ("Figure 3.12", "ch03.html#figure-3-12"),
        ("Table 1.2", "ch01.html#table-1-2"),
        ("section 3.4", "ch03.html#section-3-4"),
        ("equation (1.5)", "ch01.html#equation-1-5"),
    ],
)
def test_words_become_links(words, address):
    assert linked(f"See {words}.") == f'See <a href="{address}">{words}</a>.'


@pytest.mark.parametrize("words", ["section 3.1", "Table 1.2", "equation (1.5)", "chapter 3"])
def test_a_number_of_another_work_leads_nowhere(words):
    assert linked(f"(see {words} of the paper)") == f"(see {words} of the paper)"
    assert linked(f"(see {words} of\nthe paper)") == f"(see {words} of\nthe paper)"


def test_citations_lead_to_the_bibliography():
    assert linked("[Goodfellow et al. 2014; Kingma and Ba 2015]") == (
        '[<a href="bibliography.html#goodfellow-et-al-2014">Goodfellow et al. 2014</a>; '
        '<a href="bibliography.html#kingma-and-ba-2015">Kingma and Ba 2015</a>]'
    )


@pytest.mark.parametrize(
    "text", ["`chapter 9`", "```\nchapter 9\n```", "$chapter 9$", "# chapter 9"]
)
def test_code_formulas_and_headings_stay_as_they_are(text):
    assert linked(text) == text


def test_a_chapter_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="chapter 1 names chapter 9"):
        linked("see chapter 9")


def test_a_source_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"cites \[Nobody 1999\]"):
        linked("[Nobody 1999]")


def test_sections_and_equations_can_be_led_to():
    assert '<a id="section-3-2"></a>' in linked("## 3.2 Why")
    assert '<a id="equation-3-1"></a>' in linked("$$x = y \\tag{3.1}$$")


def test_what_leads_nowhere_is_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#x">b</a><a href="c.html">c</a><img src="b.html">'
    )
    (tmp_path / "b.html").write_text('<p id="y">b</p><a href="https://elsewhere.example/">e</a>')
    assert links.broken(tmp_path) == [
        "a.html: 1 pictures without alt text",
        "a.html: b.html#x leads to no place of b.html",
        "a.html: c.html leads to no file",
    ]


def test_each_source_has_a_label_and_an_anchor():
    sources = bibliography.read()
    assert "Goodfellow et al. 2014" in sources
    page = bibliography.page(sources)
    for label in sources:
        assert f'<a id="{links.slug(label)}"></a>**{label}.**' in page
