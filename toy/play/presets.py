"""Five games that each show one lesson of the chapters."""

from __future__ import annotations

import dataclasses

from toy.play.settings import Settings


@dataclasses.dataclass(frozen=True)
class Preset:
    """A game and the words that explain what to look for.

    Args:
        title: one or two words.
        chapter: where the lesson is explained.
        see: what happens, in one line.
        then: what to change, and what happens then.
        settings: the game.
        speed: one of `toy.play.worker.SPEEDS`.
    """

    title: str
    chapter: int
    see: str
    then: str
    settings: Settings
    speed: str = "full"


PRESETS = {
    "saturation": Preset(
        "Saturation",
        4,
        "G starts far away and D is certain. The minimax loss then has almost no gradient for G.",
        "Choose the non-saturating loss: its gradient is largest there, and G reaches the data.",
        Settings(
            target="normal",
            loss="minimax",
            optimizer="SGD",
            g_rate=0.02,
            d_rate=0.3,
            g_hidden=(),
            d_hidden=(32,),
            latent_dim=1,
            start=-8.0,
        ),
        "steady",
    ),
    "spiral": Preset(
        "Spiral",
        2,
        "Both players take their steps at the same time, and G's mean swings wider and wider.",
        "Choose alternating steps: the swings keep their width. Add R1: they die out.",
        Settings(
            target="normal",
            loss="wasserstein",
            update="simultaneous",
            optimizer="SGD",
            g_rate=0.1,
            d_rate=0.1,
            gamma=0.3,
            g_hidden=(),
            d_hidden=(),
            latent_dim=1,
        ),
        "steady",
    ),
    "collapse": Preset(
        "Collapse",
        6,
        "A plain GAN on the ring finds modes and loses them again, and D becomes steeper.",
        "Choose the penalty R1 and R2: the gradient at a sample stays near 1; none is thrown far.",
        Settings(target="ring", loss="non-saturating", gamma=0.03),
    ),
    "bridges": Preset(
        "Bridges",
        4,
        "G finds all eight modes, but as it is continuous, some samples lie between the modes.",
        "Add eight coin flips to z: z then has separate parts, and fewer samples lie between.",
        Settings(target="ring", loss="relativistic", penalty="R1 and R2", gamma=0.03, average=0.99),
    ),
    "recipe": Preset(
        "The full recipe",
        6,
        "Penalties, a relativistic loss, falling rates, fading noise, an average, coin flips.",
        "After 10,000 rounds G finds 25 of 25 modes. Remove one part of the recipe, start again.",
        Settings(
            target="grid",
            loss="relativistic",
            penalty="R1 and R2",
            gamma=0.03,
            noise=0.5,
            fall=10_000,
            bits=12,
            average=0.995,
        ),
    ),
}
