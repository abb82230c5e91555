"""Conditional layers against slow NumPy, by laws, and in a Sequential.

The oracle of batch norm is `reference.batch_norm`, float64.
"""

import copy

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from gan_core import rng, testing
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conditional import (
    ConditionalBatchNorm,
    Embedding,
    ProjectionHead,
    WithEmbedding,
    multi_hot,
    number_of_values,
)
from gan_core.nn.dense import Dense
from gan_core.nn.dropout import Dropout
from gan_core.nn.initializers import zeros
from gan_core.nn.sequential import Sequential, takes
from gan_core.nn.settling import settle
from gan_core.testing import reference

COUNTS = [3, 2]
LABELS = np.array([[0, 1], [2, 0], [2, 1], [1, 1], [0, 0], [2, 0]])
NUMBERS = st.integers(0, 1000)


def drawn(shape, number=0):
    return np.random.default_rng(number).normal(size=shape).astype(np.float32)


def spread_out(layer, number=1):
    """Every variable that is trained gets values of its own."""
    for i, variable in enumerate(layer.trainable_variables):
        variable.assign(drawn(variable.shape, number + i))
    return layer


# ---------------------------------------------------------------- embeddings


def test_an_embedding_is_a_row_of_its_table():
    layer = Embedding(4, 3, seed=0)
    for i in range(4):
        np.testing.assert_array_equal(layer([i])[0], layer.table[i])


def test_several_factors_add_their_rows():
    layer = Embedding(COUNTS, 5, seed=0)
    table = layer.table.numpy().astype(np.float64)
    wanted = [table[hair] + table[3 + glasses] for hair, glasses in LABELS]
    np.testing.assert_allclose(layer(LABELS), wanted, rtol=1e-6)


def test_the_gradient_of_a_row_is_the_sum_over_the_samples_that_used_it():
    layer = Embedding(COUNTS, 2, seed=0)
    weights = drawn([6, 2])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(LABELS) * weights)
    gradient = tape.gradient(total, layer.table)
    for value in range(3):
        of_hair = weights[LABELS[:, 0] == value].sum(axis=0)
        np.testing.assert_allclose(gradient[value], of_hair, rtol=1e-5, atol=1e-6)
    for value in range(2):
        of_glasses = weights[LABELS[:, 1] == value].sum(axis=0)
        np.testing.assert_allclose(gradient[3 + value], of_glasses, rtol=1e-5, atol=1e-6)


def test_the_vectors_that_join_z_are_drawn_as_asked():
    layer = WithEmbedding(COUNTS, 5, seed=0, initializer=zeros)
    np.testing.assert_array_equal(layer.embedding.table, np.zeros([sum(COUNTS), 5]))


def test_with_embedding_joins_x_and_the_labels_vector():
    layer = WithEmbedding(COUNTS, 5, seed=0)
    x = drawn([6, 4])
    y = layer(x, LABELS)
    np.testing.assert_array_equal(y[:, :4], x)
    np.testing.assert_array_equal(y[:, 4:], layer.embedding(LABELS))


# ---------------------------------------------------------------- batch norm


@given(number=NUMBERS, image=st.booleans())
def test_conditional_batch_norm_is_batch_norm_with_each_samples_own_gamma_and_beta(number, image):
    """Row i is what plain batch norm with gamma(y_i) and beta(y_i) makes of the whole batch."""
    shape = [6, 2, 3, 4] if image else [6, 4]
    layer = spread_out(ConditionalBatchNorm(4, COUNTS), number)
    x = 3.0 * drawn(shape, number) + 2.0
    y = layer(x, LABELS, training=True).numpy()
    for i, (hair, glasses) in enumerate(LABELS):
        gamma = layer.gamma + layer.gammas[hair] + layer.gammas[3 + glasses]
        beta = layer.beta + layer.betas[hair] + layer.betas[3 + glasses]
        expected, _, _ = reference.batch_norm(x, gamma.numpy(), beta.numpy(), 1e-5)
        np.testing.assert_allclose(y[i], expected[i], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("training", [False, True])
def test_at_the_start_it_is_plain_batch_norm(training):
    plain = BatchNorm(4)
    layer = ConditionalBatchNorm(4, COUNTS)
    x = drawn([6, 2, 2, 4])
    for _ in range(2):
        np.testing.assert_allclose(
            layer(x, LABELS, training=training), plain(x, training=training), rtol=1e-5, atol=1e-6
        )
    np.testing.assert_array_equal(layer.standardise.moving_variance, plain.moving_variance)


def test_the_statistics_do_not_depend_on_the_labels():
    one, other = (spread_out(ConditionalBatchNorm(4, COUNTS)) for _ in range(2))
    x = drawn([6, 4])
    one(x, LABELS, training=True)
    other(x, LABELS[::-1], training=True)
    np.testing.assert_array_equal(one.standardise.moving_mean, other.standardise.moving_mean)


def test_settling_reaches_it():
    layer = ConditionalBatchNorm(4, COUNTS)
    x = 5.0 + drawn([6, 4])
    settle(layer, [(tf.constant(x), tf.constant(LABELS))])
    np.testing.assert_allclose(layer.standardise.moving_mean, x.mean(axis=0), rtol=1e-5)


def test_batch_norm_without_gamma_and_beta_standardises():
    layer = BatchNorm(4, affine=False)
    assert layer.trainable_variables == ()
    x = drawn([6, 4])
    wanted, _, _ = reference.batch_norm(x, np.ones(4), np.zeros(4), 1e-5)
    np.testing.assert_allclose(layer(x, training=True), wanted, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match=r"^BatchNorm: affine must be True or False, got 1"):
        BatchNorm(4, affine=1)


# ---------------------------------------------------------------- projection


@given(number=NUMBERS, image=st.booleans())
def test_a_projection_is_psi_plus_the_inner_product(number, image):
    """Equation 8 of Miyato and Koyama 2018, the sum over places first."""
    head = spread_out(ProjectionHead(4, COUNTS, seed=0), number)
    x = drawn([6, 2, 3, 4] if image else [6, 4], number)
    phi = x.astype(np.float64)
    if image:
        phi = phi.sum(axis=(1, 2))
    table = head.embedding.table.numpy()
    logits = head(x, LABELS).numpy()
    for i, (hair, glasses) in enumerate(LABELS):
        e = table[hair] + table[3 + glasses]
        psi = phi[i] @ head.dense.kernel.numpy()[:, 0] + head.dense.bias.numpy()[0]
        np.testing.assert_allclose(logits[i, 0], psi + e @ phi[i], rtol=1e-4, atol=1e-4)


def test_psi_may_be_a_layer_of_ones_own():
    psi = Sequential([lambda x: 2.0 * x[:, 0, 0, :1]])
    head = ProjectionHead(4, COUNTS, psi=psi, seed=0)
    head.embedding.table.assign(tf.zeros_like(head.embedding.table))
    x = drawn([6, 2, 2, 4])
    np.testing.assert_array_equal(head(x, LABELS), psi(x))


def test_psi_is_told_whether_it_trains():
    """Else a batch norm in it would never measure a batch."""
    norm = BatchNorm(1)
    head = ProjectionHead(4, COUNTS, psi=Sequential([Dense(4, 1, seed=1), norm]), seed=0)
    x = drawn([6, 4])
    head(x, LABELS)
    np.testing.assert_array_equal(norm.moving_mean, [0.0])
    head(x, LABELS, training=True)
    assert float(norm.moving_mean[0]) != 0.0


def test_psi_is_given_a_seed_if_it_takes_one():
    """Else no layer before the logit could drop values."""
    head = ProjectionHead(4, COUNTS, psi=Sequential([Dropout(0.5), Dense(4, 1, seed=1)]), seed=0)
    network = Sequential([Dense(3, 4, seed=2), head])
    x = drawn([6, 3])
    once, again, other = (
        network(x, LABELS, training=True, seed=rng.seed(0, "dropout", step)) for step in (0, 0, 1)
    )
    np.testing.assert_array_equal(once, again)
    assert np.any(once != other)
    np.testing.assert_array_equal(network(x, LABELS), network(x, LABELS))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.uint32, np.uint64])
def test_labels_may_have_any_integer_dtype(dtype):
    embedding = Embedding(COUNTS, 4, seed=0)
    wanted = embedding(np.int32(LABELS))
    np.testing.assert_array_equal(embedding(np.asarray(LABELS).astype(dtype)), wanted)


@pytest.mark.parametrize("samples", [1, 6])
@pytest.mark.parametrize(
    "layer",
    [
        WithEmbedding(COUNTS, 2, seed=0),
        ConditionalBatchNorm(4, COUNTS),
        ProjectionHead(4, COUNTS, seed=0),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_there_is_one_label_for_each_sample(layer, samples):
    """TensorFlow would repeat a single label, or a single sample."""
    name = type(layer).__name__
    number = 7 - samples
    with pytest.raises(
        ValueError, match=rf"^{name}: labels must be .{samples}, 2., got .{number}, 2."
    ):
        layer(drawn([samples, 4]), LABELS[:number])


def test_logits_are_linear_in_the_features_for_each_label():
    head = ProjectionHead(4, COUNTS, seed=0)
    x = drawn([6, 4])
    other = drawn([6, 4], 1)
    both = head(0.25 * x + 0.75 * other, LABELS)
    np.testing.assert_allclose(
        both, 0.25 * head(x, LABELS) + 0.75 * head(other, LABELS), rtol=1e-4, atol=1e-5
    )


# ---------------------------------------------------------------- laws, as layers of one label


class Fixed(tf.Module):
    """A conditional layer whose samples all have one label: a layer like any other."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def __call__(self, x, *, training=False):
        labels = tf.tile([[2, 1]], [x.shape[0], 1])
        return self.layer(x, labels, training=training)


NORM = testing.Layer(
    lambda seed: Fixed(ConditionalBatchNorm(3, COUNTS, seed=seed)),
    [2, 2, 3],
    [2, 2, 3],
    claims=("batch-norm",),
    name="ConditionalBatchNorm",
)
OTHERS = [
    testing.Layer(lambda seed: Fixed(WithEmbedding(COUNTS, 3, seed=seed)), [5], [8], name="With"),
    testing.Layer(
        lambda seed: Fixed(ProjectionHead(4, COUNTS, seed=seed)), [2, 2, 4], [1], name="Projection"
    ),
]
STARTS_AT_0 = "what a label adds to gamma and beta starts at 0: the layer starts as batch norm"


@pytest.mark.slow
@testing.parametrize_with_laws(OTHERS)
def test_the_laws_of_layers_hold(subject, law):
    law(subject)


@pytest.mark.slow
@testing.parametrize_with_laws([NORM], expected_failures={"units_start_apart": STARTS_AT_0})
def test_the_laws_of_batch_norm_hold(subject, law):
    law(subject)


# ---------------------------------------------------------------- labels in a Sequential


def network():
    return Sequential(
        [
            WithEmbedding(COUNTS, 3, seed=0),
            Dense(7, 4, seed=1),
            Sequential([ConditionalBatchNorm(4, COUNTS), tf.nn.relu]),
            ProjectionHead(4, COUNTS, seed=2),
        ]
    )


def test_a_sequential_hands_labels_to_the_layers_that_take_them():
    made = spread_out(network())
    x = drawn([6, 4])
    first = made.layers[0]
    dense = made.layers[1]
    (norm, relu) = made.layers[2].layers
    head = made.layers[3]
    by_hand = head(relu(norm(dense(first(x, LABELS)), LABELS)), LABELS)
    np.testing.assert_array_equal(made(x, LABELS), by_hand)
    assert made.takes_labels
    assert takes(made, "labels")
    assert not Sequential([Dense(4, 4, seed=0)]).takes_labels


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
def test_values_and_second_gradients_are_the_same_in_a_graph_and_under_xla(jit_compile):
    """The gradient of R1's penalty, of all weights."""
    x = tf.constant(drawn([6, 4]))
    labels = tf.constant(LABELS)

    def everything(made, x):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = made(x, labels, training=True)
            penalty = tf.reduce_sum(tf.square(inner.gradient(y, x)))
        return [y, penalty, *outer.gradient(penalty, made.trainable_variables)]

    eager = everything(spread_out(network()), x)
    made = spread_out(network())
    compiled = tf.function(lambda x: everything(made, x), jit_compile=jit_compile, autograph=False)(
        x
    )
    scale = np.max(np.abs(eager[1]))
    for one, expected in zip(compiled, eager, strict=True):
        if expected is None:
            assert one is None
            continue
        np.testing.assert_allclose(one, expected, rtol=1e-3, atol=1e-4 * scale)


def test_a_copy_has_variables_of_its_own():
    made = network()
    twin = copy.deepcopy(made)
    assert not {id(v) for v in twin.variables} & {id(v) for v in made.variables}
    np.testing.assert_array_equal(twin(drawn([6, 4]), LABELS), made(drawn([6, 4]), LABELS))


# ---------------------------------------------------------------- wrong calls


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Embedding(0, 3, seed=0), "Embedding: counts must be a whole number of at least 1"),
        (lambda: Embedding([], 3, seed=0), "Embedding: counts must be a number, or a list"),
        (lambda: Embedding([2, "x"], 3, seed=0), r"Embedding: counts\[1\] must be a whole number"),
        (
            lambda: Embedding(3, 3, seed=0)([0, 3]),
            "Embedding: labels must be whole numbers from 0 to 2, got numbers from 0 to 3",
        ),
        (
            lambda: Embedding(3, 3, seed=0)([-1]),
            "Embedding: labels must be whole numbers from 0 to 2",
        ),
        (lambda: Embedding(3, 3, seed=0)([0.0]), "Embedding: labels must be whole numbers"),
        (lambda: Embedding(3, 3, seed=0)(LABELS), r"Embedding: labels must be \[batch\], got"),
        (lambda: Embedding([3], 3, seed=0)([1]), r"Embedding: labels must be \[batch, 1\], got"),
        (
            lambda: ConditionalBatchNorm(3, 2)(tf.zeros([2, 3])),
            "ConditionalBatchNorm: labels must be given, got None",
        ),
        (
            lambda: WithEmbedding(3, 2, seed=0)(tf.zeros([2, 3])),
            "WithEmbedding: labels must be given, got None",
        ),
        (
            lambda: ProjectionHead(3, 2, seed=0)(tf.zeros([2, 3])),
            "ProjectionHead: labels must be given, got None",
        ),
        (
            lambda: ProjectionHead(3, 2, seed=0)(tf.zeros([2, 4]), [0, 1]),
            r"ProjectionHead: x must be \[batch, 3\] or \[batch, h, w, 3\], got \[2, 4\]",
        ),
        (
            lambda: ProjectionHead(3, 2, psi=lambda x: x, seed=0)(tf.zeros([2, 3]), [0, 1]),
            r"ProjectionHead: what psi gives must be \[batch, 1\], got \[2, 3\]",
        ),
        (
            lambda: Sequential([Dense(3, 3, seed=0)])(tf.zeros([2, 3]), [0, 1]),
            "Sequential: labels must be None: no layer takes any",
        ),
        (
            lambda: Sequential([WithEmbedding(3, 2, seed=0)])(tf.zeros([2, 3])),
            "WithEmbedding: labels must be given",
        ),
    ],
)
def test_wrong_calls_are_told(call, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        call()


@given(seed=NUMBERS)
def test_multi_hot_has_one_one_a_factor(seed):
    labels = rng.integers([7, 1], rng.seed(seed, "y"), 4)
    hot = multi_hot(tf.concat([labels, 3 - labels], axis=1), [4, 4]).numpy()
    assert hot.shape == (7, 8)
    np.testing.assert_array_equal(hot[:, :4].argmax(axis=1), labels[:, 0])
    np.testing.assert_array_equal(hot[:, 4:].argmax(axis=1), 3 - labels[:, 0])
    np.testing.assert_array_equal(hot.sum(axis=1), np.full(7, 2.0))


def test_counts_may_be_numpys_numbers():
    np.testing.assert_array_equal(multi_hot([1, 0], np.int64(2)), [[0, 1], [1, 0]])
    np.testing.assert_array_equal(multi_hot([[1, 0]], np.array([2, 1]).tolist()), [[0, 1, 1]])
    assert number_of_values(np.int64(3)) == 3
