"""dcgan.solutions.ch11: what each solution claims."""

import numpy as np
import pytest

from dcgan.drawn import drawn_faces
from dcgan.judge.evidence import Evidence
from dcgan.solutions import ch11 as solutions

pytestmark = pytest.mark.slow


def test_1_three_over_p():
    n, missed = solutions.exercise_1()
    assert n == 2995
    assert missed == pytest.approx(0.05, abs=0.025)


def test_2_by_hand():
    distance, means, deviations = solutions.exercise_2()
    assert distance == pytest.approx(0.5)
    assert means == (1.5, 1.5)
    assert deviations == pytest.approx((1.25**0.5, 1.5))


def test_3_the_biased_mmd_falls_with_n_and_the_unbiased_does_not():
    draw = np.random.default_rng(0)
    real = (draw.uniform(0, 255, [400, 4, 4, 3]).repeat(4, 1).repeat(4, 2)).astype(np.uint8)
    found = solutions.exercise_3(real)
    assert found[50][0] == pytest.approx(4 * found[200][0], rel=0.15)
    assert all(abs(unbiased) < biased / 10 for biased, unbiased in found.values())


def test_4_colours_that_are_off_pass_by_their_own_ruler():
    real, other = drawn_faces.draw(np.arange(400), size=32).reshape(2, 200, 32, 32, 3)
    off = np.clip(other + np.array([25, 0, -25]), 0, 255).astype(np.uint8)
    before, after = solutions.exercise_4(real, off)
    assert before > 2 * after


def test_5_frechet_is_blind_to_skewness_and_kid_is_not():
    frechet, kid, of_two_normals = solutions.exercise_5()
    assert frechet == pytest.approx(0.0, abs=1e-9)
    assert kid > 10 * abs(of_two_normals)
    assert kid == pytest.approx(4 / 2**2, rel=0.35)  # d squared third moments of 2, over d^3


def test_6_a_few_percent_of_copies_are_detected():
    faces = drawn_faces.draw(np.arange(900), size=32)
    proof = Evidence(faces[:400], faces[400:650], (faces[650:],))
    smallest, found = solutions.exercise_6(proof)
    assert smallest == pytest.approx(5 * (2 * 0.01 / 250 / 0.99) ** 0.5, rel=1e-6)
    assert not found[0.0]
    assert not found[0.01]
    assert found[0.1]


def test_6_with_500_faces_it_is_three_percent():
    proof = Evidence(np.zeros([1, 1]), np.zeros([1000, 1]), ())
    mean, sd = solutions.floor_of_nearer(proof)
    assert 5 * sd / (1 - mean) == pytest.approx(0.032, abs=0.0005)
