"""dcgan.solutions.ch08: what each solution claims."""

import numpy as np
import pytest

from dcgan.solutions import ch08 as solutions


def test_1_a_convolution_and_its_transpose_by_hand():
    forward, back, left, right = solutions.exercise_1()
    assert forward.tolist() == [4.0, 4.0]
    assert back.tolist() == [0.0, 5.0, 1.0, 6.0]
    assert left == right == 16.0


def test_2_kernel_5_moves_its_field_by_7_and_a_half_pixels():
    assert solutions.exercise_2() == {4: 0.0, 5: 7.5}


def test_3_doubling_then_convolving_is_one_transposed_convolution():
    difference, even, free = solutions.exercise_3()
    assert difference < 1e-5
    assert even < 1e-5
    assert free > 0.1


def test_4_a_collapsed_batch_leaves_nothing_but_beta():
    in_training, at_inference = solutions.exercise_4()
    assert np.abs(in_training).max() == 0.0
    assert at_inference[0].min() > 1.0 > -1.0 > at_inference[1].max()


@pytest.mark.parametrize("error", [0.2, 0.5])
def test_5_the_momentum_for_an_error(error):
    momentum, measured = solutions.exercise_5(error)
    assert np.sqrt((1.0 - momentum) / (1.0 + momentum)) == pytest.approx(error)
    assert measured == pytest.approx(error, rel=0.15)


def test_6_instance_norm_knows_one_picture_alone():
    found = solutions.exercise_6()
    assert found["instance norm"] < 1e-10
    assert found["batch norm"] > 1e-4
