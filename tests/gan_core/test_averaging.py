"""Law 27: the average closes a share 1 - decay of the gap at each update,
and all its variables do.
"""

import numpy as np
import pytest
import tensorflow as tf
from games import deep, real, values
from hypothesis import given
from hypothesis import strategies as st

from gan_core import rng
from gan_core.averaging import ExponentialMovingAverage, settling_batches
from gan_core.latent import Classes, Normal
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.nn.variables import named_variables
from gan_core.optim import schedules
from gan_core.optim.optimizers import SGD
from gan_core.testing import reference
from gan_core.trainer import GANTrainer

pytestmark = pytest.mark.slow


def network():
    return Sequential([Dense(2, 3, seed=0), BatchNorm(3)])


@given(st.sampled_from([0.0, 0.5, 0.9, 0.999]), st.integers(1, 12))
def test_after_n_updates_toward_a_constant_decay_to_the_n_of_the_gap_is_left(decay, n):
    model = tf.Module()
    model.w = tf.Variable([1.0, -2.0])
    average = ExponentialMovingAverage(model, decay)
    model.w.assign([5.0, 100.0])
    for _ in range(n):
        average.update()
    gap = np.array([1.0, -2.0]) - [5.0, 100.0]
    np.testing.assert_allclose(average.model.w - model.w, decay**n * gap, rtol=1e-4, atol=1e-4)


def test_a_decay_that_rises_forgets_the_start_and_is_followed_step_by_step():
    model = tf.Module()
    model.w = tf.Variable(1.0)
    average = ExponentialMovingAverage(model, schedules.rising_memory(0.9))
    model.w.assign(6.0)
    left = 5.0
    for step in range(40):
        average.update(step)
        left *= min(0.9, (1.0 + step) / (10.0 + step))
        np.testing.assert_allclose(model.w - average.model.w, left, rtol=1e-3, atol=1e-4)
    assert left < 5.0 * 0.9**40 / 4.0


class Wrapped(tf.Module):
    """A network whose layer is called by a function of its own."""

    def __init__(self, wrap):
        super().__init__()
        self.dense = Dense(2, 3, seed=0)
        self.layers = Sequential([wrap(self), tf.tanh])

    def of_dense(self, x):
        return self.dense(x)

    def __call__(self, z, *, training=False):
        return self.layers(z, training=training)


def trainer_of(generator, **options):
    return GANTrainer(
        generator,
        Dense(3, 1, seed=1),
        latent=Normal(2),
        g_optimizer=SGD(),
        d_optimizer=SGD(),
        mode="eager",
        **options,
    )


def test_a_network_whose_copy_still_reads_its_weights_is_refused_where_it_is_averaged():
    with_lambda = Wrapped(lambda network: lambda x: network.dense(x))
    with pytest.raises(
        ValueError, match=r"GANTrainer: generator must be .* still reads dense/bias"
    ):
        trainer_of(with_lambda, average=0.9)
    trainer_of(with_lambda)
    trainer_of(Wrapped(lambda network: network.of_dense), average=0.9)


def test_a_network_with_a_compiled_part_that_cannot_be_copied_is_told_so():
    network = Wrapped(lambda network: tf.function(network.of_dense))
    network(tf.zeros([1, 2]))
    with pytest.raises(ValueError, match=r"model must be a network that copy\.deepcopy can copy"):
        trainer_of(network, average=0.9)
    assert trainer_of(network).sample(1).shape == (1, 3)


@pytest.mark.parametrize("decay", [0.75, lambda step: tf.constant(0.75)])
@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_state_in_another_floating_dtype_is_averaged_in_that_dtype(dtype, decay):
    model = tf.Module()
    model.w = tf.Variable(tf.zeros([2], dtype), trainable=False)
    average = ExponentialMovingAverage(model, decay)
    model.w.assign(tf.constant([4.0, -8.0], dtype))
    average.update(3)
    assert average.model.w.dtype == dtype
    np.testing.assert_array_equal(tf.cast(average.model.w, tf.float32), [1.0, -2.0])


def test_the_average_starts_equal_and_has_variables_of_its_own():
    model = network()
    average = ExponentialMovingAverage(model, 0.9)
    assert named_variables(average.model).keys() == named_variables(model).keys()
    for one, other in zip(average.model.variables, model.variables, strict=True):
        assert one is not other
        np.testing.assert_array_equal(one, other)
    model.layers[0].kernel.assign(tf.zeros([2, 3]))
    assert np.all(average.model.layers[0].kernel.numpy() != 0.0)


def test_it_owns_its_copy_and_not_the_source():
    model = network()
    average = ExponentialMovingAverage(model, 0.9)
    assert {id(v) for v in average.variables} == {id(v) for v in average.model.variables}


def test_batch_norms_moving_statistics_are_averaged_too():
    model = network()
    average = ExponentialMovingAverage(model, 0.75)
    before = [v.numpy() for v in average.model.variables]
    for variable in model.variables:
        variable.assign(variable + 1.0)
    average.update()
    names = named_variables(average.model)
    assert {"layers/1/moving_mean", "layers/1/moving_variance"} <= names.keys()
    for old, new in zip(before, average.model.variables, strict=True):
        np.testing.assert_allclose(new, old + 0.25, rtol=1e-6)


def test_the_model_itself_is_left_alone():
    model = network()
    average = ExponentialMovingAverage(model, 0.5)
    model.layers[0].bias.assign([1.0, 2.0, 3.0])
    before = [v.numpy() for v in model.variables]
    average.update()
    for old, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, variable)


def test_a_counter_is_copied():
    model = tf.Module()
    model.count = tf.Variable(0, dtype=tf.int64)
    average = ExponentialMovingAverage(model, 0.9)
    model.count.assign(7)
    average.update()
    assert int(average.model.count) == 7


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_the_trainers_average_is_of_g_after_each_round(mode):
    """The recursion by NumPy, over the values that G has after each round,
    moving statistics included.
    """
    trainer = deep(average=0.8, mode=mode)
    decay = 0.8
    generator = named_variables(trainer.generator)
    copy = named_variables(trainer.average.model)
    assert "layers/1/moving_variance" in copy
    expected = {name: variable.numpy() for name, variable in generator.items()}
    for number in range(4):
        trainer.round(real(number=number))
        expected = {
            name: reference.moving_average(expected[name], generator[name].numpy(), decay)
            for name in expected
        }
    for name, variable in copy.items():
        np.testing.assert_allclose(variable, expected[name], rtol=1e-5, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_the_averages_batch_norm_is_measured_with_its_own_weights_before_samples_are_taken(mode):
    """Of 1,024 z its statistics are as good as those of the batch.
    Averaged, they belong to no weights at all.
    """
    trainer = deep(average=0.9, mode=mode)
    for number in range(3):
        trainer.round(real(number=number))
    copy = trainer.average.model
    copy.layers[0].kernel.assign(3.0 * copy.layers[0].kernel)
    stale = copy(trainer.latent(256, rng.seed(3, "sample", 0)), training=False).numpy()
    before = values(trainer)
    samples = trainer.sample(256, seed=3)
    assert not [name for name, value in values(trainer).items() if np.any(value != before[name])]
    fresh = copy(trainer.latent(256, rng.seed(3, "sample", 0)), training=True).numpy()
    assert np.abs(samples - fresh).mean() < 0.1 * np.abs(stale - fresh).mean()
    trainer.average.model.layers[1].moving_variance.assign([100.0] * 5)
    fresh = trainer.sample(256, seed=3)  # whatever was there: the same z are measured again
    np.testing.assert_allclose(fresh, samples, rtol=1e-6)


@pytest.mark.parametrize("batch", [256, 255, 100, 7, 1])
def test_an_average_is_settled_by_the_same_pairs_whatever_the_batch(batch):
    """z and its label are drawn in blocks, and belong together however the blocks are cut.

    A single sample has no variance, and a small batch would count as much as the large ones.
    """
    whole = list(settling_batches(Normal(2), 5, Classes(9)))
    cut = list(settling_batches(Normal(2), 5, Classes(9), batch))
    for one, other in zip(zip(*whole, strict=True), zip(*cut, strict=True), strict=True):
        np.testing.assert_array_equal(np.concatenate(one), np.concatenate(other))
    sizes = [len(z) for z, _ in cut]
    assert sizes == [len(y) for _, y in cut]
    assert min(sizes) >= 2
    assert max(sizes) <= max(batch, 2)
    assert max(sizes) - min(sizes) <= 1
    assert len(set(np.concatenate([y for _, y in whole]))) == 9


def test_a_step_of_one_player_is_not_a_round_and_leaves_the_average():
    trainer = deep(average=0.5)
    z = trainer.latent(4, rng.seed(0, "z"))
    before = {name: value for name, value in values(trainer).items() if name.startswith("average")}
    trainer.generator_step(real(), z)
    trainer.discriminator_step(real(), z)
    after = values(trainer)
    assert len(before) == 7
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value)


@pytest.mark.parametrize("decay", [1.0, -0.1, float("nan"), "0.9", True])
def test_a_decay_out_of_range_is_refused(decay):
    with pytest.raises(
        ValueError, match=r"^ExponentialMovingAverage: decay must be a finite number of at least"
    ):
        ExponentialMovingAverage(network(), decay)


def test_a_decay_that_leaves_its_range_later_is_refused_at_once():
    with pytest.raises(ValueError, match=r"decay\(100\) must be a finite number .*below 1, got 2"):
        ExponentialMovingAverage(Dense(1, 1, seed=1), lambda step: tf.where(step < 50, 0.5, 2.0))
