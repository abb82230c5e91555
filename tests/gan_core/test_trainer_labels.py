"""Conditional games: who gets which labels, and that a G learns what it is asked for."""

import re

import numpy as np
import pytest
import tensorflow as tf
from games import (
    BATCH,
    X,
    Z,
    assert_near,
    changed,
    conditional,
    labelled,
    labels,
    real,
    values,
)

from gan_core import averaging, rng
from gan_core.data import HostBatches
from gan_core.latent import Classes, Normal
from gan_core.nn.conditional import WithEmbedding
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import SGD, Adam
from gan_core.penalties import r1
from gan_core.runs.loop import fit
from gan_core.trainer import GANTrainer


def refuses(words):
    return pytest.raises(ValueError, match=re.escape(words))


@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
def test_fakes_get_the_labels_of_the_real_batch(update):
    trainer = conditional(update=update, penalty=r1(0.1))
    trainer.generator._seen.clear()
    trainer.discriminator._seen.clear()
    trainer.round((real(), labels(5)))
    seen = trainer.generator._seen + trainer.discriminator._seen
    assert len(seen) >= 4
    for y in seen:
        np.testing.assert_array_equal(y, labels(5))


def test_each_d_step_has_the_labels_of_its_own_batch():
    trainer = conditional(d_steps=2)
    trainer.generator._seen.clear()
    trainer.round((np.stack([real(), real(number=1)]), np.stack([labels(1), labels(2)])))
    first, second = trainer.generator._seen
    np.testing.assert_array_equal(first, labels(1))
    np.testing.assert_array_equal(second, labels(2))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_compiled_rounds_with_labels_are_the_eager_ones(mode):
    eager = conditional(d_steps=2, average=0.9)
    compiled = conditional(d_steps=2, average=0.9, mode=mode)
    one = eager.rounds(labelled, 3)
    other = compiled.rounds(labelled, 3)
    assert_near(one, other, rtol=1e-4, atol=1e-5)
    assert_near(values(eager), values(compiled), rtol=1e-4, atol=1e-5)


def test_the_rows_of_embeddings_that_no_label_names_do_not_move():
    trainer = conditional()
    before = trainer.generator.embedding.numpy()
    trainer.round((real(), np.full(BATCH, 2, np.int64)))
    after = trainer.generator.embedding.numpy()
    np.testing.assert_array_equal(after[:2], before[:2])
    assert np.any(after[2] != before[2])


def test_single_steps_take_labels_too():
    trainer = conditional()
    z = trainer.latent(BATCH, rng.seed(0, "z"))
    assert set(trainer.discriminator_step((real(), labels()), z)) >= {"d_loss"}
    assert set(trainer.generator_step((real(), labels()), z)) == {"g_loss"}


def test_samples_have_the_labels_that_were_asked_for():
    trainer = conditional()
    trainer.generator.embedding.assign([[0.0] * X, [100.0] * X, [200.0] * X])
    wanted = labels(9, n=300)
    samples = trainer.sample(300, labels=wanted)
    np.testing.assert_array_equal(np.round(samples.mean(axis=1) / 100), wanted)
    plain = trainer.sample(300, labels=np.zeros(300, int))
    np.testing.assert_allclose(samples - plain, np.repeat(100.0 * wanted[:, None], X, 1), rtol=1e-4)


def test_samples_without_labels_have_drawn_ones_the_same_for_every_n_and_batch():
    trainer = conditional()
    trainer.generator.embedding.assign([[0.0] * X, [100.0] * X, [200.0] * X])
    many = trainer.sample(600, seed=3)
    classes = np.round(many.mean(axis=1) / 100)
    assert [np.sum(classes == k) > 150 for k in range(3)] == [True] * 3
    assert np.any(classes[:256] != classes[256:512])
    np.testing.assert_array_equal(trainer.sample(5, seed=3), many[:5])
    np.testing.assert_allclose(trainer.sample(600, seed=3, batch=100), many, rtol=1e-6)


class Recorded:
    """A distribution, and every seed that it was asked with."""

    def __init__(self, distribution):
        self.distribution = distribution
        self.dim = getattr(distribution, "dim", None)
        self.seeds = []

    def __call__(self, n, seed):
        self.seeds.append(tuple(seed.numpy().tolist()))
        return self.distribution(n, seed)


def test_labels_and_z_share_no_seed_neither_of_samples_nor_where_an_average_is_settled():
    """With z's seed a label would be a function of z, and G could not vary one without the other."""
    latent = Recorded(Normal(Z))
    drawn = Recorded(Classes(3))
    trainer = GANTrainer(
        conditional().generator,
        conditional().discriminator,
        latent=latent,
        labels=drawn,
        g_optimizer=SGD(),
        d_optimizer=SGD(),
        mode="eager",
    )
    latent.seeds.clear()
    drawn.seeds.clear()
    trainer.sample(600, seed=3)
    list(averaging.settling_batches(latent, 3, drawn))
    assert len(set(latent.seeds)) == len(set(drawn.seeds)) == 3 + averaging.SETTLING_BLOCKS
    assert not set(latent.seeds) & set(drawn.seeds)


@pytest.mark.slow
def test_a_conditional_game_learns_the_mean_of_each_class():
    centres = tf.constant([-3.0, 0.0, 3.0])

    def classes(index):
        y = rng.integers([256], rng.seed(0, "labels", index), 3)
        noise = rng.normal([256, 1], rng.seed(0, "real", index))
        return tf.gather(centres, y)[:, tf.newaxis] + 0.5 * noise, y

    class Hidden(tf.Module):
        def __init__(self, out_size, seed):
            super().__init__()
            self.first = Dense(1 + 3, 32, seed=seed)
            self.last = Dense(32, out_size, seed=seed + 1)

        def __call__(self, x, y, *, training=False):
            both = tf.concat([x, tf.one_hot(y, 3)], axis=1)
            return self.last(tf.nn.leaky_relu(self.first(both)))

    trainer = GANTrainer(
        Hidden(1, 1),
        Hidden(1, 5),
        latent=Normal(1),
        labels=Classes(3),
        penalty=r1(0.1),
        average=0.99,
        g_optimizer=Adam(2e-3, beta_1=0.5),
        d_optimizer=Adam(2e-3, beta_1=0.5),
    )
    trainer.rounds(classes, 2500)
    for k, centre in enumerate(centres.numpy()):
        samples = trainer.sample(2000, labels=np.full(2000, k))
        assert abs(samples.mean() - centre) < 0.3, k


def test_a_game_with_labels_refuses_batches_without_and_the_other_way_round():
    with refuses("GANTrainer.round: real must be a pair (samples, labels), got a ndarray"):
        conditional().round(real())
    plain = GANTrainer(
        Dense(Z, X, seed=1),
        Dense(X, 1, seed=2),
        latent=Normal(Z),
        g_optimizer=SGD(),
        d_optimizer=SGD(),
        mode="eager",
    )
    with refuses(
        "GANTrainer.round: real must be samples alone: this game has no labels, got a tuple"
    ):
        plain.round((real(), labels()))
    with refuses("GANTrainer.rounds: what sampler gives must be samples alone"):
        plain.rounds(labelled, 1)
    with refuses("GANTrainer.sample: labels must be None: this game has no labels"):
        plain.sample(3, labels=[0, 1, 2])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (labels(n=3), f"labels must be [{BATCH}], got [3]"),
        (np.zeros([BATCH, 1], np.int32), f"labels must be [{BATCH}], got [{BATCH}, 1]"),
        (np.zeros(BATCH, np.float32), f"labels must be [{BATCH}] of int32"),
        (["a"] * BATCH, f"labels must be [{BATCH}] of int32"),
        (
            np.full(BATCH, 2**32),
            "labels must be whole numbers that int32 can hold, got numbers from 4294967296 to",
        ),
        (
            tf.constant([-(2**40)] * BATCH, tf.int64),
            "labels must be whole numbers that int32 can hold, got numbers from -1099511627776 to",
        ),
    ],
)
def test_labels_of_another_shape_or_kind_are_refused(wrong, words):
    with refuses(f"GANTrainer.round: {words}"):
        conditional().round((real(), wrong))


def with_embeddings(mode):
    """A compiled layer makes zeros of a label that is out of range."""
    return GANTrainer(
        Sequential([WithEmbedding(3, 2, seed=1), Dense(Z + 2, X, seed=2)]),
        Sequential([WithEmbedding(3, 2, seed=3), Dense(X + 2, 1, seed=4)]),
        latent=Normal(Z),
        labels=Classes(3),
        g_optimizer=SGD(),
        d_optimizer=SGD(),
        mode=mode,
    )


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize("wrong", [3, -1])
def test_a_label_out_of_range_is_refused_wherever_it_is_given(mode, wrong):
    trainer = with_embeddings(mode)
    bad = np.zeros(BATCH, int)
    bad[2] = wrong
    z = np.ones([BATCH, Z], np.float32)

    def sampler(index):
        return tf.constant(real()), tf.constant(bad)

    before = values(trainer)
    trainer.sample(3, labels=[0, 1, 2])
    for call in (
        lambda: trainer.sample(BATCH, labels=bad),
        lambda: trainer.round((real(), bad)),
        lambda: trainer.discriminator_step((real(), bad), z),
        lambda: trainer.generator_step((real(), bad), z),
        lambda: trainer.rounds(sampler, 1),
    ):
        with refuses("Embedding: labels must be whole numbers from 0 to 2, got numbers from"):
            call()
    assert not changed(before, values(trainer))


class Table(tf.Module):
    """A layer of a user's own: tf.gather refuses a row that is not there, but not under XLA."""

    def __init__(self, rows):
        super().__init__()
        self.table = tf.Variable(tf.ones([rows, X]))

    def __call__(self, x, labels, *, training=False):
        return x * tf.gather(self.table, labels)


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (lambda: [WithEmbedding(2, 2, seed=3), Dense(X + 2, 1, seed=4)], "Embedding: labels must"),
        (lambda: [Table(2), Dense(X, 1, seed=4)], "GANTrainer: labels must be such as both"),
    ],
)
def test_a_label_that_g_has_and_d_has_not_is_refused(first, words):
    """Compiled, D would take it for no label at all."""
    trainer = GANTrainer(
        Sequential([WithEmbedding(3, 2, seed=1), Dense(Z + 2, X, seed=2)]),
        Sequential(first()),
        latent=Normal(Z),
        labels=lambda n, seed: tf.zeros([n], tf.int32),
        g_optimizer=SGD(),
        d_optimizer=SGD(),
        mode="graph",
    )
    with refuses(words):
        trainer.round((real(), np.array([0, 1, 2, 0])))
    assert int(trainer.step) == 0


def test_a_label_that_is_not_finite_is_refused():
    def numbers(n, seed):
        return rng.normal([n], seed)

    class Ignores(Dense):
        def __call__(self, x, y, *, training=False):
            return super().__call__(x)

    trainer = GANTrainer(
        Ignores(Z, X, seed=1),
        Ignores(X, 1, seed=2),
        latent=Normal(Z),
        labels=numbers,
        g_optimizer=SGD(),
        d_optimizer=SGD(),
        mode="eager",
    )
    y = np.full(BATCH, np.nan)
    with refuses(f"GANTrainer.round: labels must be finite, got {BATCH} of {BATCH} values NaN"):
        trainer.round((real(), y))
    with refuses("GANTrainer.sample: labels must be finite"):
        trainer.sample(BATCH, labels=y)


@pytest.mark.parametrize("kind", [tuple, list])
def test_pairs_of_host_batches_may_be_tuples_or_lists(kind):
    """With several D steps a round they are stacked."""
    batches = HostBatches(lambda index: (kind((real(), labels(i))) for i in range(index, 99)))
    played = conditional(d_steps=2)
    fit(played, batches, 2)
    by_hand = conditional(d_steps=2)
    for first in (0, 2):
        by_hand.round(
            (np.stack([real(), real()]), np.stack([labels(first), labels(first + 1)])),
        )
    assert_near(values(played), values(by_hand), rtol=1e-6, atol=1e-6)
