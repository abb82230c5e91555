"""Two scalings in a row are one."""

import numpy as np
import pytest
import tensorflow as tf

from gan_core import rng
from gan_core.nn.affine import Affine


def drawn(*shape, name="x"):
    return rng.normal(list(shape), rng.seed(0, name))


@pytest.mark.parametrize("shape", [(4, 3), (4, 2, 5, 3)])
@pytest.mark.parametrize("first", [(3,), (4, 3)])
@pytest.mark.parametrize("second", [(3,), (4, 3)])
def test_each_channel_of_each_sample_is_scaled_and_shifted_twice(shape, first, second):
    numbers = [drawn(*first, name="s1"), drawn(*first, name="t1")]
    more = [drawn(*second, name="s2"), drawn(*second, name="t2")]
    x = drawn(*shape)
    y = Affine(x, *numbers).then(*more).computed().numpy()
    for place in np.ndindex(*shape):
        wanted = x.numpy()[place].astype(np.float64)
        for scale, shift in (numbers, more):
            row = [np.broadcast_to(array, [4, 3])[place[0], place[-1]] for array in (scale, shift)]
            wanted = row[0] * wanted + row[1]
        np.testing.assert_allclose(y[place], wanted, atol=1e-5)


def test_without_numbers_nothing_changes():
    x = drawn(4, 3)
    np.testing.assert_array_equal(Affine(x).computed(), x)


def test_bfloat16_is_computed_in_float32_and_rounded_once():
    x = tf.cast(drawn(4, 3), tf.bfloat16)
    y = Affine(x, scale=1.01, shift=0.0).then(1.01, 0.0).computed()
    assert y.dtype == tf.bfloat16
    np.testing.assert_array_equal(y, tf.cast(tf.cast(x, tf.float32) * (1.01 * 1.01), tf.bfloat16))
