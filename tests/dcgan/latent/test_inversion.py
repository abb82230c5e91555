"""From pictures back to z: on a linear generator least squares is the oracle."""

import numpy as np
import pytest
import tensorflow as tf
import tiny_faces

from dcgan.data.pixels import to_float, to_uint8
from dcgan.generation import trained_generator
from dcgan.latent import inversion, space

DIM = 3


@pytest.fixture(scope="module")
def matrix():
    """G(z) = tanh-free and linear: 4 x 4 pixels, 48 numbers of 3, small enough not to be clipped."""
    return 0.1 * np.random.default_rng(0).normal(size=[DIM, 48]).astype(np.float32)


@pytest.fixture(scope="module")
def samples(matrix):
    return lambda z: tf.reshape(z @ matrix, [-1, 4, 4, 3])


def picture_of(samples, z):
    return to_uint8(samples(tf.constant(z, tf.float32))).numpy()


def test_psnr_is_its_formula():
    black = np.zeros([1, 2, 2, 3], np.uint8)
    grey = np.full([1, 2, 2, 3], 51, np.uint8)  # 255 / 5
    np.testing.assert_allclose(inversion.psnr(black, grey), [20.0 * np.log10(5.0)])
    assert inversion.psnr(grey, grey).tolist() == [np.inf]


def test_in_a_linear_generator_it_finds_what_least_squares_finds(samples, matrix):
    """Also for pictures that no z makes: the nearest face is the projection."""
    inside = picture_of(samples, [[0.5, -1.0, 0.3]])
    noise = np.random.default_rng(1).integers(100, 156, [1, 4, 4, 3]).astype(np.uint8)
    pictures = np.concatenate([inside, noise])
    found = inversion.find(samples, DIM, pictures, starts=2, candidates=64, steps=300)
    targets = to_float(pictures).numpy().reshape(2, 48)
    best, *_ = np.linalg.lstsq(matrix.T, targets.T, rcond=None)
    np.testing.assert_allclose(found.z, best.T, atol=2e-3)
    np.testing.assert_array_equal(found.faces, picture_of(samples, found.z))
    np.testing.assert_array_equal(found.psnr, inversion.psnr(found.faces, pictures))
    assert found.psnr[0] > 45.0


def test_z_stays_within_the_priors_shell(samples):
    """The nearest z would have a norm of 20."""
    pictures = picture_of(samples, [[20.0, 0.0, 0.0]])
    found = inversion.find(samples, DIM, pictures, starts=1, candidates=8, steps=100)
    mean, sd = space.shell(DIM)
    np.testing.assert_allclose(np.linalg.norm(found.z, axis=1), mean + 2.0 * sd, rtol=1e-5)


def test_each_picture_has_its_own_z_in_any_company(samples):
    """70 pictures are more than one batch holds; the second batch starts afresh."""
    z = np.random.default_rng(2).normal(size=[70, DIM])
    pictures = picture_of(samples, z)
    options = {"starts": 1, "candidates": 64, "steps": 20}
    together = inversion.find(samples, DIM, pictures, **options)
    alone = inversion.find(samples, DIM, pictures[66:68], **options)
    np.testing.assert_allclose(together.z[66:68], alone.z, atol=1e-4)
    np.testing.assert_array_equal(together.psnr, inversion.psnr(together.faces, pictures))


def test_floats_are_made_of_one_batch_at_a_time(samples, monkeypatch):
    """Of a thousand pictures, with eight starts each, all would take gigabytes."""
    made = []
    monkeypatch.setattr(
        inversion.pixels, "to_float", lambda images: made.append(len(images)) or to_float(images)
    )
    pictures = picture_of(samples, np.random.default_rng(3).normal(size=[20, DIM]))
    inversion.find(samples, DIM, pictures, starts=4, candidates=64, steps=2)
    assert made == [64, 16]


@pytest.fixture(scope="module")
def conditional(matrix):
    """The linear G, with a constant for each value of two factors added to all pixels."""
    first = tf.constant([0.0, 0.4, -0.4])
    second = tf.constant([0.0, 0.2])

    def samples(z, labels):
        labels = tf.convert_to_tensor(labels)
        added = tf.gather(first, labels[:, 0]) + tf.gather(second, labels[:, 1])
        return tf.reshape(0.3 * z @ matrix + added[:, None], [-1, 4, 4, 3])

    return samples


def labels_of_candidates():
    return np.random.default_rng(5).integers(0, [3, 2], [64, 2])


@pytest.mark.parametrize("label", [[0, 0], [1, 0], [2, 1]])
def test_labels_that_are_free_are_found_together_with_z(label, conditional):
    picture = to_uint8(conditional(tf.constant([[0.5, -1.0, 0.3]]), [label])).numpy()
    labels = inversion.Labels(labels_of_candidates(), {0: 3, 1: 2})
    found = inversion.find(
        conditional, DIM, picture, labels=labels, starts=2, candidates=64, steps=100
    )
    assert found.labels.tolist() == [label]
    np.testing.assert_allclose(found.z, [[0.5, -1.0, 0.3]], atol=0.05)
    made = to_uint8(conditional(tf.constant(found.z), found.labels)).numpy()
    np.testing.assert_array_equal(found.faces, made)


def test_labels_that_are_not_free_stay(conditional):
    picture = to_uint8(conditional(tf.zeros([1, DIM]), [[1, 1]])).numpy()
    candidates = labels_of_candidates()
    candidates[:, 0] = 2
    labels = inversion.Labels(candidates, {1: 2})
    found = inversion.find(
        conditional, DIM, picture, labels=labels, starts=2, candidates=64, steps=20
    )
    assert found.labels.tolist() == [[2, 1]]


def test_each_picture_has_its_own_label_in_any_company(conditional):
    generator = np.random.default_rng(6)
    z = tf.constant(generator.normal(size=[40, DIM]), tf.float32)
    wanted = generator.integers(0, [3, 2], [40, 2])
    pictures = to_uint8(conditional(z, wanted)).numpy()
    labels = inversion.Labels(labels_of_candidates(), {0: 3, 1: 2})
    options = {"labels": labels, "starts": 2, "candidates": 64, "steps": 20}
    together = inversion.find(conditional, DIM, pictures, **options)
    alone = inversion.find(conditional, DIM, pictures[35:37], **options)
    np.testing.assert_array_equal(together.labels[35:37], alone.labels)
    np.testing.assert_allclose(together.z[35:37], alone.z, atol=1e-4)
    assert np.mean(together.labels == wanted) > 0.9


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[0.5]],), "inversion.Labels: candidates must be"),
        (([0],), "inversion.Labels: candidates must be"),
        (([[0, 0]], {2: 3}), "inversion.Labels: a factor of free must be"),
        (([[0, 0]], {1: 0}), r"inversion.Labels: free\[1\] must be"),
    ],
)
def test_wrong_labels_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        inversion.Labels(*arguments)


@pytest.mark.slow
def test_more_starts_are_never_worse():
    generator = trained_generator.of_network(tiny_faces.network(), 7, 32)
    pictures = generator.sample(3, seed=1)
    options = {"candidates": 64, "steps": 20}
    one = inversion.find(generator.samples, 7, pictures, starts=1, **options)
    several = inversion.find(generator.samples, 7, pictures, starts=6, **options)
    assert (several.psnr >= one.psnr - 0.1).all()
    assert several.psnr.sum() > one.psnr.sum()
    np.testing.assert_array_equal(several.psnr, inversion.psnr(several.faces, pictures))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"starts": 0}, "find: starts must be a whole number from 1"),
        ({"starts": 9, "candidates": 8}, "find: starts must be"),
        ({"labels": inversion.Labels([[0]])}, "find: labels must be of 8 candidates, got of 1"),
        ({"steps": 0}, "find: steps must be"),
        ({"learning_rate": 0.0}, "find: learning_rate must be"),
        ({"pictures": np.zeros([1, 8, 8, 3], np.uint8)}, "find: pictures must be [n, 4, 4, 3]"),
        ({"pictures": np.zeros([1, 4, 4], np.uint8)}, "find: pictures must be"),
        ({"pictures": np.zeros([0, 4, 4, 3], np.uint8)}, "find: pictures must be"),
    ],
)
def test_a_wrong_argument_is_named(samples, changes, words):
    arguments = {"pictures": np.zeros([1, 4, 4, 3], np.uint8), "candidates": 8}
    with pytest.raises(ValueError, match=words.replace("[", r"\[")):
        inversion.find(samples, DIM, **{**arguments, **changes})
