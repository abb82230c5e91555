"""Figures of the plane: D's output at every point, its gradient at samples, samples over time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import matplotlib.animation
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from gan_core import files
from gan_core.app import plots
from gan_core.losses import GANLoss
from gan_core.trainer import GANTrainer
from toy.measures.coverage import Coverage

Look = tuple[int, np.ndarray, Coverage | None]  # round, samples [n, 2], what they cover
Run = tuple[GANTrainer, Sequence[Look]]

FRAMES_A_SECOND = 8
FIELD_SIDE = 161  # points of the field of D, each way
MEANINGS = {  # of sigma(logit), by what the loss says its logits mean
    "log-odds": "D(x), probability of real",
    "score": "σ(logit): higher is more real, not a probability",
    "pair": "σ(logit): differences between points count, not values",
}


def over_time(runs: dict[str, Run], real: np.ndarray) -> Figure:
    """Four snapshots of each run, and the modes found over the rounds.

    Args:
        runs: title -> (trainer, looks); a row of the figure each.
        real: [n, 2], drawn behind the samples.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    figure, axes = plt.subplots(len(runs), 5, figsize=(15, 3.2 * len(runs)), squeeze=False)
    for row, (title, (_, looks)) in zip(axes, runs.items(), strict=True):
        *panels, counts = row
        last = len(looks) - 1
        for panel, index in zip(panels, (0, last // 8, last // 3, last), strict=True):
            step, samples, _ = looks[index]
            plots.points(panel, real, samples, span_of(real))
            panel.set(title=f"{title}, round {step:,}")
        panels[0].legend(loc="upper right", markerscale=4, fontsize="small")
        _draw_counts(counts, looks)
    return figure


def _draw_counts(axes: Axes, looks: Sequence[Look]) -> None:
    """Draw modes found (left scale) and high quality (right scale), if there are modes."""
    if looks[0][2] is None:
        axes.axis("off")
        return
    steps = [step for step, _, _ in looks]
    modes = [counts.modes for _, _, counts in looks]
    quality = [100.0 * counts.high_quality for _, _, counts in looks]
    axes.plot(steps, modes, color=plots.FAKE, label="modes found")
    axes.set(xlabel="round", ylabel="modes with a good sample", ylim=(0, None))
    right = axes.twinx()
    right.plot(steps, quality, color=plots.OTHERS[0], ls="--")
    right.set_ylabel("% high quality (dashed)", color=plots.OTHERS[0])
    right.set_ylim(0, 102)
    right.grid(False)


def fields_of_d(runs: dict[str, Run], real: np.ndarray, arrows: int = 150) -> Figure:
    """For each run: sigma of D's logit over the plane, and D's gradient at some samples.

    The label of the colour bar says what sigma(logit) means under the run's loss. An arrow is the
    gradient of D's logit at a sample, the direction in which G's loss moves it. The longest arrow
    has a sixth of the picture's half width.

    Args:
        runs: title -> (trainer, looks); a panel each.
        real: [n, 2], of which the first 1,000 are drawn.
        arrows: how many samples get one.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    figure, axes = plt.subplots(1, len(runs), figsize=(6.8 * len(runs), 5.4), squeeze=False)
    for panel, (title, (trainer, looks)) in zip(axes[0], runs.items(), strict=True):
        _, samples, _ = looks[-1]
        image = _draw_field(panel, trainer.discriminator, span_of(real))
        panel.scatter(*real[:1000].T, s=5, lw=0, color=plots.REAL, label="real")
        panel.scatter(*samples[:1000].T, s=5, lw=0, color=plots.FAKE, label="generated")
        _draw_push(panel, trainer.discriminator, samples[:arrows], span_of(real))
        panel.set(title=title, xlabel="x₁", ylabel="x₂")
        panel.grid(False)
        panel.legend(loc="upper right", markerscale=4, fontsize="small")
        figure.colorbar(image, ax=panel, label=meaning_of_d(trainer.loss), shrink=0.85)
    return figure


def last_samples(runs: dict[str, Run], real: np.ndarray) -> Figure:
    """The samples at the end of each run, over the real ones.

    Args:
        runs: title -> (trainer, looks); a panel each.
        real: [n, 2], drawn behind the samples.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    figure, axes = plt.subplots(1, len(runs), figsize=(5.2 * len(runs), 5.6), squeeze=False)
    for panel, (title, (_, looks)) in zip(axes[0], runs.items(), strict=True):
        step, samples, _ = looks[-1]
        plots.points(panel, real, samples, span_of(real))
        panel.set(title=f"{title}, round {step:,}")
    axes[0, 0].legend(loc="upper right", markerscale=4, fontsize="small")
    return figure


def around_a_point(
    runs: dict[str, Run], real: np.ndarray, point: np.ndarray, half_width: float, moments: int = 4
) -> Figure:
    """The last few looks at each run, in a small square of the plane.

    Args:
        runs: title -> (trainer, looks); a row of the figure each.
        real: [n, 2], drawn behind the samples.
        point: [2], the middle of the square.
        half_width: half the side of the square, in the data's units.
        moments: how many of the last looks are drawn, a column each.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    figure, axes = plt.subplots(
        len(runs), moments, figsize=(3.2 * moments, 3.3 * len(runs)), squeeze=False
    )
    left, bottom = point - half_width
    right, top = point + half_width
    for row, (title, (_, looks)) in zip(axes, runs.items(), strict=True):
        for panel, (step, samples, _) in zip(row, looks[-moments:], strict=False):
            plots.points(panel, real, samples)
            panel.set(xlim=(left, right), ylim=(bottom, top), title=f"round {step:,}")
        row[0].set_ylabel(f"{title}\nx₂")
    axes[0, 0].legend(loc="upper right", markerscale=4, fontsize="small")
    return figure


def most_visited(runs: dict[str, Run], places: np.ndarray, radius: float) -> np.ndarray:
    """The place near which every run has samples at its end, if there is one.

    Args:
        runs: title -> (trainer, looks).
        places: [k, 2].
        radius: how near, in the data's units.

    Returns:
        [2], the place for which the smallest count over the runs is largest.
    """
    counts = []
    for _, looks in runs.values():
        _, samples, _ = looks[-1]
        distances = np.linalg.norm(samples[:, np.newaxis] - places, axis=2)
        counts.append((distances < radius).sum(axis=0))
    return places[np.argmax(np.min(counts, axis=0))]


def clouds(samples: dict[str, np.ndarray], span: float) -> Figure:
    """Several sets of real points side by side.

    Args:
        samples: title -> points [n, 2]; a panel each.
        span: half the width of each panel, in the data's units.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    figure, axes = plt.subplots(
        1, len(samples), figsize=(3.6 * len(samples), 4.4), sharey=True, squeeze=False
    )
    for panel, (title, points) in zip(axes[0], samples.items(), strict=True):
        panel.scatter(*points.T, s=4, lw=0, color=plots.REAL, alpha=0.5)
        panel.set(title=title, xlabel="x₁", aspect="equal", xlim=(-span, span), ylim=(-span, span))
    axes[0, 0].set_ylabel("x₂")
    return figure


def _draw_field(axes: Axes, discriminator: tf.Module, span: float) -> Any:
    """sigma of D's logit as colour over the square of half width `span`. -> the image."""
    ticks = np.linspace(-span, span, FIELD_SIDE, dtype=np.float32)
    across, up = np.meshgrid(ticks, ticks)
    places = tf.constant(np.stack([across.ravel(), up.ravel()], axis=1))
    field = tf.sigmoid(discriminator(places, training=False)).numpy()
    image = axes.imshow(
        field.reshape(FIELD_SIDE, FIELD_SIDE),
        extent=(-span, span, -span, span),
        origin="lower",
        cmap="cividis",
        vmin=0,
        vmax=1,
    )
    axes.set(xlim=(-span, span), ylim=(-span, span), aspect="equal")
    return image


def _draw_push(axes: Axes, discriminator: tf.Module, samples: np.ndarray, span: float) -> None:
    """The gradient of D's logit at each sample, as an arrow."""
    push = _slope(discriminator, samples)
    longest = np.linalg.norm(push, axis=1).max()
    push *= span / 6.0 / max(longest, 1e-12)
    axes.quiver(
        *samples.T,
        *push.T,
        color="white",
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.004,
    )


def meaning_of_d(loss: GANLoss) -> str:
    """What sigma of a logit means under this loss, for the label of an axis.

    Args:
        loss: a GANLoss; its `logits` is "log-odds", "score" or "pair".

    Returns:
        A label.
    """
    return MEANINGS[loss.logits]


def span_of(real: np.ndarray) -> float:
    """Half the width of a square picture around 0 that holds the data with a margin.

    Args:
        real: [n, 2].

    Returns:
        1.25 times the largest coordinate, in the data's units.
    """
    return 1.25 * float(np.abs(real).max())


def _slope(discriminator: tf.Module, samples: np.ndarray) -> np.ndarray:
    """The gradient of D's logit with respect to each sample: [n, 2] -> [n, 2]."""
    x = tf.constant(samples)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(discriminator(x, training=False))
    return tape.gradient(total, x).numpy()


def animation(
    frames: Sequence[tuple[int, np.ndarray]], real: np.ndarray
) -> matplotlib.animation.FuncAnimation:
    """The samples over the rounds, drawn over the real points.

    Args:
        frames: (round, samples [n, 2]), in order, at least one.
        real: [n, 2], of which the first 1,000 are drawn.

    Returns:
        An animation for `save_animation`.
    """
    plots.use_style()
    figure, axes = plt.subplots(figsize=(4.6, 4.6))
    _, first = frames[0]
    plots.points(axes, real[:1000], first, span_of(real))
    axes.legend(loc="upper right", markerscale=3)
    dots = axes.collections[1]

    def draw(frame: tuple[int, np.ndarray]) -> tuple:
        step, samples = frame
        dots.set_offsets(samples)
        axes.set_title(f"round {step:,}")
        return dots, axes.title

    return matplotlib.animation.FuncAnimation(figure, draw, frames=frames, interval=120)


class _GifWriter(matplotlib.animation.AbstractMovieWriter):
    """Writes the frames as a GIF into a file that is open already.

    Matplotlib's own writer opens a file itself, and wants its name to end in .gif, which the
    temporary file beside an output does not.
    """

    def __init__(self, file: BinaryIO):
        super().__init__(fps=FRAMES_A_SECOND)
        self.file = file
        self.frames: list[Image.Image] = []

    def setup(self, fig: Figure, outfile: Path, dpi: float | None = None) -> None:
        """Note the figure and its size; `outfile` names the folder, and nothing is opened."""
        super().setup(fig, outfile, dpi)

    def grab_frame(self, **options: Any) -> None:
        """Draw the figure as it is now, and keep the picture."""
        pixels = io.BytesIO()
        self.fig.savefig(pixels, format="rgba", dpi=self.dpi, **options)
        picture = Image.frombytes("RGBA", self.frame_size, pixels.getvalue())
        self.frames.append(picture.convert("RGB"))

    def finish(self) -> None:
        """Write all frames."""
        first, *others = self.frames
        milliseconds = 1000 // FRAMES_A_SECOND
        first.save(
            self.file,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=milliseconds,
            loop=0,
        )


def save_animation(moving: matplotlib.animation.FuncAnimation, path: Path) -> None:
    """Write the GIF at `path`, and beside it a self-contained HTML player with a slider.

    Args:
        moving: what `animation` gave; its figure is closed.
        path: the GIF; missing folders are made. The player has the same name with .html.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_atomically(path, lambda file: moving.save(path, _GifWriter(file), dpi=80))
    html = path.with_suffix(".html")
    files.text_atomically(html, moving.to_jshtml(fps=FRAMES_A_SECOND))
    if "inline" not in plt.get_backend():  # a notebook shows its last frame
        plt.close(moving._fig)
    print(f"wrote {path} and {html}")
