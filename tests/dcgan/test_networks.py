"""The DCGAN's two networks: the lab's parameter counts, shapes, starts, dtypes."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan.config import SIZES
from dcgan.networks import STAGES, discriminator, generator
from gan_core import rng


def parameters(network):
    return (
        sum(v.shape.num_elements() for v in network.trainable_variables),
        sum(v.shape.num_elements() for v in network.variables),
    )


def test_the_counts_at_64_pixels_and_width_64_are_those_of_the_lab():
    assert parameters(generator(64, 64, 100, seed=0)) == (3_576_704, 3_578_624)
    assert parameters(discriminator(64, 64, seed=0)) == (2_765_568, 2_767_360)


@pytest.mark.parametrize("size", SIZES)
def test_pictures_of_every_size_and_one_logit_an_image(size):
    images = generator(size, 2, 5, seed=0)(rng.normal([3, 5], rng.seed(0, "z")), training=True)
    assert images.shape == [3, size, size, 3]
    assert images.dtype == tf.float32
    assert float(tf.reduce_max(tf.abs(images))) <= 1.0
    assert discriminator(size, 2, seed=0)(images, training=True).shape == [3, 1]


@pytest.mark.parametrize(
    "make", [lambda **k: generator(32, 8, 16, **k), lambda **k: discriminator(32, 8, **k)]
)
def test_kernels_start_as_normals_of_sd_002_and_gammas_around_1_all_different(make):
    network = make(seed=3)
    kernels = [v.numpy() for v in network.trainable_variables if v.shape.rank == 4]
    for kernel in kernels:
        assert abs(kernel.std() / 0.02 - 1.0) < 4.0 / np.sqrt(2 * kernel.size)
        assert abs(kernel.mean()) < 4.0 * 0.02 / np.sqrt(kernel.size)
    firsts = [kernel.ravel()[:20].tobytes() for kernel in kernels]
    assert len(set(firsts)) == len(firsts)
    gammas = np.concatenate([v.numpy() for v in network.variables if "gamma" in v.name])
    assert 0.0 < np.abs(gammas - 1.0).max() < 0.1


def test_the_seed_decides_the_weights_and_g_and_d_do_not_share_theirs():
    one, same, other = (generator(32, 4, 8, seed=seed).trainable_variables for seed in (1, 1, 2))
    for a, b, c in zip(one, same, other, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        if a.shape.rank == 4:
            assert not np.array_equal(a.numpy(), c.numpy())
    last_of_g = generator(32, 4, 8, seed=1).layers[-3].kernel.numpy()  # both are [4, 4, 3, 4]
    first_of_d = discriminator(32, 4, seed=1).layers[0].kernel.numpy()
    assert last_of_g.shape == first_of_d.shape == (4, 4, 3, 4)
    assert not np.array_equal(last_of_g, first_of_d)


def test_both_ways_of_convolving_give_the_same_pictures():
    z = rng.normal([4, 8], rng.seed(0, "z"))
    native, subpixel = (
        generator(32, 4, 8, seed=1, convolution=path)(z, training=True)
        for path in ("native", "subpixel")
    )
    np.testing.assert_allclose(native, subpixel, atol=1e-5)


def test_bfloat16_is_for_the_convolutions_alone():
    network = generator(32, 4, 8, seed=1, compute_dtype="bfloat16")
    z = rng.normal([4, 8], rng.seed(0, "z"))
    images = network(z, training=True)
    assert {v.dtype for v in network.variables} == {tf.float32}
    assert images.dtype == tf.float32
    np.testing.assert_allclose(images, generator(32, 4, 8, seed=1)(z, training=True), atol=0.05)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"size": 48}, "generator: size must be one of 32, 64, 128, got 48"),
        ({"width": 0}, "generator: width must be a whole number of at least 1, got 0"),
        ({"latent_dim": 0}, "generator: latent_dim must be"),
        ({"seed": 0.5}, "networks: seed must be a whole number"),
    ],
)
def test_wrong_sizes_are_told(arguments, words):
    with pytest.raises(ValueError, match=words):
        generator(**{"seed": 0, "width": 2, **arguments})


def test_every_activation_is_the_one_of_its_network():
    """G's are ReLU but for the last, tanh; D's are leaky, the first one too."""
    x = tf.constant([[-1.0, 2.0]])
    d = [layer(x) for layer in discriminator(32, 2, seed=0).layers if not hasattr(layer, "name")]
    leaky = [y for y in d if not np.array_equal(y, x)]
    assert len(leaky) == STAGES[32]
    for y in leaky:
        np.testing.assert_allclose(y, [[-0.2, 2.0]], rtol=1e-6)
    g = [layer(x) for layer in generator(32, 2, 5, seed=0).layers if not hasattr(layer, "name")]
    relus = [y for y in g if np.array_equal(y, [[0.0, 2.0]])]
    assert len(relus) == STAGES[32]
    np.testing.assert_allclose(g[-1], np.tanh(x), rtol=1e-6)


def test_no_two_layers_of_neighbouring_seeds_start_equal():
    starts = []
    for seed in range(3):
        for network in (generator(32, 2, 5, seed=seed), discriminator(32, 2, seed=seed)):
            for variable in network.trainable_variables:
                if np.ptp(variable) > 0.0:
                    starts.append(variable.numpy().ravel()[:2].tobytes())
    assert len(set(starts)) == len(starts)


def test_no_two_layers_of_neighbouring_seeds_share_a_seed(monkeypatch):
    """Layers of one seed and other shapes do not start equal, but their numbers depend on one
    another; so the seeds are compared.
    """
    drawn = []
    normal = rng.normal

    def recording(shape, seed):
        drawn.append(tuple(seed.numpy().tolist()))
        return normal(shape, seed)

    monkeypatch.setattr(rng, "normal", recording)
    for seed in range(3):
        generator(32, 2, 5, seed=seed)
        discriminator(32, 2, seed=seed)
    assert len(drawn) > 3 * 2 * STAGES[32]
    assert len(set(drawn)) == len(drawn)
