"""One colour for real and one for generated everywhere; figures show the numbers they were
given.
"""

import functools
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gan_core.app import plots

NUMBERS = np.random.default_rng(0)
ROWS = {
    "step": np.array([1, 2, 3]),
    "d_loss": np.array([1.4, 1.2, 1.3]),
    "g_loss": np.array([0.7, 0.8, 0.9]),
    "d_real": np.array([0.5, 0.6, 0.7]),
    "d_fake": np.array([0.5, 0.4, 0.3]),
    "accuracy": np.array([0.5, 0.6, 0.7]),
}


@pytest.fixture(autouse=True)
def _close_all():
    with mpl.rc_context():
        yield
    plt.close("all")


@pytest.fixture
def axes():
    return plt.subplots()[1]


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def test_the_two_colours_are_those_of_the_palette_for_any_eye():
    """Okabe and Ito's blue and vermilion."""
    assert (plots.REAL, plots.FAKE) == ("#0072B2", "#D55E00")
    assert len({plots.REAL, plots.FAKE, plots.DISCRIMINATOR, *plots.OTHERS}) == 3 + len(
        plots.OTHERS
    )


def test_the_style_begins_with_real_and_fake():
    plots.use_style()
    cycle = [entry["color"] for entry in plt.rcParams["axes.prop_cycle"]]
    assert [to_rgb(colour) for colour in cycle[:2]] == [to_rgb(plots.REAL), to_rgb(plots.FAKE)]
    assert plt.rcParams["figure.constrained_layout.use"]


def test_save_makes_the_folder_the_png_and_closes_the_figure(tmp_path, capsys):
    figure, _ = plt.subplots()
    path = plots.save(figure, tmp_path / "deep" / "down" / "figure.png")
    assert path == tmp_path / "deep" / "down" / "figure.png"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == f"wrote {path}\n"
    assert plt.get_fignums() == []


@pytest.mark.parametrize("write", [plots.save, functools.partial(plots.show, caption="", alt="")])
def test_a_figure_is_written_whole_or_not_at_all(write, tmp_path, monkeypatch):
    path = tmp_path / "figure.png"
    path.write_bytes(b"the older one")

    def full(figure, place, **options):
        Path(place).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(plt.Figure, "savefig", full)
    with pytest.raises(OSError, match="No space left"):
        write(plt.figure(), path)
    assert [file.name for file in tmp_path.iterdir()] == ["figure.png"]
    assert path.read_bytes() == b"the older one"


def test_loss_curves_show_both_losses_and_both_answers_of_d():
    figure = plots.loss_curves(ROWS, title="ring")
    left, right = figure.axes
    assert left.get_title() == "ring"
    for axes, label, name, colour in (
        (left, "D's loss", "d_loss", plots.REAL),
        (left, "G's loss", "g_loss", plots.FAKE),
        (right, "D(x), real", "d_real", plots.REAL),
        (right, "D(G(z)), generated", "d_fake", plots.FAKE),
    ):
        line = lines(axes)[label]
        np.testing.assert_array_equal(line.get_xdata(), ROWS["step"])
        np.testing.assert_array_equal(line.get_ydata(), ROWS[name])
        assert to_rgb(line.get_color()) == to_rgb(colour)
    assert list(lines(right)["cannot tell"].get_ydata()) == [0.5, 0.5]
    assert right.get_ylim() == (0.0, 1.0)
    assert all(
        axes.get_legend() is not None and axes.get_xlabel() == "round" for axes in figure.axes
    )
    figure.canvas.draw()


def test_histograms_are_densities_over_common_bins(axes):
    real = NUMBERS.normal(size=500)
    fake = NUMBERS.normal(2.0, 3.0, size=80)
    plots.histograms(axes, real, fake, bins=20)
    bins = np.linspace(min(real.min(), fake.min()), max(real.max(), fake.max()), 21)
    for bars, numbers, colour in zip(
        axes.containers, (real, fake), (plots.REAL, plots.FAKE), strict=True
    ):
        heights = [bar.get_height() for bar in bars]
        widths = [bar.get_width() for bar in bars]
        assert np.dot(heights, widths) == pytest.approx(1.0)
        expected, edges = np.histogram(numbers, bins, density=True)
        np.testing.assert_allclose(heights, expected)
        np.testing.assert_allclose([bar.get_x() for bar in bars], edges[:-1])
        assert to_rgb(bars[0].get_facecolor()[:3]) == to_rgb(colour)
    assert axes.get_legend_handles_labels()[1] == ["real", "generated"]


def test_histograms_can_be_given_their_span(axes):
    plots.histograms(axes, np.array([0.0, 1.0]), np.array([0.5, 50.0]), bins=4, span=(-1.0, 3.0))
    assert [bar.get_x() for bar in axes.containers[0]] == [-1.0, 0.0, 1.0, 2.0]


def test_points_lie_where_they_are_on_equal_scales(axes):
    real = NUMBERS.normal(size=[7, 2])
    fake = NUMBERS.normal(size=[5, 2])
    plots.points(axes, real, fake, span=4.0)
    for dots, numbers, colour in zip(
        axes.collections, (real, fake), (plots.REAL, plots.FAKE), strict=True
    ):
        np.testing.assert_array_equal(dots.get_offsets(), numbers)
        assert to_rgb(dots.get_facecolor()[0][:3]) == to_rgb(colour)
    assert axes.get_aspect() == 1.0
    assert axes.get_xlim() == axes.get_ylim() == (-4.0, 4.0)


def test_points_take_lists_and_leave_the_span_open(axes):
    plots.points(axes, [[0.0, 0.0], [10.0, 0.0]], [[5.0, 5.0]])
    assert axes.get_xlim()[1] > 9.0


@pytest.mark.parametrize(("columns", "wanted"), [(None, 3), (2, 2)])
def test_one_legend_below_has_the_lines_of_a_panel_side_by_side(columns, wanted):
    figure, (left, right) = plt.subplots(1, 2, layout="constrained")
    for name in ("a", "b", "c"):
        left.plot([0, 1], label=name)
    right.plot([0, 1], label="of the other panel")
    plots.legend_below(figure, left, columns)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", "c"]
    assert legend._ncols == wanted
    figure.canvas.draw()
    box = legend.get_window_extent()
    assert box.y1 < left.get_window_extent().y0
