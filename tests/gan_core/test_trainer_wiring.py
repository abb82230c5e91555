"""What the trainer hands to whom: seeds, rounds, variables, logits; and what it keeps.

Each test fails for a mistake in the wiring that no formula shows.
"""

import functools
import gc
import itertools
import re
import weakref

import numpy as np
import pytest
import tensorflow as tf
from games import BATCH, X, Z, affine, changed, deep, real, sampler, values

from gan_core import averaging, losses, penalties, rng
from gan_core.devices import many_rounds
from gan_core.game import discriminator_gradients, logits_of
from gan_core.latent import Normal
from gan_core.nn.activations import leaky_relu
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten
from gan_core.optim import schedules
from gan_core.optim.optimizers import SGD, Adam
from gan_core.trainer import GANTrainer

# ---------------------------------------------------------------- seeds


class Recorded:
    """The prior, and every seed that it was asked with."""

    dim = Z

    def __init__(self):
        self.seeds = []

    def __call__(self, n, seed):
        self.seeds.append(tuple(seed.numpy().tolist()))
        return rng.normal([n, Z], seed)


class Noisy(tf.Module):
    """A layer with randomness of its own."""

    def __init__(self, in_size, out_size, seed):
        super().__init__()
        self.dense = Dense(in_size, out_size, seed=seed)
        self._seeds = []

    def __call__(self, x, *, training=False, seed=None):
        if training:
            self._seeds.append(
                seed if tf.is_symbolic_tensor(seed) else tuple(seed.numpy().tolist())
            )
            x = x + 0.1 * rng.normal(x.shape, seed)
        return self.dense(x)


def everything_random(**options):
    seeds = {"augment": [], "penalty 0": [], "penalty 1": []}

    def augment(x, seed, step):
        seeds["augment"].append(tuple(seed.numpy().tolist()))
        return x

    def penalty(name):
        def nothing(critic, real, fake, seed, step):
            seeds[name].append(tuple(seed.numpy().tolist()))
            return tf.zeros([])

        return nothing

    trainer = GANTrainer(
        Noisy(Z, X, 1),
        Noisy(X, 1, 2),
        latent=Recorded(),
        augment=augment,
        penalty=[penalty("penalty 0"), penalty("penalty 1")],
        g_optimizer=SGD(),
        d_optimizer=SGD(),
        mode="eager",
        seed=4,
        **options,
    )
    return trainer, seeds


def test_every_draw_of_a_round_has_a_seed_of_its_own():
    """But for the augmentation, which real and fake share within a step."""
    trainer, seeds = everything_random(d_steps=2, fresh_z=True)
    trainer.latent.seeds.clear()
    reals = np.stack([real(), real(number=1)])
    for _ in range(2):
        trainer.round(reals)
    drawn = {
        "z": trainer.latent.seeds,
        "layers of G": trainer.generator._seeds,
        "layers of D": trainer.discriminator._seeds,
        **seeds,
    }
    assert {name: len(found) for name, found in drawn.items()} == {
        "z": 6,
        "layers of G": 6,
        "layers of D": 10,  # two passes in each D step, one in G's
        "augment": 10,
        "penalty 0": 4,
        "penalty 1": 4,
    }
    for name, found in drawn.items():
        assert len(set(found)) == (6 if name == "augment" else len(found)), name
    everything = [seed for found in drawn.values() for seed in set(found)]
    assert len(set(everything)) == len(everything)


def test_other_runs_have_other_seeds():
    one, _ = everything_random()
    other, _ = everything_random()
    other.seed = 5
    for trainer in (one, other):
        trainer.latent.seeds.clear()
        trainer.round(real())
    assert not set(one.latent.seeds) & set(other.latent.seeds)


def size_between(critic, real, fake, *, seed, step):
    """A penalty that makes a forward pass of its own."""
    return tf.reduce_mean(tf.square(critic(0.5 * (real + fake))))


@functools.cache
def three_noisy_rounds(mode):
    """The state after them. In the second round the lazy penalty makes no forward pass."""
    trainer = GANTrainer(
        Noisy(Z, X, 1),
        Noisy(X, 1, 2),
        latent=Normal(Z),
        penalty=[penalties.wasserstein_gradient_penalty(1.0, every=2), size_between],
        g_optimizer=SGD(0.01),
        d_optimizer=SGD(0.01),
        mode=mode,
    )
    trainer.rounds(sampler, 3)
    return values(trainer)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_networks_with_randomness_of_their_own_play_the_same_in_all_modes(mode):
    compiled = three_noisy_rounds(mode)
    for name, value in three_noisy_rounds("eager").items():
        np.testing.assert_allclose(compiled[name], value, rtol=1e-4, atol=1e-5, err_msg=name)


def test_settling_has_1024_z_of_its_own_whatever_samples_and_rounds_draw():
    latent = Recorded()
    blocks = [z.numpy() for z in averaging.settling_batches(latent, 7)]
    assert np.concatenate(blocks).shape == (1024, Z)
    assert len(set(latent.seeds)) == 4
    others = {
        tuple(rng.seed(7, purpose, k).numpy().tolist())
        for purpose, k in itertools.product(("z", "z of G", "sample"), range(8))
    }
    assert not others & set(latent.seeds)
    small = [z.numpy() for z in averaging.settling_batches(Recorded(), 7, batch=100)]
    np.testing.assert_array_equal(np.concatenate(small), np.concatenate(blocks))


@pytest.mark.slow
def test_samples_are_settled_alike_whatever_their_seed():
    trainer = deep(average=0.5, mode="graph")
    trainer.rounds(sampler, 4)
    one = trainer.sample(4, seed=1)
    trainer.sample(300, seed=2)
    np.testing.assert_array_equal(trainer.sample(4, seed=1), one)


# ---------------------------------------------------------------- one clock


def test_every_schedule_is_asked_for_the_round_however_many_d_steps_it_has():
    seen = {name: [] for name in ("d", "g", "gamma", "average", "noise")}

    def schedule(name):
        def value(step):
            seen[name].append(int(step))
            return tf.constant(0.25)

        return value

    noise = schedule("noise")

    def augment(x, seed, step):
        return x + 0.0 * noise(step)

    trainer = affine(
        d_rate=schedule("d"),
        g_rate=schedule("g"),
        penalty=penalties.r1(schedule("gamma")),
        average=schedule("average"),
        augment=augment,
        d_steps=3,
    )
    for found in seen.values():
        found.clear()
    for _ in range(2):
        trainer.round(np.stack([real(number=k) for k in range(3)]))
    assert seen["d"] == seen["gamma"] == [0, 0, 0, 1, 1, 1]
    assert seen["g"] == seen["average"] == [0, 1]
    assert set(seen["noise"]) == {0, 1}


def test_ds_rate_falls_with_the_rounds_and_not_with_its_steps():
    """REVIEW: with 5 D steps and linear_decay(rate, 10), D stood still after 2 rounds of 10."""
    trainer = affine(d_rate=schedules.linear_decay(0.1, 10), d_steps=5)
    reals = np.stack([real(number=k) for k in range(5)])
    for _ in range(4):
        trainer.round(reals)
    before = values(trainer)
    trainer.round(reals)
    assert "discriminator/kernel" in changed(before, values(trainer))


# ---------------------------------------------------------------- variables


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_what_an_optimizer_is_not_bound_to_is_frozen(mode):
    generator = Sequential([Dense(Z, 5, seed=1), leaky_relu(), Dense(5, X, seed=2)])
    trainer = GANTrainer(
        generator,
        Dense(X, 1, seed=3),
        latent=Normal(Z),
        g_optimizer=Adam(0.1).bind(generator.layers[-1].trainable_variables),
        d_optimizer=Adam(0.1),
        mode=mode,
    )
    before = values(trainer)
    trainer.round(real())
    moved = {name for name in changed(before, values(trainer)) if name.startswith("generator")}
    assert moved == {"generator/layers/2/kernel", "generator/layers/2/bias"}


# ---------------------------------------------------------------- what a penalty and a measure get


def test_a_penalty_gets_the_critic_the_real_and_the_fake_batch_in_this_order():
    got = {}

    def remember(critic, real, fake, seed, step):
        got.update(critic=critic, real=real.numpy(), fake=fake.numpy())
        return tf.zeros([])

    trainer = affine(penalty=remember, g_rate=0.0)
    trainer.round(real())
    np.testing.assert_array_equal(got["real"], real())
    z = trainer.latent(BATCH, rng.seed(0, "z", 0))
    np.testing.assert_allclose(got["fake"], trainer.generator(z), rtol=1e-6)
    assert isinstance(got["critic"], penalties.Critic)


@pytest.mark.parametrize(("penalty", "where"), [(penalties.r1, "real"), (penalties.r2, "fake")])
def test_r1_acts_on_real_samples_and_r2_on_fakes_with_a_bent_d(penalty, where):
    """D(x) = sum x^2 has slope 2x: another one at each sample.
    A D with one slope everywhere hides it.
    """
    samples = {"real": real(), "fake": real(number=1)}
    _, row = _row_of_bent_d(penalty, samples)
    wanted = 0.25 * np.mean(np.sum((2.0 * samples[where]) ** 2, axis=1))
    assert float(row["penalty"]) == pytest.approx(wanted, rel=1e-5)


def _row_of_bent_d(penalty, samples):
    scale = tf.Variable(1.0)
    return discriminator_gradients(
        losses.NON_SATURATING,
        lambda x: scale * tf.reduce_sum(tf.square(x), axis=1),
        samples["real"],
        samples["fake"],
        [scale],
        [lambda critic, real, fake: penalty(0.5)(critic, real, fake)],
    )


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["eager", "xla"])
def test_a_penalty_of_g_gets_the_batches_of_gs_step_and_moves_g_alone(mode):
    """G's term is the mean of fake times the last real batch's mean: its gradient is known.

    With D at 0 the loss has no gradient at the samples, so what moves G is the term.
    """

    def term(critic, real, fake, seed, step):
        return tf.reduce_mean(real) * tf.reduce_sum(fake) / fake.shape[0]

    trainer = affine(g_penalty=term, d_rate=0.0, d_steps=2, mode=mode)
    trainer.discriminator.kernel.assign(tf.zeros([X, 1]))
    bias = trainer.generator.bias.numpy()
    first = real(number=1)
    last = real(number=2)
    row = trainer.round(np.stack([first, last]))
    np.testing.assert_allclose(trainer.generator.bias, bias - 0.2 * last.mean(), rtol=1e-4)
    assert np.all(trainer.discriminator.kernel.numpy() == 0.0)
    assert trainer.row_names == ["d_loss", "g_loss", "d_real", "d_fake", "accuracy", "g_penalty"]
    z = trainer.latent(BATCH, rng.seed(0, "z", 1))
    fake = z @ affine().generator.kernel.numpy() + bias
    assert row["g_penalty"] == pytest.approx(last.mean() * np.sum(fake) / BATCH, rel=1e-3)
    alone = trainer.generator_step(last, z)
    assert set(alone) == {"g_loss", "g_penalty"}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["eager", "xla"])
def test_a_penalty_on_gs_weights_moves_them(mode):
    """k/2 |W|^2 has the gradient k W, whether or not another term depends on the samples."""

    def shrink(critic, real, fake, seed, step):
        return 1.5 * tf.reduce_sum(tf.square(trainer.generator.kernel))

    def centre(critic, real, fake, seed, step):
        return tf.reduce_sum(tf.square(fake))

    for others in ([], [centre]):
        moved = []
        for terms in (others, [*others, shrink]):
            trainer = affine(g_penalty=terms, d_rate=0.0, mode=mode)
            kernel = trainer.generator.kernel.numpy()
            trainer.round(real())
            moved.append(trainer.generator.kernel.numpy() - kernel)
        np.testing.assert_allclose(moved[1] - moved[0], -0.2 * 3.0 * kernel, atol=1e-4)


def test_a_penalty_of_g_has_a_seed_of_its_own_and_is_told_the_round():
    asked = []

    def remember(critic, real, fake, seed, step):
        asked.append((tuple(seed.numpy().tolist()), int(step)))
        return 0.0 * tf.reduce_sum(critic(fake))

    trainer = affine(penalty=remember, g_penalty=[remember, remember])
    trainer.round(real())
    trainer.round(real())
    assert [step for _, step in asked] == [0, 0, 0, 1, 1, 1]
    assert len({seed for seed, _ in asked}) == 6


def test_a_penalty_in_float64_or_in_whole_numbers_is_a_penalty():
    def term(critic, real, fake, seed, step):
        return tf.reduce_sum(tf.cast(fake, tf.float64))

    def zero(critic, real, fake, seed, step):
        return 0

    row = affine(penalty=[term, zero], g_penalty=[term, zero]).round(real())
    assert row["penalty"] == pytest.approx(row["g_penalty"], rel=1e-5)


@pytest.mark.slow
def test_measures_of_ones_own_stand_in_the_row():
    measures = {
        "margin": lambda real, fake, a, b: tf.reduce_mean(a) - tf.reduce_mean(b),
        "real_mean": lambda real, fake, a, b: tf.reduce_mean(real),
        "fake_size": lambda real, fake, a, b: tf.size(fake),
    }
    trainer = affine(measures=measures, loss=losses.WASSERSTEIN, mode="graph")
    row = trainer.round(real())
    assert row["margin"] == pytest.approx(-row["d_loss"], rel=1e-5)
    assert row["real_mean"] == pytest.approx(real().mean(), rel=1e-5)
    assert row["fake_size"] == BATCH * X
    assert set(trainer.rounds(sampler, 2)) == set(row)


def test_a_measure_a_penalty_and_a_loss_that_give_a_vector_are_refused():
    vector = losses.GANLoss("vector", lambda a, b: b - a, lambda a, b: -b)
    cases = [
        ({"measures": {"all": lambda real, fake, a, b: a}}, "what measure all gives must be one"),
        (
            {"penalty": lambda c, r, f, seed, step: tf.zeros([2])},
            "what penalty gives must be one",
        ),
        (
            {"g_penalty": lambda c, r, f, seed, step: tf.zeros([2])},
            "what g_penalty gives must be one",
        ),
        ({"loss": vector}, "what the discriminator's loss gives must be one number"),
    ]
    for options, words in cases:
        with pytest.raises(ValueError, match=re.escape(words)):
            affine(**options).round(real())


# ---------------------------------------------------------------- several logits a sample


class Heads(tf.Module):
    """A discriminator with several logits a sample: one tensor, or a list of two."""

    def __init__(self, shape, split):
        super().__init__()
        self.dense = Dense(X, 4, seed=2)
        self._shape = shape
        self._split = split

    def __call__(self, x, *, training=False):
        logits = tf.reshape(self.dense(x), [-1, *self._shape])
        return [logits[:, :1], logits[:, 1:]] if self._split else logits


def with_heads(shape, split=False, **options):
    return GANTrainer(
        Dense(Z, X, seed=1),
        Heads(shape, split),
        latent=Normal(Z),
        g_optimizer=SGD(0.2),
        d_optimizer=SGD(0.1),
        **{"mode": "eager", **options},
    )


@pytest.mark.slow
@pytest.mark.parametrize("loss", list(losses.LOSSES.values()), ids=lambda loss: loss.name)
def test_patches_and_heads_are_logits_like_any_other(loss):
    """However they are laid out: [B, 4], [B, 2, 2, 1], or a list of [B, 1] and [B, 3]."""
    trainers = [
        with_heads((4,), loss=loss, penalty=penalties.r1(0.3)),
        with_heads((2, 2, 1), loss=loss, penalty=penalties.r1(0.3)),
        with_heads((4,), split=True, loss=loss, penalty=penalties.r1(0.3)),
    ]
    rows = [trainer.rounds(sampler, 3) for trainer in trainers]
    for row, trainer in zip(rows[1:], trainers[1:], strict=True):
        for name, value in rows[0].items():
            np.testing.assert_allclose(row[name], value, rtol=1e-5, err_msg=name)
        for name, value in values(trainers[0]).items():
            np.testing.assert_allclose(values(trainer)[name], value, rtol=1e-5, atol=1e-6)


def test_a_loss_averages_over_all_logits_and_a_penalty_takes_the_slope_of_their_sum():
    trainer = with_heads((4,), penalty=penalties.r1(2.0), loss=losses.WASSERSTEIN)
    kernel = trainer.discriminator.dense.kernel.numpy()
    row = trainer.round(real())
    fake = Dense(Z, X, seed=1)(trainer.latent(BATCH, rng.seed(0, "z", 0))).numpy()
    assert row["d_loss"] == pytest.approx(
        np.mean(fake @ kernel) - np.mean(real() @ kernel), rel=1e-4
    )
    assert row["penalty"] == pytest.approx(np.sum(kernel.sum(axis=1) ** 2), rel=1e-4)


def test_one_logit_a_sample_is_a_vector_and_more_are_a_matrix():
    assert logits_of(tf.zeros([5])).shape == [5]
    assert logits_of(tf.zeros([5, 1])).shape == [5]
    assert logits_of(tf.zeros([5, 2, 3, 1])).shape == [5, 6]
    assert logits_of([tf.zeros([5, 1]), tf.zeros([5, 2, 2, 1])]).shape == [5, 5]


# ---------------------------------------------------------------- sampling and compiling


@pytest.mark.slow
@pytest.mark.parametrize("average", [None, 0.9])
def test_samples_are_the_same_however_many_are_made_at_a_time(average):
    trainer = affine(average=average, mode="graph")
    trainer.rounds(sampler, 3)
    all_at_once = trainer.sample(600)
    for batch in (8, 100, 256):
        np.testing.assert_allclose(trainer.sample(600, batch=batch), all_at_once, rtol=1e-6)
    for wrong in (0, 257, 2.5):
        with pytest.raises(ValueError, match=r"GANTrainer\.sample: batch must be a whole number"):
            trainer.sample(4, batch=wrong)


class Convolution(tf.Module):
    """A layer of a user's own: a convolution over one, two or three axes of length 4."""

    def __init__(self, axes):
        super().__init__()
        self.kernel = tf.Variable(tf.ones([3] * axes + [1, 1]))
        self._shape = [4] * axes

    def __call__(self, x, *, training=False):
        x = tf.reshape(x, [-1, *self._shape, 1])
        return tf.nn.convolution(x, self.kernel, padding="SAME")


@pytest.mark.parametrize("axes", [0, 1, 2, 3])
def test_a_round_with_a_convolution_over_any_number_of_axes_is_called_by_itself(axes, monkeypatch):
    """On a CPU a convolution inside a loop compiled by XLA is many times slower."""
    called = []
    monkeypatch.setattr(many_rounds, "looped", lambda *_: called.append("looped"))
    monkeypatch.setattr(many_rounds, "one_by_one", lambda *_: called.append("one by one"))
    layers = [Convolution(axes), Flatten()] if axes else []
    size = 4 ** max(axes, 1)
    trainer = GANTrainer(
        Dense(Z, size, seed=1),
        Sequential([*layers, Dense(size, 1, seed=2)]),
        latent=Normal(Z),
        g_optimizer=SGD(0.2),
        d_optimizer=SGD(0.1),
        mode="eager",
    )
    trainer.rounds(lambda index: tf.zeros([BATCH, size]), 0)
    assert called == ["one by one" if axes else "looped"]


@pytest.mark.slow
def test_a_sampler_that_was_used_before_the_last_one_is_let_go():
    """Its data would stay on the device as long as the trainer lives."""

    class Sampler:
        def __init__(self, number):
            self.number = number

        def __call__(self, index):
            return tf.constant(real(number=self.number))

        __hash__ = None  # a sampler needs not be hashable

    gc.freeze()  # the collection below looks at what is made from here on
    trainer = affine(mode="graph")
    first = Sampler(0)
    gone = weakref.ref(first)
    trainer.rounds(first, 1)
    del first
    trainer.rounds(Sampler(1), 1)
    gc.collect()
    gc.unfreeze()
    assert gone() is None


@pytest.mark.slow
def test_after_a_round_that_failed_while_it_ran_the_trainer_says_so():
    """Its networks may be half updated: nobody should use them unknowingly."""

    def breaks(index):
        def check(number):
            if number >= 1:
                raise ValueError("no such batch")
            return real()

        batch = tf.numpy_function(check, [index], tf.float32)
        return tf.ensure_shape(batch, [BATCH, X])

    trainer = affine(mode="graph")
    trainer.rounds(breaks, 1)
    with pytest.raises(tf.errors.OpError):
        trainer.rounds(breaks, 1)
    words = r"a round which failed while it ran \(.*no such batch.*restore its last"
    with pytest.raises(ValueError, match=words) as told:
        trainer.round(real())
    assert "Graph execution error" not in str(told.value)


# ---------------------------------------------------------------- randomness of the host


class NumpyLatent:
    dim = Z

    def __call__(self, n, seed):
        return np.random.normal(size=(n, Z)).astype(np.float32)  # noqa: NPY002


def numpy_noise(x, *_):
    return x + np.float32(np.random.normal())  # noqa: NPY002


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("latent", {"latent": NumpyLatent()}),
        ("augment", {"augment": numpy_noise}),
        ("discriminator", {"discriminator": Sequential([numpy_noise, Dense(X, 1, seed=2)])}),
        ("generator", {"generator": Sequential([Dense(Z, X, seed=2), numpy_noise])}),
    ],
)
def test_numbers_that_numpy_would_draw_once_are_refused_when_a_round_is_compiled(name, options):
    """In eager mode they are drawn anew each round, and welcome."""

    def make(mode):
        return GANTrainer(
            options.get("generator", Dense(Z, X, seed=1)),
            options.get("discriminator", Dense(X, 1, seed=2)),
            latent=options.get("latent", Normal(Z)),
            augment=options.get("augment"),
            g_optimizer=SGD(),
            d_optimizer=SGD(),
            mode=mode,
        )

    for mode in ("graph", "xla"):
        with pytest.raises(
            ValueError, match=rf"^GANTrainer: {name} must be a function of TensorFlow"
        ):
            make(mode)
    make("eager").round(real())


def interpolated(critic, real, fake, seed=None, step=None):
    """The mistake in many a WGAN-GP: a place between real and fake that NumPy draws."""
    between = np.float32(np.random.uniform())  # noqa: NPY002
    return tf.reduce_mean(critic(between * real + (1.0 - between) * fake))


def noisy_labels(real_logits, fake_logits):
    target = np.float32(np.random.uniform(0.7, 1.2))  # noqa: NPY002
    return tf.reduce_mean(tf.nn.softplus(-target * real_logits)) + tf.reduce_mean(fake_logits)


def with_noisy_d():
    return losses.GANLoss("noisy", noisy_labels, losses.NON_SATURATING.generator)


def with_noisy_g():
    return losses.GANLoss("noisy", losses.NON_SATURATING.discriminator, noisy_labels, paired=True)


@pytest.mark.parametrize(
    ("name", "options", "way_out"),
    [
        ("penalty", {"penalty": interpolated}, "seed that a penalty"),
        ("penalty", {"penalty": [penalties.r1(1.0), interpolated]}, "seed that a penalty"),
        ("penalty", {"penalty": penalties.Lazy(interpolated, 4)}, "seed that a penalty"),
        ("g_penalty", {"g_penalty": interpolated}, "seed that a penalty"),
        ("loss.discriminator", {"loss": with_noisy_d()}, "into a penalty"),
        ("loss.generator", {"loss": with_noisy_g()}, "into a penalty"),
    ],
)
def test_a_loss_or_penalty_with_numpys_numbers_is_refused_when_compiled(name, options, way_out):
    with pytest.raises(ValueError, match=rf"^GANTrainer: {re.escape(name)} must be .*{way_out}"):
        affine(mode="graph", **options)
    affine(mode="eager", **options).round(real())


def test_a_penalty_that_draws_from_its_seed_is_welcome():
    def interpolated_by_seed(critic, real, fake, seed, step):
        between = rng.uniform([BATCH, 1], seed)  # for batches of this size alone
        return tf.reduce_mean(critic(between * real + (1.0 - between) * fake))

    trainer = affine(mode="graph", penalty=penalties.Lazy(interpolated_by_seed, 2))
    assert np.isfinite(trainer.round(real())["penalty"])


def test_a_sampler_with_numpys_numbers_is_refused_and_told_of_host_batches():
    def sample(index):
        return real()[np.random.permutation(BATCH)]  # noqa: NPY002

    with pytest.raises(ValueError, match=r"^GANTrainer\.rounds: sampler must .*HostBatches"):
        affine(mode="graph").rounds(sample, 1)


# ---------------------------------------------------------------- lazy penalties


def two_penalties(mode, first, second):
    """R1 and R2 beside each other, on players with hidden layers.

    Args:
        first, second: the arguments of r1 and of r2.
    """
    hidden = [Dense(X, 5, seed=3), leaky_relu(0.2), Dense(5, 1, seed=4)]
    return GANTrainer(
        Dense(Z, X, seed=1),
        Sequential(hidden),
        latent=Normal(Z),
        g_optimizer=SGD(0.05),
        d_optimizer=SGD(0.05),
        penalty=[penalties.r1(*first), penalties.r2(*second)],
        mode=mode,
    )


def in_every_kth_round(strength, every):
    """The strength of a plain penalty that does the same as a lazy one."""
    return lambda step: tf.where(tf.equal(step % every, 0), every * strength, 0.0)


@pytest.fixture(scope="module")
def seven_lazy_rounds():
    """Played by `round`: the penalty in each row, and the state after them."""
    trainer = two_penalties("eager", [0.7, 3], [0.4, 3])
    shown = [trainer.round(sampler(tf.constant(i, tf.int64)))["penalty"] for i in range(7)]
    return shown, values(trainer)


@pytest.mark.slow
def test_lazy_penalties_are_plain_ones_3_times_as_strong_in_every_third_round(seven_lazy_rounds):
    """And 0 in the others: the same weights. The rows show the last one that was computed."""
    shown, state = seven_lazy_rounds
    strengths = [in_every_kth_round(strength, 3) for strength in (0.7, 0.4)]
    by_hand = two_penalties("eager", strengths[:1], strengths[1:])
    for i in range(7):
        its_row = by_hand.round(sampler(tf.constant(i, tf.int64)))
        if i % 3 == 0:
            computed = its_row["penalty"] / 3
        assert shown[i] == pytest.approx(computed, rel=1e-5)  # kept in the rounds between
    of_plain = values(by_hand)
    for name, value in state.items():
        if name != "penalty":  # a trainer of plain penalties has none to keep
            np.testing.assert_allclose(of_plain[name], value, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_lazy_penalties_are_paid_in_every_kth_round_of_many(seven_lazy_rounds, mode):
    """By `rounds`, in one compiled loop, and by `round`: the same rows and the same weights."""
    shown, state = seven_lazy_rounds
    at_once = two_penalties(mode, [0.7, 3], [0.4, 3])
    rows = at_once.rounds(sampler, 7)
    np.testing.assert_allclose(rows["penalty"], shown, rtol=1e-3, atol=1e-6)
    assert len(set(rows["penalty"])) == 3
    of_many = values(at_once)
    for name, value in state.items():
        np.testing.assert_allclose(of_many[name], value, rtol=1e-3, atol=1e-5)


def test_a_lazy_penalty_of_the_first_round_counts_k_times_and_is_shown_once():
    """SGD moves the weights by k times the penalty's gradient; the row does not depend on k."""
    trainers = {
        "none": two_penalties("eager", [0.0], [0.0]),
        "plain": two_penalties("eager", [0.7], [0.4]),
        "lazy": two_penalties("eager", [0.7, 4], [0.4, 4]),
    }
    rows = {name: trainer.rounds(sampler, 1) for name, trainer in trainers.items()}
    assert rows["lazy"]["penalty"] == pytest.approx(rows["plain"]["penalty"], rel=1e-6)
    kernel = {
        name: trainer.discriminator.layers[0].kernel.numpy() for name, trainer in trainers.items()
    }
    moved = kernel["plain"] - kernel["none"]
    assert np.abs(moved).max() > 1e-3
    np.testing.assert_allclose(kernel["lazy"] - kernel["none"], 4 * moved, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), [([0.7, 2], [0.4, 3]), ([0.7], [0.4, 6])])
def test_the_row_of_penalties_with_different_periods_is_of_a_round_that_computed_all(first, second):
    trainer = two_penalties("eager", first, second)
    plain = two_penalties("eager", [0.7], [0.4])
    shown = []
    for i in range(8):
        if i % 6 == 0:  # the same players, before a round in which both penalties are computed
            its_state = trainer.state()
            for name, variable in plain.state().items():
                variable.assign(its_state[name])
            computed = plain.round(sampler(tf.constant(i, tf.int64)))["penalty"]
        shown.append(trainer.round(sampler(tf.constant(i, tf.int64)))["penalty"])
        assert shown[-1] == pytest.approx(computed, rel=1e-6)
    assert len(set(shown)) == 2
