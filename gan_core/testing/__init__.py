"""Laws for GAN losses, penalties, layers, optimizers, networks, latents and augmentations.

Needs the extra `testing` (pytest, hypothesis). docs/laws.md lists the laws.

    from gan_core import testing

    testing.check_loss(MY_LOSS)        # raises with every broken law and a counterexample
    print(testing.report(MY_LOSS))     # a table

    @testing.parametrize_with_laws([MY_LOSS, testing.Penalty(my_penalty, at="real")])
    def test_laws(subject, law):
        law(subject)

    python -m gan_core.testing my_losses:MINE
    pytest -p gan_core.testing.plugin --gan-loss my_losses:MINE
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what editors and type checkers see
    from gan_core.testing.law import LAWS, Law, LawBroken
    from gan_core.testing.running import (
        Verdict,
        check_augmentation,
        check_discriminator,
        check_generator,
        check_latent,
        check_layer,
        check_loss,
        check_optimizer,
        check_penalty,
        judge,
        laws_of,
        parametrize_with_laws,
        report,
    )
    from gan_core.testing.subjects import (
        Augmentation,
        Discriminator,
        Generator,
        Latent,
        Layer,
        Optimizer,
        Penalty,
    )

__all__ = [
    "LAWS",
    "Augmentation",
    "Discriminator",
    "Generator",
    "Latent",
    "Law",
    "LawBroken",
    "Layer",
    "Optimizer",
    "Penalty",
    "Verdict",
    "check_augmentation",
    "check_discriminator",
    "check_generator",
    "check_latent",
    "check_layer",
    "check_loss",
    "check_optimizer",
    "check_penalty",
    "judge",
    "laws_of",
    "parametrize_with_laws",
    "report",
]


def __getattr__(name: str) -> Any:
    """Find a name when it is used first: the help of the command needs no TensorFlow."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    running = importlib.import_module("gan_core.testing.running")
    return getattr(running if hasattr(running, name) else running.subjects, name)
