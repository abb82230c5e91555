"""Sequential is composition; Reshape and Flatten move no number;
the summary tells shapes and counts.
"""

import inspect
import io

import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from gan_core import rng
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential, takes
from gan_core.nn.shapes import Flatten, Reshape

X = np.random.default_rng(0).normal(size=[4, 3]).astype(np.float32)


class Recorder(tf.Module):
    """A layer that remembers how it was called."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __call__(self, x, *, training=False):
        self.calls.append(training)
        return x + 1.0


def test_each_layer_gets_what_the_one_before_it_gave():
    first = Dense(3, 5, seed=1)
    second = Dense(5, 2, seed=2)
    network = Sequential([first, tf.nn.tanh, second, lambda x: x * 2.0])
    np.testing.assert_array_equal(network(X), 2.0 * second(tf.nn.tanh(first(X))))


def test_without_layers_it_is_the_identity():
    np.testing.assert_array_equal(Sequential([])(X), X)


@pytest.mark.parametrize("training", [False, True])
def test_training_reaches_every_layer_at_any_depth(training):
    one = Recorder()
    other = Recorder()
    seen = []

    def function(x, training):
        seen.append(training)
        return x

    network = Sequential([one, tf.nn.relu, Sequential([leaky_relu(), other]), function])
    network(X, training=training)
    assert [*one.calls, *other.calls, *seen] == [training] * 3


def test_training_is_off_unless_said():
    recorder = Recorder()
    Sequential([recorder])(X)
    assert recorder.calls == [False]


class SeedRecorder(tf.Module):
    """A layer that accepts a seed and no `training`, and remembers the seeds."""

    def __init__(self):
        super().__init__()
        self.seeds = []

    def __call__(self, x, *, seed=None):
        self.seeds.append(None if seed is None else tuple(seed.numpy().tolist()))
        return x


class Plain(tf.Module):
    """A module whose call knows neither `training` nor `seed`."""

    def __call__(self, x):
        return 2.0 * x


class Wrapper(tf.Module):
    """A module that passes on what it gets."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def __call__(self, x, **options):
        return self.inner(x, **options)


SEED = rng.seed(0, "network")


def test_a_module_without_training_is_called_without_it():
    np.testing.assert_array_equal(
        Sequential([Plain(), tf.nn.relu])(X, training=True), 2 * np.maximum(X, 0)
    )


def test_a_module_that_passes_on_any_option_gets_training():
    recorder = Recorder()
    Sequential([Wrapper(recorder)])(X, training=True, seed=SEED)
    assert recorder.calls == [True]


def test_each_layer_that_accepts_a_seed_gets_one_of_its_own_at_any_depth():
    layers = [SeedRecorder() for _ in range(4)]
    network = Sequential(
        [
            layers[0],
            Recorder(),
            layers[1],
            Sequential([layers[2], tf.nn.relu]),
            Sequential([layers[3]]),
        ]
    )
    for _ in range(2):
        network(X, training=True, seed=SEED)
    for layer in layers:
        first, second = layer.seeds
        assert first == second
    network(X, training=True, seed=rng.seed(1, "network"))
    assert len({seed for layer in layers for seed in layer.seeds}) == 8


def test_without_a_seed_layers_get_none():
    recorder = SeedRecorder()
    Sequential([recorder, Sequential([recorder])])(X)
    assert recorder.seeds == [None, None]


def test_a_layer_that_stands_twice_gets_two_seeds():
    recorder = SeedRecorder()
    Sequential([recorder, recorder])(X, seed=SEED)
    assert len(set(recorder.seeds)) == 2


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], False),
        ([Recorder(), tf.nn.relu, Sequential([Plain()])], False),
        ([Plain(), SeedRecorder()], True),
        ([Sequential([Sequential([lambda x, seed: x])])], True),
    ],
)
def test_a_sequential_takes_a_seed_if_a_layer_does(layers, expected):
    assert Sequential(layers).takes_seed is expected
    assert takes(Sequential(layers), "seed") is expected


def test_the_signatures_are_read_once():
    """A call that is changed afterwards is not looked at again: nothing is inspected in a step."""
    seen = []

    def layer(x):
        seen.append(x)
        return x

    network = Sequential([layer])
    layer.__signature__ = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("training", "seed")]
    )
    network(X, training=True, seed=SEED)
    assert len(seen) == 1


def test_a_layer_that_stands_twice_is_one_layer():
    shared = Dense(3, 3, seed=1)
    network = Sequential([shared, shared])
    assert len(network.trainable_variables) == 2
    np.testing.assert_array_equal(network(X), shared(shared(X)))


def test_reshape_and_flatten_undo_each_other():
    image = Reshape((2, 3, 2))(np.arange(24.0, dtype=np.float32).reshape(2, 12))
    np.testing.assert_array_equal(image, np.arange(24).reshape(2, 2, 3, 2))
    np.testing.assert_array_equal(Flatten()(image), np.arange(24).reshape(2, 12))


@pytest.mark.parametrize("layer", [Reshape([1]), Flatten()])
def test_reshape_and_flatten_refuse_a_scalar_which_has_no_batch(layer):
    with pytest.raises(ValueError, match=rf"^{type(layer).__name__}: x must be .*, got \[\]"):
        layer(tf.constant(3.0))


def test_reshape_and_flatten_take_a_batch_of_unknown_size_and_any_dtype():
    network = Sequential([Reshape([2, 2]), Flatten()])
    function = tf.function(network, input_signature=[tf.TensorSpec([None, 4], tf.uint8)])
    assert function(tf.ones([7, 4], tf.uint8)).shape == [7, 4]
    assert function.get_concrete_function().output_shapes == [None, 4]
    assert function.get_concrete_function().output_dtypes == tf.uint8


def summary(network, shape):
    console = Console(width=100, record=True, file=io.StringIO())
    network.summary(shape, console=console)
    return [
        " ".join(line.replace("│", " ").replace("┃", " ").split())
        for line in console.export_text().splitlines()
    ]


def test_the_summary_has_a_row_a_layer_and_counts_each_parameter():
    """Dense 3 x 6 + 6 = 24; batch norm 4 x 6 of which half are trained; Dense 6 x 1 + 1 = 7."""
    network = Sequential(
        [
            Dense(3, 6, seed=0),
            BatchNorm(6),
            leaky_relu(),
            Reshape((3, 2)),
            Sequential([Flatten(), Dense(6, 1, seed=1)]),
        ],
        name="critic",
    )
    lines = summary(network, (3,))
    assert "critic" in lines
    for row in (
        "Dense [batch, 6] 24",
        "BatchNorm [batch, 6] 24",
        "leaky_relu [batch, 6] 0",
        "Reshape [batch, 3, 2] 0",
        "Sequential [batch, 1] 7",
        "all 55",
        "trainable 43",
    ):
        assert row in lines


def test_the_summary_writes_thousands_apart_and_moves_nothing():
    network = Sequential([Dense(100, 200, seed=0), BatchNorm(200)])
    assert "all 21,000" in summary(network, [100])
    np.testing.assert_array_equal(network.layers[1].moving_mean, np.zeros(200))


def test_the_summary_goes_to_the_terminal_if_nowhere_else(capsys):
    Sequential([Dense(3, 6, seed=0)]).summary((3,))
    assert "Dense" in capsys.readouterr().out


# ---- bad input ----


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: Sequential([Dense(3, 2, seed=0), "relu"]),
            r"Sequential: layers\[1\] must be a layer or a function, got 'relu'",
        ),
        (
            lambda: Sequential([tf.Module()]),
            r"Sequential: layers\[0\] must be a layer or a function, got <tensorflow",
        ),
        (
            lambda: Sequential(layer for layer in [tf.nn.relu]),
            r"Sequential: layers must be a list of layers",
        ),
        (lambda: Sequential(Dense(3, 2, seed=0)), r"Sequential: layers must be a list of layers"),
        (lambda: Reshape((2, 0)), r"Reshape: shape must be a whole number of at least 1, got 0"),
        (lambda: Reshape((2, -1)), r"Reshape: shape must be a whole number of at least 1, got -1"),
        (lambda: Reshape(4), r"Reshape: shape must be a list of whole numbers, got 4"),
        (
            lambda: Reshape((2, 2))(X),
            r"Reshape: x must be 4 numbers a sample, for \[batch, 2, 2\], got \[4, 3\]",
        ),
        (
            lambda: Flatten()(1.0),
            r"Flatten: x must be \[batch, ...\] with all sizes but the first known, got \[\]",
        ),
        (
            lambda: Sequential([]).summary(3),
            r"Sequential.summary: input_shape must be a list of whole numbers, got 3",
        ),
        (
            lambda: Sequential([Dense(3, 2, seed=0)]).summary((4,)),
            r"Dense: x must be \[batch, 3\], got \[1, 4\]",
        ),
    ],
)
def test_what_makes_no_network_is_refused(make, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        make()


def test_flatten_refuses_sizes_that_are_not_known():
    with pytest.raises(ValueError, match=r"^Flatten: x must be .*, got \[any, any, 3\]"):
        tf.function(Flatten(), autograph=False).get_concrete_function(
            tf.TensorSpec([None, None, 3])
        )
