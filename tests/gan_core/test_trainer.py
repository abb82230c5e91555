"""The trainer as its users see it: what a round reports, what is drawn when, how often is traced,
what is sampled.
"""

import numpy as np
import pytest
import tensorflow as tf
from games import BATCH, REALS, X, Z, affine, assert_near, changed, deep, real, sampler, values

from gan_core import losses, penalties, rng
from gan_core.data import stream
from gan_core.latent import Normal, Uniform
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten, Reshape
from gan_core.optim.optimizers import Adam
from gan_core.testing import reference
from gan_core.trainer import GANTrainer

pytestmark = pytest.mark.slow

# ---- what a round reports ----


def test_the_row_is_of_ds_last_step_before_it_is_applied():
    """Real samples at logits 1, 3, -1, 0 and fakes at 2: worked out by hand."""
    trainer = affine(g_rate=0.0, update="simultaneous")
    trainer.generator.kernel.assign(tf.zeros([Z, X]))
    trainer.generator.bias.assign([2.0, 0.0, 0.0])
    trainer.discriminator.kernel.assign([[1.0], [0.0], [0.0]])
    row = trainer.round([[1.0, 9, 9], [3.0, 9, 9], [-1.0, 9, 9], [0.0, 9, 9]])
    a = np.array([1.0, 3.0, -1.0, 0.0])
    b = np.full(4, 2.0)
    assert row == pytest.approx(
        {
            "d_loss": reference.cross_entropy_d(a, b),
            "g_loss": np.log(1 + np.exp(-2)),
            "d_real": np.mean(reference.sigmoid(a)),
            "d_fake": 1 / (1 + np.exp(-2)),
            "accuracy": 0.5 * (2 / 4 + 0 / 4),
        }
    )
    assert all(type(value) is float for value in row.values())


def test_in_an_alternating_round_gs_loss_is_seen_through_the_new_d():
    apart = affine()
    trainer = affine()
    z = trainer.latent(BATCH, rng.seed(0, "z", 0))
    row = trainer.round(real())
    assert apart.generator_step(real(), z)["g_loss"] != pytest.approx(row["g_loss"], rel=1e-3)
    apart = affine(g_rate=0.0)
    apart.discriminator_step(real(), z)
    assert apart.generator_step(real(), z)["g_loss"] == pytest.approx(row["g_loss"], rel=1e-5)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, []),
        ({"penalty": penalties.r1(1.0)}, ["penalty"]),
        ({"penalty": []}, []),
        ({"gradient_norms": True}, ["d_gradient_norm", "g_gradient_norm"]),
        (
            {"gradient_norms": True, "penalty": [penalties.r1(1.0), penalties.r2(1.0)]},
            ["penalty", "d_gradient_norm", "g_gradient_norm"],
        ),
    ],
)
def test_the_names_of_a_row(options, names):
    trainer = affine(**options)
    wanted = ["d_loss", "g_loss", "d_real", "d_fake", "accuracy", *names]
    assert (
        trainer.row_names
        == list(trainer.round(real()))
        == list(trainer.rounds(sampler, 2))
        == wanted
    )


def test_gradient_norms_are_those_of_the_steps():
    """Under SGD a step is rate times gradient, so its length tells the norm."""
    trainer = affine(gradient_norms=True, penalty=penalties.r1(2.0))
    before = values(trainer)
    row = trainer.round(real())
    after = values(trainer)
    for part, rate, name in (
        ("discriminator", 0.1, "d_gradient_norm"),
        ("generator", 0.2, "g_gradient_norm"),
    ):
        step = [after[f"{part}/{v}"] - before[f"{part}/{v}"] for v in ("kernel", "bias")]
        assert row[name] == pytest.approx(
            np.sqrt(sum(np.sum(np.float64(s) ** 2) for s in step)) / rate, rel=1e-4
        )


def test_no_rounds_are_an_empty_row_each():
    trainer = affine()
    before = values(trainer)
    rows = trainer.rounds(sampler, 0)
    assert {row.shape for row in rows.values()} == {(0,)}
    assert list(rows) == trainer.row_names
    assert not changed(before, values(trainer))


# ---- what is run and drawn in a round ----


class Spy(tf.Module):
    """A network that tells how it was called."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.seen = []

    def __call__(self, x, *, training=False):
        self.seen.append((np.array(x), training))
        return self.network(x, training=training)


class SpyLatent(Normal):
    """A prior that tells what was drawn from it."""

    drawn = []  # noqa: RUF012

    def __call__(self, n, seed):
        self.drawn.append((n, tuple(np.array(seed))))
        return super().__call__(n, seed)


def spied(**options):
    generator = Spy(Dense(Z, X, seed=1))
    discriminator = Spy(Dense(X, 1, seed=2))
    trainer = GANTrainer(
        generator,
        discriminator,
        latent=SpyLatent(Z),
        mode="eager",
        g_optimizer=Adam(),
        d_optimizer=Adam(),
        **options,
    )
    generator.seen.clear()
    discriminator.seen.clear()
    SpyLatent.drawn.clear()
    return trainer, generator.seen, discriminator.seen


@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
@pytest.mark.parametrize("d_steps", [1, 3])
@pytest.mark.parametrize("fresh_z", [False, True])
def test_a_round_runs_g_once_for_both_players_unless_a_fresh_z_is_asked_for(
    d_steps, fresh_z, update
):
    """And D on the real batch, on the fakes, and on the fakes again;
    each D step has a real batch of its own.
    """
    trainer, g_calls, d_calls = spied(d_steps=d_steps, fresh_z=fresh_z, update=update)
    for _ in range(2):
        trainer.round(REALS[0] if d_steps == 1 else REALS[:d_steps])
    assert len(g_calls) == len(SpyLatent.drawn) == 2 * (d_steps + fresh_z)
    assert len(set(SpyLatent.drawn)) == len(SpyLatent.drawn)
    assert len(d_calls) == 2 * (2 * d_steps + 1)
    assert all(training for _, training in g_calls + d_calls)
    assert all(n == BATCH for n, _ in SpyLatent.drawn)
    for k in range(d_steps):
        np.testing.assert_array_equal(d_calls[2 * k][0], REALS[k])
    same_fakes = np.array_equal(d_calls[2 * d_steps][0], d_calls[2 * d_steps - 1][0])
    assert same_fakes == (not fresh_z)


def test_the_augmentation_is_seen_by_d_alone_and_real_and_fake_share_its_draw():
    draws = []

    def augment(x, seed, step):
        draws.append((tuple(np.array(seed)), int(step)))
        return x + 1000.0

    trainer, _, d_calls = spied(augment=augment)
    for _ in range(2):
        trainer.round(real())
    assert all(np.all(x > 900.0) for x, _ in d_calls)
    assert np.all(np.abs(trainer.sample(8)) < 100.0)
    assert len(draws) == 6  # real, fake, fake, twice
    assert draws[0] == draws[1] != draws[2]
    assert [step for _, step in draws] == [0, 0, 0, 1, 1, 1]
    assert len({seed for seed, _ in draws}) == 4  # one for D's step and one for G's, each round


def test_the_sampler_is_asked_for_batch_number_step_times_d_steps_plus_k():
    asked = []

    def counting(index):
        asked.append(int(index))
        return sampler(index)

    trainer = affine(d_steps=3)
    trainer.rounds(counting, 2)
    trainer.rounds(counting, 1)
    assert asked == list(range(9))


def test_the_loss_is_the_one_that_was_given():
    rows = {
        name: affine(loss=loss, update="simultaneous").round(real())
        for name, loss in losses.LOSSES.items()
    }
    assert (
        len({row["g_loss"] for row in rows.values()}) == 5
    )  # hinge and wasserstein give G the same
    assert (
        len({row["d_loss"] for row in rows.values()}) == 5
    )  # minimax and non-saturating give D the same


def test_logits_may_come_without_a_second_axis():
    def network(discriminator):
        trainer = affine()
        return GANTrainer(
            trainer.generator,
            discriminator,
            latent=Normal(Z),
            mode="eager",
            g_optimizer=Adam(),
            d_optimizer=Adam(),
        )

    flat = Sequential([Dense(X, 1, seed=2), lambda x: x[:, 0]])
    assert network(flat).round(real()) == network(Dense(X, 1, seed=2)).round(real())


# ---- compiled functions ----


def test_there_is_one_trace_for_one_batch_size():
    trainer = affine(mode="graph", average=0.9)
    for number in range(5):
        trainer.round(real(number=number))
    for n in (1, 2, 7, 0, 30):
        trainer.rounds(sampler, n)
    for n, seed in ((1, 0), (300, 1), (5, 2)):
        trainer.sample(n, seed)
    assert trainer._compiled_round.experimental_get_tracing_count() == 1
    _, rounds = trainer._rounds_of
    assert rounds.experimental_get_tracing_count() == 1
    assert trainer._compiled_sample.experimental_get_tracing_count() == 1
    trainer.round(real(2 * BATCH))
    trainer.round(real(BATCH))
    assert trainer._compiled_round.experimental_get_tracing_count() == 2


def test_a_method_is_the_same_sampler_each_time_it_is_looked_up():
    """Python makes a new object of it each time."""

    class Data:
        def __init__(self, number):
            self.number = number
            self.traces = 0

        def batch(self, index):
            self.traces += 1
            return tf.constant(real(number=self.number))

    trainer = affine(mode="graph")
    data = Data(1)
    trainer.rounds(data.batch, 1)
    traces = data.traces
    trainer.rounds(data.batch, 2)
    assert data.traces == traces
    other = Data(2)
    trainer.rounds(other.batch, 1)
    assert other.traces > 0


def test_single_steps_are_traced_once_too():
    trainer = affine(mode="graph")
    for number in range(4):
        z = trainer.latent(BATCH, rng.seed(0, "z", number))
        trainer.discriminator_step(real(number=number), z)
        trainer.generator_step(real(number=number), z.numpy())
    assert trainer._compiled_d_step.experimental_get_tracing_count() == 1
    assert trainer._compiled_g_step.experimental_get_tracing_count() == 1


def test_single_steps_agree_eager_and_compiled():
    players = [
        affine(mode=mode, penalty=penalties.r1(1.0), gradient_norms=True)
        for mode in ("eager", "graph")
    ]
    z = players[0].latent(BATCH, rng.seed(0, "z"))
    rows = [
        {**trainer.discriminator_step(real(), z), **trainer.generator_step(real(), z)}
        for trainer in players
    ]
    for trainer, row in zip(players[1:], rows[1:], strict=True):
        assert_near(row, rows[0], rtol=1e-5)
        assert_near(values(trainer), values(players[0]), rtol=1e-5, atol=1e-7)


def faces(mode):
    """The networks of a DCGAN, in small: 4 x 4 images of one channel."""
    generator = Sequential(
        [
            Dense(Z, 8, seed=1, use_bias=False),
            Reshape((2, 2, 2)),
            BatchNorm(2),
            tf.nn.relu,
            Conv2DTranspose(2, 1, 4, stride=2, seed=2),
            tf.nn.tanh,
        ]
    )
    discriminator = Sequential(
        [Conv2D(1, 3, 4, stride=2, seed=3), leaky_relu(), Flatten(), Dense(12, 1, seed=4)]
    )
    return GANTrainer(
        generator,
        discriminator,
        latent=Uniform(Z),
        penalty=penalties.r1(1.0),
        average=0.9,
        g_optimizer=Adam(0.002, beta_1=0.5),
        d_optimizer=Adam(0.002, beta_1=0.5),
        mode=mode,
    )


def test_a_convolutional_game_with_r1_is_the_same_eager_and_under_xla():
    images = stream(lambda n, seed: rng.uniform([n, 4, 4, 1], seed, -1.0, 1.0), BATCH)
    eager = faces("eager")
    compiled = faces("xla")
    assert_near(compiled.rounds(images, 3), eager.rounds(images, 3), rtol=1e-3, atol=1e-4)
    assert_near(values(compiled), values(eager), rtol=1e-3, atol=1e-4)
    assert eager.sample_shape == (4, 4, 1)


# ---- samples ----


def test_a_sample_depends_on_its_seed_and_its_number_alone():
    """In blocks of 256: the first ten of three hundred are the ten."""
    trainer = deep(mode="graph")
    many = trainer.sample(600)
    assert many.shape == (600, X)
    assert many.dtype == np.float32
    for n in (1, 10, 256, 257):
        np.testing.assert_array_equal(trainer.sample(n), many[:n])
    assert len({row.tobytes() for row in many}) == 600
    others = trainer.sample(600, seed=1)
    assert not {row.tobytes() for row in many} & {row.tobytes() for row in others}
    np.testing.assert_array_equal(
        deep(mode="graph", seed=5).sample(600), many
    )  # the run's seed plays no part


def test_a_sample_is_gs_in_inference_mode_and_changes_nothing():
    trainer = deep()
    trainer.rounds(sampler, 2)
    before = values(trainer)
    samples = trainer.sample(4, seed=3)
    z = trainer.latent(256, rng.seed(3, "sample", 0))[:4]
    np.testing.assert_allclose(samples, trainer.generator(z, training=False), rtol=1e-4, atol=1e-5)
    assert np.max(np.abs(samples - trainer.generator(z, training=True))) > 0.01
    assert changed(before, values(trainer)) == {
        "generator/layers/1/moving_mean",
        "generator/layers/1/moving_variance",
    }


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_samples_are_the_averages_where_there_is_one(mode):
    trainer = affine(average=0.5, mode=mode)
    trainer.average.model.kernel.assign(tf.zeros([Z, X]))
    trainer.average.model.bias.assign([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(trainer.sample(3), [[1.0, 2.0, 3.0]] * 3)


# ---- the state ----


def test_the_state_is_every_variable_once_under_its_players_name():
    trainer = deep(average=0.9)
    state = trainer.state()
    assert len({id(v) for v in state.values()}) == len(state)
    parts = [
        trainer.generator,
        trainer.discriminator,
        trainer.g_optimizer,
        trainer.d_optimizer,
        trainer.average,
    ]
    of_players = {id(v) for part in parts for v in part.variables}
    own = {id(trainer.step), id(trainer._last_penalty)}
    assert {id(v) for v in state.values()} == of_players | own
    assert {
        "generator/layers/0/kernel",
        "discriminator/layers/2/moving_mean",
        "g_optimizer/m/0",
        "d_optimizer/updates",
        "average/model/layers/1/moving_variance",
        "penalty",
        "step",
    } <= state.keys()
    assert not [name for name in state if "bound" in name]


def test_step_counts_rounds():
    trainer = affine(d_steps=2)
    trainer.rounds(sampler, 3)
    trainer.round(REALS[:2])
    assert trainer.step.dtype == tf.int64
    assert (
        int(trainer.step),
        int(trainer.d_optimizer.updates),
        int(trainer.g_optimizer.updates),
    ) == (
        4,
        8,
        4,
    )
