"""leaky_relu is max(x, alpha x), with a slope on both sides."""

import hypothesis.extra.numpy as npst
import numpy as np
import programs
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from gan_core.nn.activations import leaky_relu
from gan_core.nn.sequential import Sequential

# TensorFlow prints its line once in a process, so the program has one graph only.
GRADIENT = """
import tensorflow as tf
from gan_core.nn.activations import leaky_relu

kernel = tf.Variable(tf.ones([3, 3, 8, 8]))
bias = tf.Variable(tf.zeros([8]))

@tf.function
def gradients(x):
    with tf.GradientTape() as tape:
        y = leaky_relu()(tf.nn.conv2d(x, kernel, 1, "SAME") + bias)
        loss = tf.reduce_sum(y**2)
    return tape.gradient(loss, [kernel, bias])

print([gradient.shape.rank for gradient in gradients(tf.ones([4, 8, 8, 8]))])
"""
NUMBERS = npst.arrays(
    np.float32, [5], elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False)
)


@given(NUMBERS, st.sampled_from([0.0, 0.01, 0.2, 0.9]))
def test_it_is_the_larger_of_x_and_alpha_x(x, alpha):
    np.testing.assert_allclose(  # TensorFlow takes denormal numbers for 0
        leaky_relu(alpha)(tf.constant(x)),
        np.maximum(x, np.float32(alpha) * x),
        rtol=1e-6,
        atol=1e-37,
    )


@given(NUMBERS)
def test_the_slope_is_one_above_zero_and_alpha_below(x):
    x = tf.constant(np.where(x == 0.0, np.float32(1.0), x))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = leaky_relu(0.25)(x)
    np.testing.assert_array_equal(tape.gradient(y, x), np.where(x > 0.0, 1.0, 0.25))


def test_the_usual_alpha_is_a_fifth():
    assert float(leaky_relu()(-1.0)) == pytest.approx(-0.2)


def test_a_summary_can_name_it():
    assert leaky_relu().__name__ == "leaky_relu"


@pytest.mark.parametrize("alpha", [-0.1, 1.0, float("nan"), "0.2", None])
def test_an_alpha_out_of_range_is_refused(alpha):
    with pytest.raises(
        ValueError,
        match=r"^leaky_relu: alpha must be a finite number of at least 0 and below 1, got",
    ):
        leaky_relu(alpha)


@pytest.mark.slow
def test_no_pass_of_tensorflow_fails_where_it_follows_a_convolution_and_its_bias():
    ended = programs.run(["-c", GRADIENT], anew=True)
    assert ended.stdout == "[4, 1]\n"
    assert "failed: INVALID_ARGUMENT" not in ended.stderr


def test_samples_in_place_of_the_slope_are_told_how_the_function_is_made():
    """Sequential([Dense(...), leaky_relu]) calls leaky_relu(x): the brackets are missing."""
    network = Sequential([leaky_relu])
    words = (
        r"alpha must be a finite number.*got an? .*Tensor \[2, 3\] of float32\. leaky_relu\(0\.2\)"
    )
    with pytest.raises(ValueError, match=words):
        network(tf.zeros([2, 3]))
