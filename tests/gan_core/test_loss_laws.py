"""The laws of GAN losses, put to all six losses (docs/laws.md has the list; gan_core.testing them).

That they bite: tests/gan_core/testing/test_wrong_subjects.py puts them to wrong subjects. Besides,
each of these mistakes was made in gan_core/losses.py, alone, and the laws that saw it noted (1 and
5, which hold a formula, see all but stop_gradient and the four of smoothing).

    mistake                                     also broken
    NS: sum in place of mean                    2 3 6 7 19
    NS: log(sigma + 1e-8)                       0 2 3 6
    NS: s(b) for s(-b)                          0 2 3 6
    MM: non-saturating in its place             2 3 4 6 7
    MM: sign lost                               0 2 3 4 6 7
    L_D: log(sigma + 1e-8)                      2 4 9 14 16 20
    L_D: log(1 + exp(b)), overflows             2 4 12 14 16
    L_D: logits clipped at 50                   2 4 14 16 20
    L_D: both signs swapped                     0 4 8 9 12 14
    L_D: s(-b) for s(b)                         0 2 4 8 9 12 14 16
    L_D: a factor 1/2                           2 4 7 8 9 12 14
    L_D: fake's sum divided by real's size      4 7 14 16 19
    L_D: one mean over both batches             4 12 14 16 19
    L_D: stop_gradient on fake                  0 5 8 12 30
    smoothing: sign; t for 1 - t;
      fake logits; real part scaled by t        12
    LS_D: 1/2 dropped                           7 11
    LS_D: targets swapped                       0 11
    LS_D: targets -1 and 1                      7 11 16
    LS_G: target 0                              0
    H_D: max(0, 1 - b)                          0 10 13 16
    H_D: max(0, b - 1)                          0 7 10 13 16
    H_D: no margin                              0 7 10 13
    H_G: max(0, 1 - b)                          3 7
    W_D: order swapped                          0
    W_G: sign lost                              0 3
    R_D: order swapped; R_G: is R_D             0 2 17
    R_D: against the mean fake logit            17 18 19
"""

import numpy as np
import pytest
import tensorflow as tf

from gan_core import losses, testing
from gan_core.testing.numeric import NEAR, same_in_all_ways

pytestmark = pytest.mark.slow


@testing.parametrize_with_laws(list(losses.LOSSES.values()))
def test_loss(subject, law):
    law(subject)


@pytest.mark.parametrize("loss", losses.LOSSES.values(), ids=lambda loss: loss.name)
def test_ours_agree_in_eager_graph_and_xla_to_32_steps_of_a_thousandth(loss):
    """Closer than the law asks of everyone: softplus loses nothing near 0."""
    real = np.linspace(-6, 5, 7, dtype=np.float32)
    fake = np.linspace(7, -4, 7, dtype=np.float32)

    def everything(real, fake):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real, fake])
            both = [loss.discriminator(real, fake), loss.generator(real, fake)]
        return both + [
            tape.gradient(value, logits, unconnected_gradients="zero")
            for value in both
            for logits in (real, fake)
        ]

    logits = tf.constant(real), tf.constant(fake)
    same_in_all_ways(lambda: everything, logits, steps=NEAR, floor=1e-3)


def test_every_family_has_one_loss_that_claims_it():
    """A loss that lost its claim would be held to the general laws alone."""
    assert [loss.claims for loss in losses.LOSSES.values()] == [(name,) for name in losses.LOSSES]


def test_a_smoothed_loss_claims_nothing():
    assert losses.NON_SATURATING.with_label_smoothing(0.9).claims == ()
