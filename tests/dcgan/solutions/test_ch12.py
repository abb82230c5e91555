"""dcgan.solutions.ch12: what each solution claims."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan.architectures import modern
from dcgan.architectures.plan import Plan
from dcgan.solutions import ch12 as solutions
from gan_core import rng

pytestmark = pytest.mark.slow


def test_1_the_hill_of_three_modes():
    found = solutions.exercise_1()
    assert found["collapsed"] == pytest.approx((-0.3749, -np.log(2) / 3), abs=1e-4)
    assert found["one has left"] == pytest.approx((-0.3182, -np.log(2) / 3), abs=1e-4)


def test_1_its_formulas_are_the_largest_values_that_a_search_finds():
    """D from a grid of values at each of four places: the three modes, and elsewhere."""
    grid = np.linspace(-8.0, 8.0, 33)
    d = np.stack(np.meshgrid(grid, grid, grid, grid, indexing="ij")).reshape(4, -1)
    real = d[:3]
    for name, places in (("collapsed", [0, 0, 0]), ("one has left", [0, 0, 3])):
        fake = d[places]
        separate = -(np.logaddexp(0, -real).sum(axis=0) + np.logaddexp(0, fake).sum(axis=0)) / 6
        pairs = -np.logaddexp(0, fake - real).mean(axis=0)
        assert solutions.exercise_1()[name] == pytest.approx(
            (separate.max(), pairs.max()), abs=0.005
        )


def test_2_converges_up_to_sixteen_gamma():
    for gamma in (0.5, 1.0):
        found = solutions.exercise_2(gamma)
        assert found[4.0] < 1e-8
        assert found[15.0] < 1e-4
        assert found[17.0] > 0.1


def test_2_the_slope_solves_its_equation():
    slope = solutions.best_slope(2.0, 0.5)
    assert 0.5 * slope == pytest.approx(-1.0 / (1.0 + np.exp(-2.0 * slope)), rel=1e-9)
    assert solutions.best_slope(0.01, 2.0) == pytest.approx(-0.01 / 8.0, rel=1e-2)


def test_3_the_fifth_power():
    found = solutions.exercise_3()
    for formula, measured in found.values():
        assert measured == pytest.approx(formula, abs=1e-4)
    assert found[0.4][0] == pytest.approx(0.003, abs=3e-4)
    assert found[0.1][0] == pytest.approx(0.78, abs=0.01)


def test_4_the_gain_that_doubles_in_32_blocks():
    gain, measured = solutions.exercise_4()
    assert gain == pytest.approx(0.148, abs=5e-4)
    assert measured == pytest.approx(1.76, abs=0.02)
    assert solutions.exercise_4(border=False)[1] == pytest.approx(1.85, abs=0.02)


def test_4_the_border_takes_the_same_from_each_seed():
    with_border = np.array([solutions.exercise_4(seed=seed)[1] for seed in range(4)])
    without = np.array([solutions.exercise_4(seed=seed, border=False)[1] for seed in range(4)])
    np.testing.assert_allclose(without - with_border, 0.1, atol=0.03)
    assert without.std() > 0.05  # chance


def test_4_without_a_border_all_places_of_a_constant_picture_are_alike():
    block = modern.Block(4, 1.0, 0, {}, "block")
    kernel = block.widen.kernel
    kernel.assign(rng.normal(kernel.shape, rng.seed(0, "widen")))
    picture = tf.ones([1, 6, 6, 4])
    joined = solutions.without_border(block, picture).numpy()
    assert joined.shape == (1, 6, 6, 4)
    np.testing.assert_allclose(joined, np.broadcast_to(joined[:, :1, :1], joined.shape), rtol=1e-5)
    np.testing.assert_allclose(joined[:, 2:4, 2:4], block(picture)[:, 2:4, 2:4], rtol=1e-5)
    assert np.abs(joined - block(picture).numpy()).max() > 0.01  # at the border


def test_5_the_mean_is_kept():
    rounds, each_time = solutions.exercise_5()
    assert rounds.mean() == pytest.approx(each_time, rel=1e-6)
    np.testing.assert_allclose(rounds[[0, 4]], 4 * each_time, rtol=1e-6)
    assert np.count_nonzero(rounds) == 2


def test_6_pixel_norm_mixes_no_images_and_stands_before_each_block():
    x = 3.0 * rng.normal([2, 4, 4, 8], rng.seed(0, "x"))
    layer = solutions.PixelNorm()
    np.testing.assert_allclose(tf.reduce_mean(tf.square(layer(x)), axis=-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(layer(x)[:1], layer(x[:1]), rtol=1e-6)
    generator = solutions.exercise_6(Plan(32, 4, 5, seed=0))
    z = rng.normal([3, 5], rng.seed(0, "z"))
    faces = generator(z, training=True)
    assert faces.shape == [3, 32, 32, 3]
    np.testing.assert_allclose(faces[:1], generator(z[:1]), atol=1e-6)
    norms = [layer for layer in generator.layers if isinstance(layer, solutions.PixelNorm)]
    assert len(norms) == 4
