"""toy.solutions.ch03: what each solution claims."""

import numpy as np
import pytest

from toy.solutions import ch03 as solutions


@pytest.mark.parametrize(("mean", "sd"), [(7.0, 2.0), (10.0, 0.5), (3.0, 1.0)])
def test_1_the_parabola(mean, sd):
    parabola, best = solutions.exercise_1(mean, sd)
    np.testing.assert_allclose(parabola, best, rtol=1e-4, atol=1e-3)


def test_2_the_first_step_is_the_learning_rate():
    np.testing.assert_allclose(solutions.exercise_2(), [0.5, 0.5, -0.5, -0.5], rtol=1e-5)


@pytest.mark.parametrize(("omega", "decay"), [(0.1, 0.99), (0.5, 0.9)])
def test_3_the_average_of_a_circle(omega, decay):
    radius, predicted = solutions.exercise_3(omega, decay)
    assert radius == pytest.approx(predicted, rel=1e-6)


def test_3_is_about_a_tenth():
    assert 0.095 < solutions.exercise_3()[1] < 0.105


def test_4_one_loss_shrinks_and_the_other_grows():
    found = solutions.exercise_4()
    for name, sign in (("non-saturating", 1), ("minimax", -1)):
        assert list(np.sign(found[name])) == [sign, sign, 0, sign, sign]


def test_5_a_wide_z_starts_near_and_steps_far():
    (near_1, step_1), (near_10, step_10) = solutions.exercise_5()
    assert near_1 < 1e-3 < 0.05 < near_10
    assert (step_1, step_10) == pytest.approx((0.5, 5.0))


@pytest.mark.slow
def test_6_a_network_discovers_the_square():
    mean, sd = solutions.exercise_6()
    assert mean == pytest.approx(10.0, abs=0.2)
    assert sd == pytest.approx(1.0, abs=0.2)
