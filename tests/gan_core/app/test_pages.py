"""Figures and tables: text in a terminal, one HTML element in a notebook."""

import base64
import re

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from gan_core.app import pages, plots, tables

CAPTION = 'Figure 3.2. Both densities, p < q & "r".'
ALT = "two bell curves"


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would display."""
    texts = []
    monkeypatch.setattr(pages, "in_notebook", lambda: True)
    monkeypatch.setattr(pages, "display", texts.append)
    return texts


def figure():
    made, axes = plt.subplots()
    axes.plot([0.0, 1.0], [0.0, 1.0])
    return made


def test_in_a_terminal_a_figure_is_a_file_and_one_line(tmp_path, capsys):
    made = figure()
    path = tmp_path / "new" / "a.png"
    plots.show(made, path, caption=CAPTION, alt=ALT)
    assert capsys.readouterr().out == f"wrote {path}: {CAPTION}\n"
    assert not plt.fignum_exists(made.number)
    with Image.open(path) as image:
        assert image.text["Title"] == CAPTION
        assert image.text["Description"] == ALT


def test_in_a_notebook_a_figure_is_shown_once_with_caption_and_alt(tmp_path, shown, capsys):
    path = tmp_path / "a.png"
    made = figure()
    plots.show(made, path, caption=CAPTION, alt=ALT)
    (text,) = shown
    data = re.search(r'src="data:image/png;base64,([^"]+)"', text)[1]
    assert base64.b64decode(data) == path.read_bytes()
    assert f'alt="{ALT}"' in text
    assert "<figcaption>Figure 3.2. Both densities, p &lt; q &amp; &quot;r&quot;." in text
    assert capsys.readouterr().out == ""
    assert not plt.fignum_exists(made.number)


def test_animations_and_players_are_shown_too(tmp_path, shown):
    (tmp_path / "a.gif").write_bytes(b"GIF89a")
    (tmp_path / "a.html").write_text("<p>it's</p>", encoding="utf-8")
    plots.show_file(tmp_path / "a.gif", caption=CAPTION, alt=ALT)
    plots.show_file(tmp_path / "a.html", caption=CAPTION, alt=ALT)
    assert "data:image/gif;base64," in shown[0]
    assert 'srcdoc="&lt;p&gt;it&#x27;s&lt;/p&gt;"' in shown[1]
    assert f'title="{ALT}"' in shown[1]


ROWS = [["minimax", 35.2501, 4000], ["[non-saturating]", np.float32(0.07), "0.1 ± 0.2"]]


def test_a_table_in_a_terminal_is_aligned(capsys):
    tables.show(["loss", "sd", "rounds"], ROWS, caption="Table 3.1. Spread.")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Table 3.1. Spread."
    assert [line.split() for line in lines[1:3]] == [
        ["loss", "sd", "rounds"],
        ["minimax", "35.25", "4,000"],
    ]
    assert lines[3].startswith("[non-saturating]")
    assert {len(line.rstrip()) for line in lines[1:]} == {len(lines[1].rstrip())}


def test_a_table_in_a_notebook_is_html(shown):
    tables.show(["loss", "sd <1>", "rounds"], ROWS, caption="Table 3.1. Spread.")
    (text,) = shown
    assert "<caption>Table 3.1. Spread.</caption>" in text
    assert text.count("<tr>") == 3
    assert '<th scope="col">sd &lt;1&gt;</th>' in text
    assert '<td style="text-align: right">35.25</td>' in text


@pytest.mark.parametrize("kind", [int, np.int64, np.int32])
def test_an_integer_is_shown_in_full(kind, capsys):
    tables.show(["data", "samples"], [["faces", kind(123_456)]], caption="Table 3.1. Sizes.")
    assert capsys.readouterr().out.split()[-1] == "123,456"


def test_a_row_that_does_not_fit_is_told():
    with pytest.raises(ValueError, match="rows must have 2 cells"):
        tables.show(["a", "b"], [["x", 1, 2]], caption="Table 1.1.")


def test_no_notebook_here():
    assert not pages.in_notebook()
