"""dcgan.solutions.ch07: what each solution claims."""

import numpy as np
import pytest

from dcgan.drawn import drawn_faces
from dcgan.solutions import ch07 as solutions

pytestmark = pytest.mark.slow


def test_1_a_constant_in_both_sets_changes_nothing():
    plain, both_moved, y_moved, difference_of_means = solutions.exercise_1()
    assert plain == pytest.approx(4.0 / 3.0)
    assert both_moved == pytest.approx(plain)
    assert y_moved == pytest.approx(difference_of_means)


def test_2_a_real_logit_counts_four_times():
    assert solutions.exercise_2() == pytest.approx(4.0)


def test_3_finds_symmetric_faces_and_mirrored_ones():
    drawn = drawn_faces.draw(np.arange(50), seed=0, size=32)
    some = drawn.copy()
    some[3, :, 16:] = some[3, :, 15::-1]
    some[7] = some[20, :, ::-1]
    alone, together = solutions.exercise_3(some)
    before = solutions.exercise_3(drawn)
    assert 3 in alone
    assert (7, 20) in together
    assert (7, 20) not in before[1]


def test_4_every_eighth_pixel_invents_broad_stripes():
    sliced, decoded = solutions.exercise_4()
    assert sliced.shape == decoded.shape == (64, 64)
    assert set(np.unique(sliced)) == {0, 255}
    assert np.count_nonzero(np.diff(sliced[0].astype(int))) < 20  # of the 113 edges there are
    assert decoded[:, 2:-2].std() < 0.2 * sliced.std()


def test_5_four_times_as_many_numbers_halve_the_distance():
    sizes, means = solutions.exercise_5()
    np.testing.assert_allclose(means * np.sqrt(sizes), means[0] * np.sqrt(sizes[0]), rtol=0.15)


def test_6_two_axes_miss_what_random_directions_see():
    by_axes, by_all, floor = solutions.exercise_6()
    assert by_axes < 0.1
    assert floor < 0.1
    assert by_all > 3.0 * floor


def test_7_bars_are_found_and_clean_faces_are_not_flagged():
    planted, flagged = solutions.exercise_7()
    assert planted == 100
    assert flagged == 0
