"""toy.solutions.ch02: what each solution claims."""

import math

import numpy as np
import pytest

from toy.solutions import ch02 as solutions


def test_1_two_rounds_on_paper():
    simultaneous, alternating = solutions.exercise_1()
    np.testing.assert_allclose(simultaneous, [[1.0, 0.0], [1.0, -0.1], [0.99, -0.2]])
    np.testing.assert_allclose(alternating, [[1.0, 0.0], [0.99, -0.1], [0.9701, -0.199]])
    np.testing.assert_allclose(np.sum(alternating**2, axis=1)[1:], [0.9901, 0.98069501])


def test_2_alternating_play_leaves_at_h_2():
    below, above, far_above = solutions.exercise_2()
    assert below == pytest.approx(1.0)
    assert 1.1 < above < far_above


def test_3_the_ellipse():
    kept = solutions.exercise_3()
    np.testing.assert_allclose(kept, kept[0], rtol=1e-12)


def test_4_the_circle():
    radius, predicted = solutions.exercise_4()
    assert predicted == math.sqrt(0.6)
    assert radius == pytest.approx(predicted, rel=0.02)


def test_5_critical_damping():
    gamma, modulus = solutions.exercise_5()
    assert gamma == pytest.approx(1.0)
    assert modulus == pytest.approx(0.95, abs=1e-3)


def test_6_unequal_rates_do_not_help():
    matrix, modulus = solutions.exercise_6()
    assert np.linalg.det(matrix) == pytest.approx(1.0)
    assert modulus == pytest.approx(1.0)


def test_7_optimistic_play_arrives():
    distances = solutions.exercise_7()
    assert distances[0] == 1.0
    assert distances[-1] < 0.01
