"""Five games that each show one lesson of the chapters."""

from __future__ import annotations

import dataclasses

from toy.play.settings import Settings


@dataclasses.dataclass(frozen=True)
class Preset:
    """A game, and what to see in it.

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
        "G starts far away, D is sure, and the minimax loss has no slope there: nothing moves.",
        "Choose the non-saturating loss: it pushes hardest where D is sure, and G arrives.",
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
        "Both players step at once, each to its own advantage, and the mean swings ever wider.",
        "Choose alternating steps: the swings stay as wide as they are. Add R1: they die out.",
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
        "A plain GAN on the ring: modes are found and lost again, while D grows ever steeper.",
        "Choose the penalty R1 and R2: the push on a sample stays near 1, and nothing is thrown.",
        Settings(target="ring", loss="non-saturating", gamma=0.03),
    ),
    "bridges": Preset(
        "Bridges",
        4,
        "All eight modes are found, but threads of samples run between them: G is continuous.",
        "Give z eight coin flips: the prior falls into pieces, and the threads grow thin.",
        Settings(target="ring", loss="relativistic", penalty="R1 and R2", gamma=0.03, average=0.99),
    ),
    "recipe": Preset(
        "The full recipe",
        6,
        "Penalties, a relativistic loss, falling rates, fading noise, an average and coin flips.",
        "Wait for 10,000 rounds: 25 of 25 modes. Take one ingredient away and start again.",
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
