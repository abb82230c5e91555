"""The pairs of networks: parameter counts of the published DCGAN, shapes, starts, dtypes."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from dcgan import config, networks
from dcgan.architectures import modern
from dcgan.architectures.plan import Plan
from dcgan.networks import BY_NAME, STAGES, discriminator, generator
from gan_core import rng
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.colour import coarse_colour
from gan_core.nn.sequential import Sequential
from gan_core.nn.style import Modulation


def parameters(network):
    return (
        sum(v.shape.num_elements() for v in network.trainable_variables),
        sum(v.shape.num_elements() for v in network.variables),
    )


def test_the_counts_at_64_pixels_and_width_64_are_those_of_the_lab():
    assert parameters(generator(64, 64, 100, seed=0)) == (3_576_704, 3_578_624)
    assert parameters(discriminator(64, 64, seed=0)) == (2_765_568, 2_767_360)


@pytest.mark.slow
@pytest.mark.parametrize("variety", [False, True])
@pytest.mark.parametrize("network", BY_NAME)
@pytest.mark.parametrize("size", STAGES)
def test_pictures_of_every_size_and_one_logit_an_image(size, network, variety):
    options = {"size": size, "width": 2, "latent_dim": 5, "seed": 0, "minibatch_std": variety}
    make_images, judge = networks.make(network, **options)
    images = make_images(rng.normal([3, 5], rng.seed(0, "z")), training=True)
    assert images.shape == [3, size, size, 3]
    assert images.dtype == tf.float32
    assert float(tf.reduce_max(tf.abs(images))) <= 1.0
    logits = judge(images, training=True)
    assert (logits.shape, logits.dtype) == ([3, 1], tf.float32)
    seen, n = networks.features(network, **options)
    assert seen(images, training=True).shape == [3, n]
    assert seen(images, training=True).dtype == tf.float32


@pytest.mark.parametrize("network", BY_NAME)
@pytest.mark.parametrize("size", STAGES)
def test_grey_networks_have_one_channel_and_otherwise_the_same_layers(size, network):
    options = {"size": size, "width": 2, "latent_dim": 5, "seed": 0}
    make_images, judge = networks.make(network, **options, channels=1)
    images = make_images(rng.normal([3, 5], rng.seed(0, "z")), training=True)
    assert images.shape == [3, size, size, 1]
    assert judge(images, training=True).shape == [3, 1]
    for grey, coloured in zip((make_images, judge), networks.make(network, **options), strict=True):
        shapes = [variable.shape for variable in grey.variables]
        other = [variable.shape for variable in coloured.variables]
        differing = [pair for pair in zip(shapes, other, strict=True) if pair[0] != pair[1]]
        assert 1 <= len(differing) <= 2  # the kernel at the pictures' end, and its bias


@pytest.mark.parametrize("network", BY_NAME)
def test_g_may_be_narrower_or_wider_than_d(network):
    options = {"size": 32, "latent_dim": 5, "seed": 0}
    make_images, judge = networks.make(network, **options, width=2, g_width=3)
    for made, width, which in ((make_images, 3, 0), (judge, 2, 1)):
        alone = networks.make(network, **options, width=width)[which]
        for one, other in zip(made.variables, alone.variables, strict=True):
            np.testing.assert_array_equal(one, other)
    images = make_images(rng.normal([3, 5], rng.seed(0, "z")), training=True)
    assert judge(images, training=True).shape == [3, 1]


def test_a_width_of_g_below_1_is_refused_by_its_name():
    with pytest.raises(ValueError, match=r"networks: g_width must be .*got 0"):
        networks.make("dcgan", seed=0, width=2, g_width=0)


def test_networks_have_three_channels_or_one():
    with pytest.raises(ValueError, match=r"networks: channels must be one of 1, 3, got 4"):
        networks.make("dcgan", seed=0, channels=4)


def norms_of(network):
    return [part for part in network.submodules if isinstance(part, BatchNorm)]


def test_batch_norm_stands_where_each_architecture_has_it():
    """radford: all layers but G's last, D's first and last; dcgan: G alone; the others: nowhere."""
    found = {}
    for name in BY_NAME:
        pair = networks.make(name, size=64, width=2, latent_dim=5, seed=0)
        found[name] = [len(norms_of(network)) for network in pair]
    assert found == {
        "radford": [4, 3],
        "dcgan": [5, 0],
        "modern": [0, 0],
        "residual": [0, 0],
    }


def test_the_residual_pair_is_moderns_g_with_a_3_x_3_layer_for_colours_and_dcgans_d():
    options = {"size": 64, "width": 4, "latent_dim": 5, "seed": 0}
    make_images, judge = networks.make("residual", **options)
    of_modern, _ = networks.make("modern", **options)
    _, of_dcgan = networks.make("dcgan", **options)
    for one, other in zip(judge.variables, of_dcgan.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    shapes = [variable.shape for variable in make_images.variables]
    shapes_of_modern = [variable.shape for variable in of_modern.variables]
    different = [
        (tuple(one), tuple(other))
        for one, other in zip(shapes, shapes_of_modern, strict=True)
        if one != other
    ]
    assert different == [((3, 3, 4, 3), (1, 1, 4, 3))]


def test_the_faces_of_residual_have_colour_at_half_the_resolution_and_grey_ones_have_no_such_layer():
    options = {"size": 32, "width": 4, "latent_dim": 5, "seed": 0}
    make_images, _ = networks.make("residual", **options)
    *first, last = make_images.layers
    z = np.random.default_rng(0).normal(size=[3, 5]).astype(np.float32)
    fine = Sequential(first, name="fine")(z)
    np.testing.assert_array_equal(make_images(z), coarse_colour(fine))
    assert np.abs(coarse_colour(fine) - fine).max() > 1e-3
    grey, _ = networks.make("residual", channels=1, **options)
    assert grey.layers[-1] is tf.tanh
    assert last is coarse_colour


def test_the_dcgan_of_the_recipe_has_biases_in_d_and_a_3_x_3_layer_at_the_end_of_g():
    make_images, judge = networks.make("dcgan", size=64, width=4, latent_dim=5, seed=0)
    *_, before, last = [layer for layer in make_images.layers if hasattr(layer, "kernel")]
    assert list(before.kernel.shape) == [4, 4, 16, 4]
    assert list(last.kernel.shape) == [3, 3, 16, 3]
    convolutions = [layer for layer in judge.layers if hasattr(layer, "kernel")]
    assert all(layer.bias is not None for layer in convolutions)
    for layer in convolutions[1:-1]:
        kernel = layer.kernel.numpy()
        sd = np.sqrt(2.0 / (16 * kernel.shape[2]))
        assert abs(kernel.std() / sd - 1.0) < 4.0 / np.sqrt(2 * kernel.size)


def test_a_modern_network_starts_with_blocks_that_change_nothing_and_trains_all_of_itself():
    """f(x) starts as 0, as Fixup has it; after one step every variable has a gradient."""
    block = modern.Block(4, 0.7, 1, {}, "block")
    x = rng.normal([2, 6, 6, 4], rng.seed(0, "x"))
    np.testing.assert_array_equal(block(x), x)
    block.widen.kernel.assign_add(0.1 * rng.normal(block.widen.kernel.shape, rng.seed(1, "step")))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.square(block(x)))
    for gradient in tape.gradient(total, block.trainable_variables):
        assert float(tf.reduce_max(tf.abs(gradient))) > 0.0


@pytest.mark.slow
def test_a_modern_networks_signals_keep_their_size():
    """Neither vanishing nor growing with the depth, at any size of picture."""
    for size in STAGES:
        pair = networks.make("modern", size=size, width=8, latent_dim=64, seed=3)
        make_images, judge = pair
        images = make_images(rng.normal([16, 64], rng.seed(0, "z")))
        assert 0.05 < float(tf.math.reduce_std(images)) < 0.6
        noise = rng.uniform([16, size, size, 3], rng.seed(1, "x"), -1.0, 1.0)
        assert 1e-3 < float(tf.math.reduce_std(judge(noise))) < 3.0


@pytest.mark.slow
@pytest.mark.parametrize("network", BY_NAME)
def test_no_two_layers_share_a_seed_in_any_architecture(network, monkeypatch):
    drawn = []
    normal = rng.normal

    def recording(shape, seed):
        drawn.append(tuple(seed.numpy().tolist()))
        return normal(shape, seed)

    monkeypatch.setattr(rng, "normal", recording)
    for seed in range(3):
        networks.make(network, size=128, width=1, latent_dim=2, seed=seed)
    assert len(drawn) > 3 * 10
    assert len(set(drawn)) == len(drawn)


def test_an_architecture_that_is_not_there_is_told():
    with pytest.raises(ValueError, match="networks: network must be one of radford, dcgan, modern"):
        networks.make("stylegan", size=32, width=2, seed=0)
    with pytest.raises(ValueError, match="networks: minibatch_std must be"):
        Plan(32, 2, 5, seed=0, minibatch_std="yes")


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
        ({"size": 48}, "networks: size must be one of 32, 64, 96, 128, got 48"),
        ({"width": 0}, "networks: width must be a whole number of at least 1, got 0"),
        ({"latent_dim": 0}, "networks: latent_dim must be"),
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


def test_filters_stand_behind_the_transposed_convolutions_and_change_no_variable():
    plain = networks.generator(32, 2, 7, network="dcgan", seed=1)
    filtered = networks.generator(32, 2, 7, network="dcgan", filtered=True, seed=1)
    names = [getattr(layer, "__name__", getattr(layer, "name", "")) for layer in filtered.layers]
    followers = [after for before, after in itertools.pairwise(names) if before.startswith("up_")]
    assert followers[1:] == ["without_checkerboard", "blur", "blur"]
    for one, other in zip(plain.variables, filtered.variables, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("network", ["radford", "modern", "residual"])
@pytest.mark.parametrize("option", ["filtered", "styled"])
def test_other_networks_know_neither_filters_nor_styles(network, option):
    wanted = f"{option} must be left out with any network but dcgan"
    given = {option: True}
    with pytest.raises(ValueError, match=wanted):
        networks.make(network, **given, seed=1)
    with pytest.raises(ValueError, match=wanted):
        networks.discriminator(network=network, **given, seed=1)
    with pytest.raises(ValueError, match=wanted):
        config.Config(network=network, **given)


def test_a_style_changes_what_follows_each_batch_norm_of_g():
    options = {"size": 64, "width": 2, "latent_dim": 7, "network": "dcgan", "seed": 1}
    plain = networks.generator(**options)
    styled = networks.generator(**options, styled=True)
    kinds = [type(layer).__name__ for layer in styled.layers]
    followers = [after for before, after in itertools.pairwise(kinds) if before == "BatchNorm"]
    assert followers == ["Modulation"] * 5
    modulations = [layer for layer in styled.layers if isinstance(layer, Modulation)]
    without = [layer for layer in styled.layers if layer not in modulations]
    rest = Sequential(without, name="without")
    for one, other in zip(plain.variables, rest.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    kernels = {layer.to_scale_and_shift.kernel.numpy().tobytes() for layer in modulations}
    assert len(kernels) == 5
    z = rng.normal([3, 7], rng.seed(0, "z"))
    difference = np.abs(styled(z, training=True) - plain(z, training=True))
    assert difference.max() > 1e-3
