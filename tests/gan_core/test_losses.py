"""losses: the objects, the names and the words of the errors.
The mathematics is in test_loss_laws.
"""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from gan_core import losses

REAL = tf.constant([0.5, -1.0, 2.0])
FAKE = tf.constant([1.5, -0.5, 0.25])


def test_there_are_six_each_under_its_own_name():
    assert list(losses.LOSSES) == [
        "minimax",
        "non-saturating",
        "least-squares",
        "hinge",
        "wasserstein",
        "relativistic",
    ]
    assert list(losses.LOSSES.values()) == [
        losses.MINIMAX,
        losses.NON_SATURATING,
        losses.LEAST_SQUARES,
        losses.HINGE,
        losses.WASSERSTEIN,
        losses.RELATIVISTIC,
    ]
    for name, loss in losses.LOSSES.items():
        assert loss.name == name
        assert losses.by_name(name) is loss
        assert loss.paired == (name == "relativistic")


@pytest.mark.parametrize(
    ("loss", "d_function", "g_function"),
    [
        (losses.MINIMAX, losses.discriminator_loss, losses.minimax_generator_loss),
        (losses.NON_SATURATING, losses.discriminator_loss, losses.non_saturating_generator_loss),
        (
            losses.LEAST_SQUARES,
            losses.least_squares_discriminator_loss,
            losses.least_squares_generator_loss,
        ),
        (losses.HINGE, losses.hinge_discriminator_loss, losses.wasserstein_generator_loss),
        (
            losses.WASSERSTEIN,
            losses.wasserstein_discriminator_loss,
            losses.wasserstein_generator_loss,
        ),
    ],
)
def test_a_pair_is_made_of_the_plain_functions(loss, d_function, g_function):
    assert loss.discriminator(REAL, FAKE) == d_function(REAL, FAKE)
    assert loss.generator(REAL, FAKE) == loss.generator(None, FAKE) == g_function(FAKE)


def test_the_relativistic_pair_is_made_of_its_functions():
    loss = losses.RELATIVISTIC
    assert loss.discriminator(REAL, FAKE) == losses.relativistic_discriminator_loss(REAL, FAKE)
    assert loss.generator(REAL, FAKE) == losses.relativistic_generator_loss(REAL, FAKE)
    assert loss.generator(REAL, FAKE) != loss.discriminator(REAL, FAKE)


def test_a_loss_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        losses.HINGE.name = "other"


def test_a_loss_of_your_own_is_a_name_and_two_functions():
    own = losses.GANLoss(
        "own", lambda real, fake: tf.reduce_sum(real), lambda real, fake: tf.reduce_sum(fake)
    )
    assert own.paired is False
    assert float(own.discriminator(REAL, FAKE)) == 1.5
    assert float(own.generator(REAL, FAKE)) == 1.25


@pytest.mark.parametrize("loss", [losses.MINIMAX, losses.NON_SATURATING])
def test_label_smoothing_changes_the_name_and_the_discriminator_alone(loss):
    smooth = loss.with_label_smoothing(0.9)
    assert smooth.name == f"{loss.name}, real target 0.9"
    assert smooth.generator is loss.generator
    assert smooth.paired == loss.paired
    assert smooth.discriminator(REAL, FAKE) == losses.discriminator_loss(
        REAL, FAKE, real_target=0.9
    )
    assert smooth.discriminator(REAL, FAKE) != loss.discriminator(REAL, FAKE)


def test_a_real_target_of_1_is_no_smoothing():
    smooth = losses.MINIMAX.with_label_smoothing(1.0)
    assert smooth.discriminator(REAL, FAKE) == losses.discriminator_loss(REAL, FAKE)


def test_smoothing_is_one_sided():
    """By hand: t s(-a) + (1 - t) s(a) on the real side; the fake side keeps its target 0."""

    def softplus(t):
        return np.log1p(np.exp(t))

    a = REAL.numpy()
    b = FAKE.numpy()
    t = 0.7
    by_hand = np.mean(t * softplus(-a) + (1 - t) * softplus(a)) + np.mean(softplus(b))
    assert float(losses.discriminator_loss(REAL, FAKE, real_target=t)) == pytest.approx(
        by_hand, rel=1e-6
    )


NAMES = "minimax, non-saturating, least-squares, hinge, wasserstein, relativistic"
TARGET = "real_target must be a finite number of at most 1 and above 0"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: losses.by_name("Hinge"),
            f"losses.by_name: name must be one of {NAMES}, got 'Hinge'.",
        ),
        (lambda: losses.by_name(None), f"losses.by_name: name must be one of {NAMES}, got None."),
        (
            lambda: losses.discriminator_loss(REAL, FAKE, real_target=0.0),
            f"discriminator_loss: {TARGET}, got 0.0.",
        ),
        (
            lambda: losses.discriminator_loss(REAL, FAKE, real_target=1.1),
            f"discriminator_loss: {TARGET}, got 1.1.",
        ),
        (
            lambda: losses.MINIMAX.with_label_smoothing(-0.5),
            f"GANLoss.with_label_smoothing: {TARGET}, got -0.5.",
        ),
        (
            lambda: losses.MINIMAX.with_label_smoothing(True),
            f"GANLoss.with_label_smoothing: {TARGET}, got True.",
        ),
        (
            lambda: losses.HINGE.with_label_smoothing(0.9),
            "GANLoss.with_label_smoothing: the hinge loss has no target to smooth, or is smoothed already; "
            "smooth minimax or non-saturating.",
        ),
        (
            lambda: losses.RELATIVISTIC.with_label_smoothing(0.9),
            "GANLoss.with_label_smoothing: the relativistic loss has no target to smooth, or is smoothed already; "
            "smooth minimax or non-saturating.",
        ),
        (
            lambda: losses.relativistic_discriminator_loss(REAL, FAKE[:2]),
            "relativistic_discriminator_loss: fake_logits must be [3], got [2].",
        ),
        (
            lambda: losses.relativistic_discriminator_loss(REAL, FAKE[:, None]),
            "relativistic_discriminator_loss: fake_logits must be [3], got [3, 1].",
        ),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the whole message is compared
        make()
    assert str(error.value) == message


def test_the_error_comes_while_tracing_too():
    with pytest.raises(ValueError, match=r"fake_logits must be \[3\], got \[2\]"):
        tf.function(losses.RELATIVISTIC.discriminator)(REAL, FAKE[:2])
