"""A graph adds two tensors at a time: a sum of three has bits that depend on which of them is ready first."""

import pytest
import tensorflow as tf
from graph_sums import addends

from dcgan import training
from dcgan.config import Config
from gan_core import rng
from gan_core.devices.compiling import compiled


@pytest.fixture
def arithmetic_optimiser():
    """On, as in a new process. What is left at the end is off, as after any other test with a graph."""
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": True})
    yield
    compiled(tf.identity, "graph")


def sums_of_a_round() -> list[int]:
    """How many tensors each sum adds in a round of a DCGAN with R1 and augmentation."""
    trainer = training.build(Config(size=32, width=2, latent_dim=3, batch_size=4, mode="graph"))
    assert trainer.penalties
    assert trainer.augment is not None
    return addends(
        lambda: trainer.round(rng.uniform([4, 32, 32, 3], rng.seed(0, "real"), -1.0, 1.0))
    )


def test_a_round_of_a_dcgan_adds_two_tensors_at_a_time(arithmetic_optimiser):
    """Left to TensorFlow's optimiser, eight of its sums are of three. (On several devices: test_replicas.)"""
    sums = sums_of_a_round()
    assert len(sums) > 10
    assert max(sums) == 2


def test_left_to_tensorflows_optimiser_some_sums_of_a_round_are_of_three(
    arithmetic_optimiser, monkeypatch
):
    """So that the test above cannot pass because it looks at the wrong graph."""
    monkeypatch.setattr(tf.config.optimizer, "set_experimental_options", lambda options: None)
    assert max(sums_of_a_round()) > 2
    monkeypatch.undo()


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_a_compiled_function_is_the_same_function_and_only_a_graph_switches_the_optimiser(
    arithmetic_optimiser, mode
):
    function = compiled(lambda x, y: tf.tanh(x) + 2 * y, mode)
    x, y = rng.normal([5], rng.seed(0, "x")), rng.normal([5], rng.seed(0, "y"))
    tf.debugging.assert_near(function(x, y), tf.tanh(x) + 2 * y)
    assert tf.config.optimizer.get_experimental_options()["arithmetic_optimization"] is (
        mode == "xla"
    )
    if mode == "xla":
        assert "tanh" in function.experimental_get_compiler_ir(x, y)()
    else:
        with pytest.raises(ValueError, match="jit_compile"):
            function.experimental_get_compiler_ir(x, y)
