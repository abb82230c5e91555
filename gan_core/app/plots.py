"""The colours and the few figures that all chapters share.

Real data always has one colour and generated data the other, in every figure of the project. Both
are of the palette of Okabe and Ito, which people with any colour vision can tell apart.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import seaborn

REAL = "#0072B2"  # blue
FAKE = "#D55E00"  # vermilion
DISCRIMINATOR = "#000000"  # D, and D* dashed
OTHERS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # further curves: green, purple, orange, sky


def use_style() -> None:
    """The look of all figures: white, a light grid, readable at half size."""
    seaborn.set_theme(
        context="notebook",
        style="whitegrid",
        palette=[REAL, FAKE, *OTHERS],
        rc={
            "figure.dpi": 110,
            "savefig.dpi": 110,
            "figure.constrained_layout.use": True,
            "axes.titlesize": "medium",
            "legend.frameon": True,
        },
    )


def save(figure, path) -> Path:
    """Write the figure as PNG (folders are made) and close it; a notebook has shown it by then."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    if "inline" not in plt.get_backend():
        plt.close(figure)
    print(f"wrote {path}")
    return path


def loss_curves(rows, title: str = ""):
    """What `fit` returns, over rounds: both losses on the left, D(x) and D(G(z)) on the right."""
    use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
    left.plot(rows["step"], rows["d_loss"], color=REAL, lw=1, label="D's loss")
    left.plot(rows["step"], rows["g_loss"], color=FAKE, lw=1, label="G's loss")
    left.set(xlabel="round", ylabel="loss", title=title)
    right.plot(rows["step"], rows["d_real"], color=REAL, lw=1, label="D(x), real")
    right.plot(rows["step"], rows["d_fake"], color=FAKE, lw=1, label="D(G(z)), generated")
    right.axhline(0.5, color="0.4", lw=1, ls=":", label="cannot tell")
    right.set(xlabel="round", ylabel="mean probability of real", ylim=(0, 1))
    left.legend()
    right.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=3, fontsize="small", frameon=False
    )
    return figure


def histograms(axes, real, fake, bins=60, span=None) -> None:
    """The densities of real [n] and generated [m] numbers, drawn into axes with common bins.

    span: the ends of the bins, by default those of the numbers. What lies beyond is not drawn, and
    counts all the same.
    """
    low, high = span or (min(np.min(real), np.min(fake)), max(np.max(real), np.max(fake)))
    edges = np.linspace(low, high, bins + 1)
    for numbers, colour, label in ((real, REAL, "real"), (fake, FAKE, "generated")):
        each = np.full(
            len(numbers), bins / (len(numbers) * (high - low))
        )  # density=True would forget the rest
        axes.hist(numbers, edges, weights=each, color=colour, alpha=0.5, label=label)
    axes.set(xlabel="x", ylabel="density")


def discriminator(axes, x, learned, best=None) -> None:
    """D, a probability, over x: the learned one, the best one if it is known, and the line of one half."""
    axes.plot(x, learned, color=DISCRIMINATOR, lw=1.8, label="D, learned")
    if best is not None:
        axes.plot(x, best, color=DISCRIMINATOR, lw=1.2, ls="--", label="D*, the best")
    axes.axhline(0.5, color="0.4", lw=1, ls=":", label="one half: cannot tell")


def points(axes, real, fake, span: float | None = None) -> None:
    """Real [n, 2] and generated [m, 2] points, drawn into axes of equal scales."""
    axes.scatter(*np.asarray(real).T, s=4, lw=0, color=REAL, alpha=0.5, label="real")
    axes.scatter(*np.asarray(fake).T, s=4, lw=0, color=FAKE, alpha=0.5, label="generated")
    axes.set(xlabel="x₁", ylabel="x₂", aspect="equal")
    if span is not None:
        axes.set(xlim=(-span, span), ylim=(-span, span))
