"""Law 23: the smallest GAN, played by the trainer itself. All of the data is 0, G says theta,
D is psi x.

D's loss is f(psi theta) and a constant, and G climbs what D descends: a spiral, a circle or a fall
to rest, by what is stepped when (Mescheder et al. 2018, section 2 and lemma 2.3 on).
"""

import functools

import numpy as np
import pytest
from games import dirac
from hypothesis import assume, given
from hypothesis import strategies as st

from gan_core import penalties
from gan_core.losses import MINIMAX, NON_SATURATING, WASSERSTEIN
from gan_core.testing import reference

pytestmark = pytest.mark.slow

PLACES = st.tuples(
    st.floats(-2, 2, width=32, allow_subnormal=False),
    st.floats(-2, 2, width=32, allow_subnormal=False),
)
STEP_SIZES = st.sampled_from([0.03125, 0.25, 0.5, 1.0])
ZEROS = np.zeros([2, 1], np.float32)  # the data of the Dirac-GAN


three_losses = pytest.mark.parametrize(
    "loss", [MINIMAX, NON_SATURATING, WASSERSTEIN], ids=lambda loss: loss.name
)
both_updates = pytest.mark.parametrize("update", ["simultaneous", "alternating"])


@functools.cache
def game(loss, update):
    """One trainer and its step size for all examples, so that it is traced once."""
    return dirac(loss, update=update)


def move(trainer, psi, theta, rounds=1):
    """(psi, theta) after so many rounds from there."""
    trainer.discriminator.psi.assign(psi)
    trainer.generator.theta.assign(theta)
    for _ in range(rounds):
        trainer.round(ZEROS)
    return np.array([float(trainer.discriminator.psi), float(trainer.generator.theta)])


def slopes(loss, t):
    """(f', g') where D's loss falls and G's falls with slopes f' theta and g' psi:
    at logit t of a fake.
    """
    t = np.array([t])
    _, d_b, g_b = reference.GRADIENTS[loss.name]
    return float(d_b(t, t)[0]), -float(g_b(t, t)[0])


@three_losses
@both_updates
@given(place=PLACES, h=STEP_SIZES)
def test_the_dirac_gan_moves_as_by_hand(loss, update, place, h):
    """psi' = psi - h f'(psi theta) theta, then theta' = theta + h g'(psi* theta) psi*,
    psi* being psi or psi'.
    """
    trainer, step_size = game(loss, update)
    psi, theta = place
    step_size.assign(h)
    new_psi = psi - h * slopes(loss, psi * theta)[0] * theta
    seen = new_psi if update == "alternating" else psi
    new_theta = theta + h * slopes(loss, seen * theta)[1] * seen
    np.testing.assert_allclose(
        move(trainer, psi, theta), [new_psi, new_theta], rtol=1e-5, atol=1e-6
    )


@three_losses
@given(place=PLACES, h=STEP_SIZES)
def test_simultaneous_steps_leave_the_circle_by_exactly_h_squared_f_squared(loss, place, h):
    """|(psi', theta')|^2 = (1 + h^2 f'^2) |(psi, theta)|^2 in a zero-sum game: the step is at a right angle.

    The non-saturating game is zero-sum to first order, and exactly where the logit is 0, on the
    axes.
    """
    trainer, step_size = game(loss, "simultaneous")
    psi, theta = place
    if loss is NON_SATURATING:
        psi, theta = (psi, 0.0) if abs(psi) > abs(theta) else (0.0, theta)
    before = psi**2 + theta**2
    assume(before > 1e-6)
    step_size.assign(h)
    growth = np.sum(move(trainer, psi, theta) ** 2) / before
    assert growth == pytest.approx(1.0 + h**2 * slopes(loss, psi * theta)[0] ** 2, rel=2e-6)


def measured_map(trainer):
    """The matrix of one round of a linear game, from the images of the unit vectors."""
    return np.stack([move(trainer, 1.0, 0.0), move(trainer, 0.0, 1.0)], axis=1)


@given(st.floats(0.015625, 1.984375, width=32))
def test_alternating_wasserstein_steps_turn_and_neither_grow_nor_shrink(h):
    """[[1, -h], [h, 1 - h^2]] has determinant 1 and trace 2 - h^2:
    eigenvalues on the unit circle while h < 2.
    """
    trainer, step_size = game(WASSERSTEIN, "alternating")
    step_size.assign(h)
    matrix = measured_map(trainer)
    assert np.linalg.det(matrix) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(matrix)), 1.0, atol=1e-5)
    assert np.all(np.abs(np.linalg.eigvals(matrix).imag) > 0.0)


@three_losses
@both_updates
def test_with_r1_both_shrink(loss, update):
    """gamma/2 psi^2 is friction: the spectral radius falls below 1,
    and the players come to rest.
    """
    trainer, step_size = dirac(loss, update=update, penalty=penalties.r1(1.0))
    step_size.assign(0.5)
    if loss is WASSERSTEIN:
        expected = {
            "simultaneous": [[0.5, -0.5], [0.5, 1.0]],
            "alternating": [[0.5, -0.5], [0.25, 0.75]],
        }[update]
        np.testing.assert_allclose(measured_map(trainer), expected, atol=1e-6)
        assert np.max(np.abs(np.linalg.eigvals(measured_map(trainer)))) < 1.0
    path = [np.linalg.norm(move(trainer, 1.0, 1.0, rounds)) for rounds in (0, 20, 40)]
    assert path[2] < 0.5 * path[1] < 0.25 * path[0]
