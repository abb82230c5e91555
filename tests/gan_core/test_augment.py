"""What D is shown: the same shape, the same numbers in every mode,
gradients that are the adjoint.
"""

import numpy as np
import pytest
import tensorflow as tf

from gan_core import augment, rng
from gan_core.optim import schedules

pytestmark = pytest.mark.slow

SHAPE = [6, 8, 10, 3]
IMAGES = tf.clip_by_value(0.4 * rng.normal(SHAPE, rng.seed(0, "images")), -1.0, 1.0)
SEED = rng.seed(3, "augment")
ALL = {
    "translation": augment.translation(),
    "colour": augment.colour(),
    "cutout": augment.cutout(),
    "instance_noise": augment.instance_noise(0.1),
    "chain": augment.chain(augment.colour(), augment.translation(), augment.cutout()),
}


@pytest.mark.parametrize("name", ALL)
def test_shape_and_numbers_are_the_same_in_eager_graph_and_xla(name):
    function = ALL[name]
    eager = function(IMAGES, SEED, 0)
    assert eager.shape == SHAPE
    assert eager.dtype == tf.float32
    for jit in (False, True):
        compiled = tf.function(function, jit_compile=jit, autograph=False)(
            IMAGES, SEED, tf.constant(0)
        )
        np.testing.assert_allclose(compiled, eager, atol=2e-6)


@pytest.mark.parametrize("name", ALL)
def test_the_seed_decides_and_the_images_of_a_batch_differ(name):
    function = ALL[name]
    same = tf.repeat(IMAGES[:1], 6, axis=0)
    first = function(same, SEED, 0).numpy()
    np.testing.assert_array_equal(first, function(same, SEED, 0))
    assert not np.array_equal(first, function(same, rng.seed(4, "augment"), 0))
    assert len({image.tobytes() for image in first}) > 1


@pytest.mark.parametrize("name", ["translation", "colour", "cutout"])
def test_the_gradient_is_the_derivative_along_every_direction(name):
    """Each is affine in x, so f(x + v) - f(x) is the derivative along v, exactly."""
    function = ALL[name]
    v = rng.normal(SHAPE, rng.seed(1, "v"))
    w = rng.normal(SHAPE, rng.seed(2, "w"))
    with tf.GradientTape() as tape:
        tape.watch(IMAGES)
        value = tf.reduce_sum(w * function(IMAGES, SEED, 0))
    along_v = tf.reduce_sum(tape.gradient(value, IMAGES) * v)
    change = tf.reduce_sum(w * (function(IMAGES + v, SEED, 0) - function(IMAGES, SEED, 0)))
    np.testing.assert_allclose(along_v, change, rtol=1e-3, atol=1e-3)


def test_translation_moves_by_whole_pixels_at_most_the_share_and_brings_in_black():
    image = np.zeros([1, 16, 16, 1], np.float32)
    image[0, 8, 8] = 1.0
    moved = augment.translation(0.25)(tf.repeat(image, 200, axis=0), SEED, 0).numpy()
    rows, columns = np.array([np.argwhere(one[..., 0] == 1.0)[0] - 8 for one in moved]).T
    assert set(rows) == set(columns) == set(range(-4, 5))
    assert abs(np.corrcoef(rows, columns)[0, 1]) < 0.2
    down = rows[0]
    assert down != 0
    edge = moved[0, :down, :, 0] if down > 0 else moved[0, down:, :, 0]
    np.testing.assert_array_equal(edge, -1.0)


def test_colour_keeps_the_order_of_pixels_and_its_three_amounts_stay_in_range():
    x = tf.repeat(IMAGES[:1], 300, axis=0)
    y = augment.colour()(x, SEED, 0).numpy()
    brightness = y.mean((1, 2, 3)) - x.numpy().mean((1, 2, 3))
    assert -0.5 <= brightness.min() < -0.45
    assert 0.45 < brightness.max() <= 0.5
    grey = y.mean(3).reshape(300, -1)
    contrast = grey.std(1) / x.numpy()[0].mean(2).std()
    assert 0.5 <= contrast.min() < 0.55
    assert 1.45 < contrast.max() <= 1.5 + 1e-4
    spread = (y - y.mean(3, keepdims=True)).std((1, 2, 3)) / (
        x.numpy() - x.numpy().mean(3, keepdims=True)
    )[0].std()
    saturation = spread / contrast
    assert 0.0 <= saturation.min() < 0.1
    assert 1.9 < saturation.max() <= 2.0 + 1e-3


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_colour_is_brightness_then_saturation_then_contrast(channels):
    """The module works out the three at once, by one matrix an image."""
    x = rng.uniform([6, 5, 7, channels], rng.seed(3, "images"), -1.0, 1.0)
    u, s, c = (rng.uniform([6, 1, 1, 1], own_seed).numpy() for own_seed in rng.split(SEED, 3))
    slow = x.numpy() + (u - 0.5)
    slow = slow.mean(3, keepdims=True) + 2.0 * s * (slow - slow.mean(3, keepdims=True))
    slow = slow.mean((1, 2, 3), keepdims=True) + (c + 0.5) * (
        slow - slow.mean((1, 2, 3), keepdims=True)
    )
    np.testing.assert_allclose(augment.colour()(x, SEED, 0), slow, atol=2e-6)


@pytest.mark.parametrize("strength", [0.0, 0.5, 2.0])
def test_the_strength_of_colour_multiplies_all_three_amounts(strength):
    x = rng.uniform([6, 5, 7, 3], rng.seed(3, "images"), -1.0, 1.0)
    u, s, c = (rng.uniform([6, 1, 1, 1], own_seed).numpy() for own_seed in rng.split(SEED, 3))
    slow = x.numpy() + strength * (u - 0.5)
    grey = slow.mean(3, keepdims=True)
    slow = grey + (1.0 + strength * (2.0 * s - 1.0)) * (slow - grey)
    mean = slow.mean((1, 2, 3), keepdims=True)
    slow = mean + (1.0 + strength * (c - 0.5)) * (slow - mean)
    np.testing.assert_allclose(augment.colour(strength)(x, SEED, 0), slow, atol=4e-6)
    with pytest.raises(ValueError, match=r"augment.colour: strength must be .* got 3.0"):
        augment.colour(3.0)


def test_cutout_takes_out_one_square_and_nothing_else():
    x = tf.ones([50, 16, 16, 2])
    y = augment.cutout(0.5)(x, SEED, 0).numpy()
    assert set(np.unique(y)) == {0.0, 1.0}
    for image in y:
        hole = np.argwhere(image[..., 0] == 0.0)
        height, width = np.ptp(hole, axis=0) + 1
        assert len(hole) == height * width
        assert height <= 8
        assert width <= 8
    assert max((image[..., 0] == 0.0).sum() for image in y) == 64


def test_instance_noise_fades_with_its_schedule():
    function = augment.instance_noise(schedules.linear_decay(1.0, 100))
    for step, sd in [(0, 1.0), (50, 0.5), (100, 0.0)]:
        noise = function(tf.zeros([4000, 2]), SEED, tf.constant(step)).numpy()
        np.testing.assert_allclose(noise.std(), sd, rtol=0.05)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: augment.translation(1.5),
            "augment.translation: share must be a finite number from 0 to 1, got 1.5",
        ),
        (
            lambda: augment.cutout(-0.1),
            "augment.cutout: share must be a finite number from 0 to 1, got -0.1",
        ),
        (
            lambda: augment.instance_noise(-1.0),
            "augment.instance_noise: sd must be a finite number of at least 0",
        ),
    ],
)
def test_bad_amounts_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("dtype", [tf.uint8, tf.bfloat16, tf.float64])
@pytest.mark.parametrize(
    ("augmentation", "owner"),
    [
        (augment.instance_noise(0.1), "instance_noise"),
        (augment.translation(), "translation"),
        (augment.colour(), "colour"),
        (augment.cutout(), "cutout"),
    ],
)
def test_samples_of_another_dtype_are_refused(augmentation, owner, dtype):
    """TensorFlow would name one of its products, and only some of the augmentations would fail."""
    x = tf.zeros([2, 8, 8, 3], dtype)
    with pytest.raises(
        ValueError, match=f"^augment.{owner}: x must be of float32, got {dtype.name}"
    ):
        augmentation(x, rng.seed(0, "dtype"), 0)


def holes(share, size, count=4000):
    """[count, size, size] bool: where cutout has put its grey square."""
    x = tf.ones([count, size, size, 1])
    return augment.cutout(share)(x, rng.seed(0, "holes"), 0).numpy()[..., 0] == 0.0


def test_a_cutouts_row_and_column_are_drawn_apart():
    """With one seed for both, every centre would lie on the diagonal."""
    hole = holes(0.25, 8)
    rows = hole.any(axis=2).argmax(axis=1)
    columns = hole.any(axis=1).argmax(axis=1)
    assert np.mean(rows == columns) < 0.5
    assert abs(np.corrcoef(rows, columns)[0, 1]) < 0.1


@pytest.mark.parametrize("share", [0.25, 0.375], ids=["even", "odd"])
def test_a_cutout_reaches_over_each_edge_equally_often(share):
    length = round(share * 8)
    hole = holes(share, 8)
    for axis in (1, 2):
        widths = hole.any(axis=axis).sum(axis=1)
        assert np.mean(widths < length) > 0.05
        covered = hole.any(axis=axis).mean(axis=0)
        np.testing.assert_allclose(covered, covered[::-1], atol=0.05)


def test_the_parts_of_a_chain_have_seeds_of_their_own():
    seen = []

    def remember(x, seed, step):
        seen.append(tuple(seed.numpy().tolist()))
        return x

    augment.chain(remember, remember, remember)(tf.zeros([1, 2]), rng.seed(0, "chain"), 0)
    assert len(set(seen)) == 3
