"""dcgan.solutions.ch10: what each solution claims, on a generator whose every pixel is known."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan import ch10_latent_space as chapter
from dcgan.generation import trained_generator
from dcgan.latent import space
from dcgan.solutions import ch10 as solutions

pytestmark = pytest.mark.slow

SMALL = chapter.Config(faces=200)


class Reads:
    """In place of a classifier: hair is light where red is, eyes go by green."""

    def predict(self, images):
        red, green = images.mean(axis=(1, 2)).T[:2]
        return {
            "hair": (red > 128).astype(np.int32),
            "eyes": np.digitize(green, [110, 146]).astype(np.int32),
        }


def known():
    """Red, green and blue follow z's first three numbers; 32 pixels, a z of 20 numbers."""

    def samples(z):
        return tf.tile(40.0 * z[:, None, None, :3] / 127.5, [1, 32, 32, 1])

    def function(z):
        return tf.cast(tf.clip_by_value(tf.round(127.5 * (samples(z) + 1.0)), 0, 255), tf.uint8)

    return trained_generator.Generator(function, 20, 32, "known", samples=samples)


def test_1_the_norms():
    np.testing.assert_allclose(solutions.exercise_1(), np.sqrt([100, 85, 100, 175, 340]), rtol=1e-6)


@pytest.mark.parametrize("dim", [25, 100])
def test_2_two_samples_are_nearly_at_right_angles(dim):
    cosine, angle = solutions.exercise_2(dim)
    assert cosine == pytest.approx(dim**-0.5, rel=0.02)
    assert angle == pytest.approx(np.degrees(dim**-0.5), rel=0.05)


def test_3_of_this_generator_minus_z_is_the_opposite():
    opposite, elsewhere = solutions.exercise_3(SMALL, known(), Reads())
    assert opposite > 0.75  # all hair, and the eyes that are not in the middle
    assert elsewhere < 0.65


def test_4_plus_and_minus_hold_opposite_values():
    found = solutions.exercise_4(SMALL, known(), Reads())
    assert found["hair"][:2] == (1, 0)
    assert found["eyes"][:2] == (2, 0)
    assert min(found["hair"][2:]) > 0.3


def test_5_the_walk_stays_on_the_shell_and_moves_slowly():
    walk = solutions.exercise_5()
    mean, sd = space.shell(100)
    norms = space.norms(walk)
    assert np.abs(norms - mean).max() < 5.0 * sd
    steps = np.sum(walk[1:] * walk[:-1], axis=1) / (norms[1:] * norms[:-1])
    assert steps.min() > 0.97
    assert abs(np.corrcoef(walk[0], walk[-1])[0, 1]) < 0.4


def test_6_the_hole_is_filled_from_what_is_seen():
    generator = known()
    faces = generator(generator.z(2, 7))
    hidden = np.zeros([32, 32], bool)
    hidden[8:24, 8:24] = True
    spoilt = np.where(hidden[:, :, np.newaxis], np.uint8(0), faces)
    filled = solutions.exercise_6(generator, spoilt, hidden, steps=80)
    np.testing.assert_allclose(filled.astype(int), faces.astype(int), atol=3)
    np.testing.assert_array_equal(filled[:, ~hidden], spoilt[:, ~hidden])
