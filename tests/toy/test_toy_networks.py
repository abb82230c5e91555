"""What a discriminator may be shown of a sample."""

import numpy as np

from toy.networks import quadratic

X = np.random.default_rng(0).normal(size=[6, 2]).astype(np.float32)


def test_quadratic_is_every_number_and_its_square():
    np.testing.assert_array_equal(quadratic(X), np.concatenate([X, X * X], axis=1))
