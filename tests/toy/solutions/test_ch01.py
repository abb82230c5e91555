"""toy.solutions.ch01: what each solution claims."""

import math

import numpy as np
import pytest

from toy.solutions import ch01 as solutions

pytestmark = pytest.mark.slow


def test_1_uniforms_part_in_a_straight_line():
    c, js = solutions.exercise_1()
    np.testing.assert_allclose(js, c * math.log(2.0), atol=1e-6)


@pytest.mark.parametrize("share_real", [0.2, 0.9])
def test_2_the_prior_moves_the_logit_by_a_constant(share_real):
    best, predicted = solutions.exercise_2(share_real)
    assert best == pytest.approx(predicted, abs=0.006)


def test_3_one_d_for_two_densities():
    (first, second), (p, other_p) = solutions.exercise_3()
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert np.abs(p - other_p).max() > 0.1


def test_4_the_average_over_fakes_is_one_half_for_equals_alone():
    shifts, averages = solutions.exercise_4()
    assert shifts[0] == 0.0
    assert averages[0] == pytest.approx(0.5, abs=1e-6)
    assert (np.diff(averages) < 0.0).all()


@pytest.mark.parametrize("mean", [0.5, 1.5, 3.0])
def test_5_what_the_non_saturating_loss_follows(mean):
    of_loss, of_divergences = solutions.exercise_5(mean)
    assert of_loss == pytest.approx(of_divergences, abs=2e-3)


def test_6_both_losses_are_near_each_other():
    found, logits = solutions.exercise_6(rounds=300, seeds=1)
    np.testing.assert_allclose(found["minimax"], found["non-saturating"], atol=0.15)
    for b in logits.values():
        assert b.shape == (300, 128)
        assert np.mean(np.abs(b) < 1.0) > 0.99  # D is not sure


def test_7_a_correlated_normal_in_the_plane():
    mean, covariance = solutions.exercise_7()
    np.testing.assert_allclose(mean, [1.0, -1.0], atol=0.05)
    np.testing.assert_allclose(covariance, [[1.0, 0.8], [0.8, 1.0]], atol=0.07)
