"""Pictures of the plane: what D thinks of every point, where it pushes the samples, how training went."""

import matplotlib.animation
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from gan_core.app import plots


def over_time(runs: dict, real):
    """For each run, (trainer, [(round, samples, Coverage or None)]): four snapshots, and the modes found.

    real [n, 2]: drawn behind the samples.
    """
    plots.use_style()
    figure, axes = plt.subplots(len(runs), 5, figsize=(15, 3.2 * len(runs)), squeeze=False)
    for row, (name, (_, seen)) in zip(axes, runs.items(), strict=True):
        last = len(seen) - 1
        for panel, index in zip(row, (0, last // 8, last // 3, last), strict=False):
            step, samples, _ = seen[index]
            plots.points(panel, real, samples, span_of(real))
            panel.set(title=f"{name}, round {step:,}")
        row[0].legend(loc="upper right", markerscale=4, fontsize="small")
        if seen[0][2] is not None:
            steps = [step for step, _, _ in seen]
            row[4].plot(
                steps,
                [counts.modes for _, _, counts in seen],
                color=plots.FAKE,
                label="modes found",
            )
            row[4].set(xlabel="round", ylabel="modes with a good sample", ylim=(0, None))
            quality = row[4].twinx()
            quality.plot(
                steps,
                [100 * counts.high_quality for _, _, counts in seen],
                color=plots.OTHERS[0],
                ls="--",
            )
            quality.set_ylabel("% high quality (dashed)", color=plots.OTHERS[0])
            quality.set_ylim(0, 102)
            quality.grid(False)
        else:
            row[4].axis("off")
    return figure


def fields_of_d(runs: dict, real, arrows: int = 150):
    """For each run: D's probability of real over the plane, and the push on some samples.

    An arrow points where D's logit rises fastest from that sample, which is where G is told to
    move it; its length is the gradient's, the longest a sixth of the picture's half width.
    """
    plots.use_style()
    figure, axes = plt.subplots(1, len(runs), figsize=(6.4 * len(runs), 5.4), squeeze=False)
    span = span_of(real)
    ticks = np.linspace(-span, span, 161, dtype=np.float32)
    points = tf.constant(np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2))
    for panel, (name, (trainer, seen)) in zip(axes[0], runs.items(), strict=True):
        shown = tf.sigmoid(trainer.discriminator(points, training=False)).numpy().reshape(161, 161)
        image = panel.imshow(
            shown, extent=(-span, span, -span, span), origin="lower", cmap="cividis", vmin=0, vmax=1
        )
        samples = seen[-1][1][:1000]
        push = _slope(trainer.discriminator, samples[:arrows])
        push *= span / 6.0 / max(np.linalg.norm(push, axis=1).max(), 1e-12)
        panel.scatter(*real[:1000].T, s=5, lw=0, color=plots.REAL, label="real")
        panel.scatter(*samples.T, s=5, lw=0, color=plots.FAKE, label="generated")
        panel.quiver(
            *samples[:arrows].T,
            *push.T,
            color="white",
            angles="xy",
            scale_units="xy",
            scale=1,
            width=0.004,
        )
        panel.set(
            xlim=(-span, span),
            ylim=(-span, span),
            xlabel="x₁",
            ylabel="x₂",
            title=name,
            aspect="equal",
        )
        panel.grid(False)
        panel.legend(loc="upper right", markerscale=4, fontsize="small")
    figure.colorbar(image, ax=axes[0].tolist(), label="D(x), probability of real", shrink=0.85)
    return figure


def span_of(real) -> float:
    """Half the width of a square picture around 0 that holds the data with a margin."""
    return 1.25 * float(np.abs(real).max())


def _slope(discriminator, samples):
    x = tf.constant(samples)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(discriminator(x, training=False))
    return tape.gradient(total, x).numpy()


def animation(frames, real):
    """The samples of `frames`, a list of (round, samples [n, 2]), over the real points."""
    plots.use_style()
    figure, axes = plt.subplots(figsize=(4.6, 4.6))
    plots.points(axes, real[:1000], frames[0][1], span_of(real))
    axes.legend(loc="upper right", markerscale=3)
    dots = axes.collections[1]

    def draw(frame):
        step, samples = frame
        dots.set_offsets(samples)
        axes.set_title(f"round {step:,}")
        return dots, axes.title

    return matplotlib.animation.FuncAnimation(figure, draw, frames=frames, interval=120)


def save_animation(moving, path) -> None:
    """Write the GIF at `path`, and beside it a self-contained HTML player with a slider."""
    path.parent.mkdir(parents=True, exist_ok=True)
    moving.save(path, writer=matplotlib.animation.PillowWriter(fps=8), dpi=80)
    html = path.with_suffix(".html")
    html.write_text(moving.to_jshtml(fps=8), encoding="utf-8")
    plt.close(moving._fig)
    print(f"wrote {path} and {html}")
