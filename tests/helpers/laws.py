"""How a law of losses is put to a loss: who claims it, what is computed, how near is equal.

A loss is known by its name: one called "hinge" claims what the hinge loss claims. A law that
is not claimed is skipped and says who does claim it; a name that is not one of the six claims
the laws without a family only.
"""

import numpy as np
import pytest
import tensorflow as tf

from gan_core import losses

CROSS_ENTROPY = ("minimax", "non-saturating")  # the two whose discriminator's loss is L_D
GOODFELLOW = (
    *CROSS_ENTROPY,
    "wasserstein",
    "hinge",
)  # the four whose generators' losses law 3 ties together
ALL_SIX = tuple(losses.LOSSES)

# Measured, in float32 steps. Over 11 million logits in [-104, 104] TensorFlow's softplus is at most
# 7.4 off (near -13.9, eager and XLA) and its sigmoid 6.1; a mean of 5 adds less than 2.
VALUE_ULPS = 10
GRADIENT_ULPS = 8
NEAR = 32  # for identities between two or three values, and for means over 64 samples


def claimed_by(*names):
    """Marks a law of these losses alone."""
    return pytest.mark.claimed_by(*names)


def parametrize(metafunc, own_loss):
    """Give a test that takes `loss` each loss there is to judge, skipped by name where it makes no such claim."""
    if "loss" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("claimed_by")
    cases = []
    for loss in [own_loss] if own_loss is not None else losses.LOSSES.values():
        claimed = mark is None or loss.name in mark.args
        reason = (
            ""
            if claimed
            else f"claimed by {', '.join(mark.args)}; this loss is named {loss.name!r}"
        )
        cases.append(
            pytest.param(
                loss, id=loss.name, marks=[] if claimed else [pytest.mark.skip(reason=reason)]
            )
        )
    metafunc.parametrize("loss", cases)


def cut(loss, real, fake):
    """A paired loss compares by position: cut both batches to the shorter one's size."""
    size = min(len(real), len(fake)) if loss.paired else None
    return real[:size], fake[:size]


def d_value(loss, real, fake):
    """D's loss on float32 logits, as a float64."""
    return np.float64(loss.discriminator(_float32(real), _float32(fake)))


def g_value(loss, real, fake):
    """G's loss, the same."""
    return np.float64(loss.generator(_float32(real), _float32(fake)))


def gradients(loss, real, fake):
    """(dD/da [n], dD/db [m], dG/db [m]) by TensorFlow, as float64."""
    real, fake = _float32(real), _float32(fake)
    with tf.GradientTape() as d_tape:
        d_tape.watch([real, fake])
        d_loss = loss.discriminator(real, fake)
    with tf.GradientTape() as g_tape:
        g_tape.watch(fake)
        g_loss = loss.generator(real, fake)
    of_d = d_tape.gradient(d_loss, [real, fake], unconnected_gradients="zero")
    of_g = g_tape.gradient(g_loss, fake, unconnected_gradients="zero")
    return tuple(np.asarray(slopes, np.float64) for slopes in (*of_d, of_g))


def magnitude(real, fake):
    """What rounding in a sum of these logits is measured against."""
    return 1.0 + np.mean(np.abs(np.float64(real))) + np.mean(np.abs(np.float64(fake)))


def family(loss):
    """The six losses by name, with the one on trial in its place."""
    return {**losses.LOSSES, loss.name: loss}


def ulps(value, expected, scale=None):
    """The largest |value - expected| in float32's steps at the size `scale` (else at `expected`'s size).

    The step is never taken smaller than the smallest normal number, below which TensorFlow has
    nothing but zero.
    """
    value, expected = np.float64(value), np.float64(expected)
    scale = np.abs(expected if scale is None else scale)
    step = np.maximum(np.spacing(np.float32(scale)).astype(np.float64), np.finfo(np.float32).tiny)
    error = np.abs(value - expected) / step
    return float(np.max(np.where(np.isfinite(error), error, np.inf)))


def _float32(values):
    return tf.constant(values, tf.float32)
