"""Do the networks, the latent and the optimizers of a game fit together?

Looked at once, when a trainer is made and before anything is compiled, so that a slip is told in
the words of the one who made it. Nothing here changes anything.
"""

import tensorflow as tf

from gan_core import checks, rng
from gan_core.losses import GANLoss
from gan_core.nn.variables import named_variables


def check_functions(owner: str, loss, augment) -> None:
    """A loss is a GANLoss; the augmentation, where there is one, a function."""
    if not isinstance(loss, GANLoss):
        checks.fail(owner, "loss", "a GANLoss (gan_core.losses.by_name gives one)", repr(loss))
    if augment is not None and not callable(augment):
        checks.fail(owner, "augment", "a function (x, seed, step) -> x or None", repr(augment))


def penalty_list(owner: str, penalty) -> list:
    """None -> [], a penalty -> [it], a list of them -> a list."""
    penalties = (
        [] if penalty is None else list(penalty) if isinstance(penalty, list | tuple) else [penalty]
    )
    for one in penalties:
        if not callable(one):
            checks.fail(
                owner,
                "penalty",
                "a penalty of gan_core.penalties, a list of them or None",
                repr(one),
            )
    return penalties


def check_network(owner: str, name: str, network, optimizer_name: str, optimizer) -> None:
    """A network can be called, all its variables can be saved, and its optimizer moves its trainable ones."""
    if not isinstance(network, tf.Module) or not callable(network):
        checks.fail(owner, name, "a tf.Module called as network(x, training=...)", repr(network))
    named_variables(network)
    wanted = {id(v) for v in network.trainable_variables}
    moved = {id(v) for v in getattr(optimizer, "variables_moved", ())}
    if not moved or moved != wanted:
        checks.fail(
            owner,
            optimizer_name,
            f"born with {name}.trainable_variables ({len(wanted)} of them)",
            f"one with {len(moved)}, {len(moved & wanted)} of them the {name}'s",
        )


def sample_shape(owner: str, generator, discriminator, latent) -> tuple:
    """The shape of one sample, found by running both networks once on two z."""
    if not callable(latent) or not hasattr(latent, "dim"):
        checks.fail(
            owner,
            "latent",
            "a function (n, seed) -> z with a dim (gan_core.latent has some)",
            repr(latent),
        )
    z = checks.tensor(owner, "what latent gives", latent(2, rng.seed(0, "try")), [2, latent.dim])
    fake = tf.cast(generator(z, training=False), tf.float32)
    if fake.shape[:1] != [2]:
        checks.fail(
            owner,
            "what generator gives",
            "one sample a z, [2, ...] for 2 of them",
            checks.show_shape(fake.shape),
        )
    logits = discriminator(fake, training=False)
    if tuple(logits.shape) not in [(2, 1), (2,)]:
        checks.fail(
            owner,
            "what discriminator gives",
            "one logit a sample, [2, 1] for 2 of them",
            checks.show_shape(logits.shape),
        )
    return tuple(fake.shape[1:])
