"""What a trainer exports is what it samples, without the trainer."""

import numpy as np
import pytest
import tensorflow as tf
from games import CLASSES, Z, conditional, deep, labelled, sampler, values

from gan_core.latent import Normal, block
from gan_core.nn.dense import Dense
from gan_core.optim.optimizers import SGD
from gan_core.trainer import GANTrainer

pytestmark = pytest.mark.slow


def test_the_exported_generator_gives_the_trainers_samples(tmp_path):
    """Of the average, with batch norm settled; and the trainer is as it was before."""
    trainer = deep(average=0.5, mode="graph")
    trainer.rounds(sampler, 4)
    before = values(trainer)
    trainer.export(tmp_path / "generator")
    after = values(trainer)
    assert all(before[name].tobytes() == after[name].tobytes() for name in before)
    model = tf.saved_model.load(str(tmp_path / "generator"))
    z = block(trainer.latent, 0, seed=3)
    np.testing.assert_allclose(model(z)[:20], trainer.sample(20, seed=3), rtol=1e-5, atol=1e-6)


def test_without_an_average_it_is_g_itself(tmp_path):
    trainer = deep(mode="graph")
    trainer.rounds(sampler, 2)
    trainer.export(tmp_path / "generator", to_output=lambda x: 2.0 * x)
    model = tf.saved_model.load(str(tmp_path / "generator"))
    z = tf.ones([3, Z])
    np.testing.assert_allclose(model(z), 2.0 * trainer.generator(z, training=False), rtol=1e-5)


def test_a_conditional_generator_takes_labels_where_it_is_used(tmp_path):
    trainer = conditional(average=0.5, mode="graph")
    trainer.rounds(labelled, 3)
    trainer.export(tmp_path / "generator")
    model = tf.saved_model.load(str(tmp_path / "generator"))
    wanted = np.arange(30) % CLASSES
    z = block(trainer.latent, 0, seed=0)[:30]
    samples = trainer.sample(30, labels=wanted)
    np.testing.assert_allclose(model(z, tf.constant(wanted, tf.int32)), samples, rtol=1e-5)


class Shifted(tf.Module):
    """G(z, y) = z W + y: labels that are vectors of float32."""

    def __init__(self):
        super().__init__()
        self.dense = Dense(Z, 2, seed=1)

    def __call__(self, z, y, *, training=False):
        return self.dense(z) + y


class Compared(tf.Module):
    """D(x, y) = (x - y) w."""

    def __init__(self):
        super().__init__()
        self.dense = Dense(2, 1, seed=2)

    def __call__(self, x, y, *, training=False):
        return self.dense(x - y)


def test_labels_of_an_export_have_the_shape_and_the_dtype_of_the_game(tmp_path):
    trainer = GANTrainer(
        Shifted(),
        Compared(),
        latent=Normal(Z),
        labels=Normal(2),
        g_optimizer=SGD(),
        d_optimizer=SGD(),
        mode="eager",
    )
    trainer.export(tmp_path / "generator")
    model = tf.saved_model.load(str(tmp_path / "generator"))
    z = block(trainer.latent, 0, seed=0)[:5]
    wanted = np.linspace(-0.9, 0.9, 10, dtype=np.float32).reshape(5, 2)
    samples = trainer.sample(5, labels=wanted)
    np.testing.assert_allclose(model(z, tf.constant(wanted)), samples, rtol=1e-5, atol=1e-6)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match=r"export_generator: folder must be new"):
        deep(mode="graph").export(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
