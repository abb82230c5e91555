"""What a trainer exports is what it samples, without the trainer."""

import numpy as np
import pytest
import tensorflow as tf
from games import CLASSES, Z, conditional, deep, labelled, sampler, values

from gan_core.latent import block


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


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match=r"export_generator: folder must be new"):
        deep(mode="graph").export(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
