"""toy.figures.plane_plots: the colour bar says what the loss's logits mean; files are whole."""

import types

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from gan_core import losses
from toy.figures import plane_plots
from toy.measures.coverage import coverage

REAL = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], np.float32)


@pytest.fixture(autouse=True)
def _without_a_screen(monkeypatch):
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def run(loss):
    """A D whose logit rises to the right, and one look."""
    trainer = types.SimpleNamespace(
        loss=losses.by_name(loss), discriminator=lambda x, training: 3.0 * x[:, :1]
    )
    counts = coverage(REAL, REAL, 0.1)
    return trainer, [(0, 0.5 * REAL, counts), (7, REAL, counts)]


def labels(figure):
    return [ax.get_ylabel() for ax in figure.axes if ax.get_label() == "<colorbar>"]


def test_each_panel_is_labelled_by_its_own_loss():
    runs = {"plain": run("non-saturating"), "full": run("relativistic")}
    plain, full = labels(plane_plots.fields_of_d(runs, REAL))
    assert plain == "D(x), probability of real"
    assert "probability" not in full
    assert "differences" in full


@pytest.mark.parametrize("loss", losses.LOSSES)
def test_every_loss_has_a_label(loss):
    label = plane_plots.meaning_of_d(losses.by_name(loss))
    log_odds = loss in ("minimax", "non-saturating")
    assert (label == "D(x), probability of real") == log_odds


def test_the_field_and_the_arrows_point_where_d_rises():
    figure = plane_plots.fields_of_d({"a": run("minimax")}, REAL)
    panel = figure.axes[0]
    field = panel.images[0].get_array()
    assert field[80, 160] > 0.9 > 0.1 > field[80, 0]  # right, left
    np.testing.assert_allclose(field[0], field[160])  # the same above and below
    (arrows,) = [part for part in panel.collections if hasattr(part, "U")]
    np.testing.assert_allclose(arrows.U, plane_plots.span_of(REAL) / 6, rtol=1e-6)
    np.testing.assert_allclose(arrows.V, 0.0, atol=1e-7)


def test_the_figure_over_time_shows_modes_and_quality_of_the_run():
    figure = plane_plots.over_time({"a": run("minimax")}, REAL)
    modes, quality = [ax.lines[0] for ax in figure.axes if ax.lines]
    np.testing.assert_array_equal(modes.get_xydata(), [[0, 3], [7, 3]])
    np.testing.assert_array_equal(quality.get_xydata(), [[0, 100], [7, 100]])
    shown = [ax.get_title() for ax in figure.axes]
    assert shown[:4] == ["a, round 0", "a, round 0", "a, round 0", "a, round 7"]


def test_without_modes_there_is_no_count():
    trainer, looks = run("minimax")
    looks = [(step, samples, None) for step, samples, _ in looks]
    figure = plane_plots.over_time({"a": (trainer, looks)}, REAL)
    assert not figure.axes[4].axison


@pytest.mark.slow
def test_an_animation_is_a_gif_and_a_page_and_leaves_nothing_else(tmp_path, capsys):
    """Two frames of an eighth of a second, with the points of its own rounds."""
    moving = plane_plots.animation([(0, 0.5 * REAL), (5, REAL)], REAL)
    plane_plots.save_animation(moving, tmp_path / "new" / "a.gif")
    assert {file.name for file in (tmp_path / "new").iterdir()} == {"a.gif", "a.html"}
    with Image.open(tmp_path / "new" / "a.gif") as gif:
        assert (gif.format, gif.n_frames, gif.size) == ("GIF", 2, (368, 368))
        first = np.asarray(gif.convert("RGB"))
        gif.seek(1)
        assert gif.info["duration"] == 120  # a GIF counts hundredths
        assert (np.asarray(gif.convert("RGB")) != first).any()
    page = (tmp_path / "new" / "a.html").read_text(encoding="utf-8")
    assert "<script" in page
    assert "a.gif" in capsys.readouterr().out


def test_an_animation_that_fails_leaves_the_older_one(tmp_path):
    (tmp_path / "a.gif").write_bytes(b"older")
    moving = plane_plots.animation([(0, REAL), (1, None)], REAL)  # the second frame cannot be drawn
    with pytest.raises(IndexError):
        plane_plots.save_animation(moving, tmp_path / "a.gif")
    assert (tmp_path / "a.gif").read_bytes() == b"older"
    assert {file.name for file in tmp_path.iterdir()} == {"a.gif"}


def test_the_place_that_every_run_visits_is_the_middle_of_the_close_up():
    places = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]], np.float32)
    near_the_first_two = np.array([[0.1, 0.0], [0.0, 0.1], [2.0, 0.1]], np.float32)
    near_the_second = np.array([[2.1, 0.0], [2.0, 0.0]], np.float32)
    runs = {
        "one": (None, [(1, near_the_first_two, None)]),
        "other": (None, [(1, near_the_second, None)]),
    }
    np.testing.assert_array_equal(plane_plots.most_visited(runs, places, 0.5), [2.0, 0.0])
