"""Whatever is wrong is told in the user's words, before anything is compiled or moved."""

import dataclasses
import re

import numpy as np
import pytest
import tensorflow as tf
from games import BATCH, X, Z, affine, changed, deep, real, sampler, values

from gan_core import losses, penalties
from gan_core.latent import Classes, Normal
from gan_core.losses import GANLoss
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import SGD, Adam
from gan_core.trainer import GANTrainer

NAN = real()
NAN[1, 2] = np.nan
INFINITE = real()
INFINITE[0, 0] = np.inf


def refuses(words):
    """A ValueError that has exactly these words in it."""
    return pytest.raises(ValueError, match=re.escape(words))


# ---- at birth ----


def make(generator=None, discriminator=None, **options):
    """The trainer of an affine game, with whatever is wrong in the place of what would be right."""
    generator = Dense(Z, X, seed=1) if generator is None else generator
    discriminator = Dense(X, 1, seed=2) if discriminator is None else discriminator
    for name, network in (("g_optimizer", generator), ("d_optimizer", discriminator)):
        if name not in options:
            options[name] = SGD() if isinstance(network, Dense | Sequential) else None
    return GANTrainer(generator, discriminator, **{"latent": Normal(Z), **options})


class Hidden(Dense):
    """A layer of which one variable has no public name."""

    def __init__(self):
        super().__init__(Z, X, seed=1)
        self._scale = tf.Variable(2.0, name="scale")


class WithoutTraining(Dense):
    """A network as a beginner writes it."""

    def __call__(self, x):
        return super().__call__(x)


class Compiled(Dense):
    """A network whose call is a tf.function."""

    @tf.function
    def __call__(self, x, *, training=False):
        return super().__call__(x, training=training)


def tf_module_without_variables():
    """A network that makes them when it is called first."""
    return Sequential([lambda z: tf.Variable(tf.ones([Z, X])) * z])


class NoModule:
    """An optimizer in all but its class."""

    bound = ()

    def bind(self, variables):
        return self

    def apply(self, gradients, step=None):
        pass


class Plain:
    """A layer that is no tf.Module: TensorFlow does not find its variables."""

    def __init__(self, *parts):
        self.parts = list(parts)

    def __call__(self, x):
        return x


class Forgets(tf.Module):
    """An optimizer whose bind does not say what it was bound to, or says something else."""

    def __init__(self, then=lambda: ()):
        super().__init__()
        self.bound = ()
        self.then = then

    def bind(self, variables):
        self.bound = self.then()
        return self

    def apply(self, gradients, step=None):
        pass


class OneSeed:
    """A prior that always draws the same."""

    dim = Z

    def __call__(self, n):
        return tf.zeros([n, Z])


class WithLabels(Dense):
    """A network that takes labels."""

    def __call__(self, x, y, *, training=False):
        return super().__call__(x)


LABELLED = {
    "generator": WithLabels(Z, X, seed=1),
    "discriminator": WithLabels(X, 1, seed=2),
    "g_optimizer": SGD(),
    "d_optimizer": SGD(),
}
OTHER = Dense(Z, X, seed=1)
OTHER_D = Dense(X, 1, seed=2)
CALL_OF_PENALTY = "callable with (critic, real, fake, *, seed, step), got one that takes"
NETWORK = "a tf.Module called as network(x, training=...)"
LATENT = "a function (n, seed) -> z with a dim (gan_core.latent has some)"
BOUND = "not bound yet, or bound to trainable variables of the"
PENALTY = "a penalty of gan_core.penalties, a list of them or None"
LOGITS = "what discriminator gives must be logits for each sample, [2, 1] or [2, ...] for 2 of them"
SHARED = SGD()
SQUARE = Dense(Z, Z, seed=1)
SAMPLES = "what sampler gives must be"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"loss": "hinge"},
            "loss must be a GANLoss (gan_core.losses.by_name gives one), got 'hinge'",
        ),
        (
            {"loss": GANLoss("mine", lambda a, b: 0.0, lambda b: 0.0)},
            "loss.generator must be callable with (real_logits, fake_logits), got one that takes (b)",
        ),
        (
            {"loss": GANLoss("mine", "hinge", lambda a, b: 0.0)},
            "loss.discriminator must be a function (real_logits, fake_logits) -> one number, got 'hinge'",
        ),
        ({"generator": lambda z, training: z}, f"generator must be {NETWORK}, got <function"),
        ({"discriminator": tf.Module()}, f"discriminator must be {NETWORK}, got <tensorflow"),
        ({"latent": 2}, f"latent must be {LATENT}, got 2"),
        ({"latent": lambda n, seed: tf.zeros([n, Z])}, f"latent must be {LATENT}, got <function"),
        (
            {"g_optimizer": "adam"},
            "g_optimizer must be an optimizer such as gan_core.optim.optimizers.Adam(2e-4, beta_1=0.5), got 'adam'",
        ),
        (
            {"generator": tf_module_without_variables()},
            "generator must be a network with trainable variables, got one without. Make them in",
        ),
        (
            {"g_optimizer": NoModule()},
            "g_optimizer must be a tf.Module, so that checkpoints hold its variables, got <",
        ),
        (
            {"generator": Sequential([Dense(Z, X, seed=1), Plain(tf.Variable(1.0))])},
            "generator must be made of layers that are tf.Modules, if they have variables, got one "
            "with Plain, which is none. Write: class Plain(tf.Module), with super().__init__() in",
        ),
        (
            {"discriminator": Sequential([Sequential([Plain(Dense(X, X, seed=1))]), OTHER_D])},
            "discriminator must be made of layers that are tf.Modules, if they have variables",
        ),
        (
            {"g_optimizer": Forgets()},
            "g_optimizer.bound must be the 2 variables that its bind was given, or some of them, "
            "got none. Let bind set self.bound = tuple(variables).",
        ),
        (
            {"d_optimizer": Forgets(lambda: OTHER.trainable_variables)},
            "d_optimizer.bound must be the 2 variables that its bind was given, or some of them, "
            "got others.",
        ),
        (
            {"g_optimizer": Adam().bind(OTHER.trainable_variables)},
            f"g_optimizer must be {BOUND} generator, got one bound to 2 variables, 0 of them",
        ),
        (
            {"d_optimizer": SGD().bind(OTHER.trainable_variables)},
            f"d_optimizer must be {BOUND} discriminator, got one bound to 2 variables, 0 of them",
        ),
        (
            {"g_optimizer": SHARED, "d_optimizer": SHARED},
            "d_optimizer must be another optimizer than g_optimizer, got the same object twice",
        ),
        (
            {"generator": SQUARE, "discriminator": SQUARE},
            "discriminator must be a network with variables of its own, got one that shares 2",
        ),
        ({"labels": 3}, "labels must be a function (n, seed) -> y"),
        (
            {"labels": lambda n: tf.zeros([n])},
            "labels must be callable with (n, seed), got one that",
        ),
        (
            {"labels": lambda n, seed: (tf.zeros([n]), tf.ones([n])), **LABELLED},
            "what labels gives must be one tensor, with one label a sample, got a tuple of 2. Join",
        ),
        (
            {"labels": lambda n, seed: {"age": tf.zeros([n])}, **LABELLED},
            "what labels gives must be one tensor, with one label a sample, got a dict of 1. Join",
        ),
        ({"latent": OneSeed()}, "latent must be callable with (n, seed), got one that takes (n)"),
        ({"measures": {"d_loss": len}}, "measures must be named other than step, d_loss"),
        ({"measures": {"margin": 3}}, "measures['margin'] must be a function"),
        ({"measures": {"a\nb": len}}, r"measures must be named in one line each, got 'a\nb'"),
        (
            {"measures": {"margin": lambda a, b: a - b}},
            "measures['margin'] must be callable with (real, fake, real_logits, fake_logits), got one "
            "that takes (a, b)",
        ),
        ({"penalty": 10.0}, f"penalty must be {PENALTY}, got 10.0"),
        ({"penalty": 0}, f"penalty must be {PENALTY}, got 0"),
        ({"penalty": [penalties.r1(1.0), "r2"]}, f"penalty must be {PENALTY}, got 'r2'"),
        (
            {"discriminator": WithoutTraining(X, 1, seed=2)},
            "discriminator must be callable with (x, *, training), got one that takes (x)",
        ),
        (
            {"generator": WithoutTraining(Z, X, seed=1), "labels": Classes(2)},
            "generator must be callable with (x, labels, *, training), got one that takes (x)",
        ),
        (
            {"penalty": lambda critic, real, fake: 0.0},
            f"penalty must be {CALL_OF_PENALTY} (critic, real, fake). gan_core.protocols says",
        ),
        (
            {"discriminator": Sequential([Dense(X, 1, seed=1), lambda x: {"logits": x}])},
            f"{LOGITS}, got a dict",
        ),
        ({"g_penalty": 1.0}, f"g_penalty must be {PENALTY}, got 1.0"),
        (
            {"g_penalty": lambda real, fake: 0.0},
            "g_penalty must be callable with (critic, real, fake, *, seed, step), got",
        ),
        (
            {"g_penalty": penalties.r2(1.0, every=4)},
            "g_penalty must be computed in every round, got one that is computed in every 4-th",
        ),
        ({"penalty": penalties.r1}, f"penalty must be {CALL_OF_PENALTY} (gamma"),
        (
            {"augment": lambda x: x},
            "augment must be callable with (x, seed, step), got one that takes (x)",
        ),
        ({"d_steps": 0}, "d_steps must be a whole number of at least 1, got 0"),
        ({"d_steps": 1.0}, "d_steps must be a whole number of at least 1, got 1.0"),
        ({"update": "both"}, "update must be one of alternating, simultaneous, got 'both'"),
        ({"fresh_z": "yes"}, "fresh_z must be True or False, got 'yes'"),
        ({"augment": True}, "augment must be a function (x, seed, step) -> x or None, got True"),
        ({"seed": 0.5}, "seed must be a whole number from -9.22337e+18 to 9.22337e+18, got 0.5"),
        ({"gradient_norms": None}, "gradient_norms must be True or False, got None"),
        ({"mode": "fast"}, "mode must be one of xla, graph, eager, got 'fast'"),
        (
            {"discriminator": Sequential([Dense(X, 1, seed=2), lambda x: x[:1]])},
            f"{LOGITS}, got [1, 1]",
        ),
        (
            {"discriminator": Sequential([Dense(X, 1, seed=2), tf.reduce_mean])},
            f"{LOGITS}, got []",
        ),
        (
            {"generator": Sequential([Dense(Z, X, seed=1), lambda x: x[:1]])},
            "what generator gives must be one sample a z, [2, ...] for 2 of them, got [1, 3]",
        ),
    ],
)
def test_a_trainer_of_what_does_not_fit_is_refused(options, words):
    with refuses(f"GANTrainer: {words}"):
        make(**options)


def test_a_network_whose_call_is_a_tf_function_is_taken():
    assert make(discriminator=Compiled(X, 1, seed=2)).sample_shape == (X,)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"average": 1.0},
            "ExponentialMovingAverage: decay must be a finite number of at least 0 and below 1, got 1.0",
        ),
        ({"latent": Normal(5)}, "Dense: x must be [batch, 2], got [2, 5]"),
        ({"discriminator": Dense(7, 1, seed=2)}, "Dense: x must be [batch, 7], got [2, 3]"),
        (
            {"generator": Hidden()},
            "named_variables: every variable of Hidden must be an attribute without leading",
        ),
    ],
)
def test_and_so_by_its_parts(options, words):
    with refuses(words):
        make(**options)


# ---- batches ----


@pytest.fixture(scope="module", params=["eager", "graph"])
def made(request):
    """Any state that a wrong call could move: batch norm, Adam, the average."""
    return deep(mode=request.param, average=0.9)


@pytest.fixture
def trainer(made):
    """One for all wrong calls: what comes after each must be what was."""
    before = values(made)
    yield made
    assert not changed(before, values(made))


Z_OF_A_BATCH = np.ones([BATCH, Z], np.float32)
BAD_REALS = [
    (real()[:, :2], "real must be [batch, 3], got [4, 2]"),
    (real()[0], "real must be [batch, 3], got [3]"),
    (real()[np.newaxis], "real must be [batch, 3], got [1, 4, 3]"),
    (real()[:0], "real must be at least one sample, got [0, 3]"),
    (tf.cast(real(), tf.float64), "real must be [batch, 3] of float32, got [4, 3] of float64"),
    (tf.cast(real(), tf.uint8), "real must be [batch, 3] of float32, got [4, 3] of uint8"),
    (NAN, "real must be finite, got 1 of 12 values NaN or infinite"),
    (tf.constant(INFINITE), "real must be finite, got 1 of 12 values NaN or infinite"),
    (None, "real must be [batch, 3] of float32, got a NoneType that is no array of numbers"),
    (
        [[1.0, 2.0, 3.0], [1.0]],
        "real must be [batch, 3] of float32, got a list that is no array of numbers",
    ),
]


@pytest.mark.parametrize(("bad", "words"), BAD_REALS)
def test_a_real_batch_that_does_not_fit_is_refused(trainer, bad, words):
    with refuses(f"GANTrainer.round: {words}"):
        trainer.round(bad)
    with refuses(f"GANTrainer.discriminator_step: {words}"):
        trainer.discriminator_step(bad, Z_OF_A_BATCH)
    with refuses(f"GANTrainer.generator_step: {words}"):
        trainer.generator_step(bad, Z_OF_A_BATCH)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.ones([BATCH, 3]), "z must be [4, 2], got [4, 3]"),
        (np.ones([5, Z]), "z must be [4, 2], got [5, 2]"),
        (np.full([BATCH, Z], np.nan), "z must be finite, got 8 of 8 values NaN or infinite"),
        (7, "z must be [4, 2], got []"),
    ],
)
def test_a_z_that_does_not_fit_is_refused(trainer, bad, words):
    with refuses(f"GANTrainer.discriminator_step: {words}"):
        trainer.discriminator_step(real(), bad)
    with refuses(f"GANTrainer.generator_step: {words}"):
        trainer.generator_step(real(), bad)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.ones([BATCH, X]), "real must be [3, batch, 3], got [4, 3]"),
        (np.ones([2, BATCH, X]), "real must be [3, batch, 3], got [2, 4, 3]"),
        (np.ones([3, 0, X]), "real must be at least one sample, got [3, 0, 3]"),
    ],
)
def test_a_round_of_several_d_steps_wants_a_batch_for_each(bad, words):
    trainer = affine(d_steps=3)
    before = values(trainer)
    with refuses(f"GANTrainer.round: {words}"):
        trainer.round(bad)
    assert not changed(before, values(trainer))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (lambda index: tf.zeros([BATCH, 2]), f"{SAMPLES} [batch, 3], got [4, 2]"),
        (
            lambda index: tf.zeros([BATCH, X], tf.float64),
            f"{SAMPLES} [batch, 3] of float32, got [4, 3] of float64. Convert them: tf.cast(",
        ),
        (
            lambda index: tf.zeros([BATCH, X], tf.uint8),
            f"{SAMPLES} [batch, 3] of float32, got [4, 3] of uint8. Scale images",
        ),
        (
            lambda index: tf.zeros([0, X]),
            f"{SAMPLES} of a batch size that is fixed, and not 0, got [0, 3]",
        ),
        (lambda index: "faces", f"{SAMPLES} [batch, 3] of float32, got [] of string"),
        (None, "sampler must be a function of the batch's index, got None"),
        (real(), "sampler must be a function of the batch's index, got an ndarray [4, 3]"),
    ],
)
def test_a_sampler_that_does_not_fit_is_refused(trainer, bad, words):
    with refuses(f"GANTrainer.rounds: {words}"):
        trainer.rounds(bad, 2)


@pytest.mark.slow
def test_a_sampler_of_batches_of_unknown_size_is_refused():
    def some(index):
        return tf.boolean_mask(tf.ones([BATCH, X]), tf.range(BATCH) <= tf.cast(index, tf.int32))

    trainer = deep(mode="graph")
    before = values(trainer)
    with refuses(
        f"GANTrainer.rounds: {SAMPLES} of a batch size that is fixed, and not 0, got [any, 3]"
    ):
        trainer.rounds(some, 2)
    assert not changed(before, values(trainer))


@pytest.mark.parametrize(("n", "came"), [(-1, "-1"), (2.0, "2.0"), (None, "None"), (True, "True")])
def test_a_number_of_rounds_or_samples_that_is_none_is_refused(trainer, n, came):
    with refuses(f"GANTrainer.rounds: n must be a whole number of at least 0, got {came}"):
        trainer.rounds(sampler, n)
    with refuses(f"GANTrainer.sample: n must be a whole number of at least 1, got {came}"):
        trainer.sample(n)


# ---- what shows in the round only: an error there puts everything back, compiled or not ----


class Idle(Dense):
    """A layer that ignores one of its variables."""

    def __init__(self, in_size, out_size, seed):
        super().__init__(in_size, out_size, seed=seed)
        self.idle = tf.Variable([1.0, 2.0], name="idle")


def refused_in_a_round(trainer, words):
    before = values(trainer)
    for play in (lambda: trainer.round(real()), lambda: trainer.rounds(sampler, 2)):
        with refuses(words):
            play()
        assert not changed(before, values(trainer))


both_modes = pytest.mark.parametrize("mode", ["eager", "graph"])


@pytest.mark.slow
@both_modes
@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
def test_a_variable_that_the_loss_does_not_depend_on_is_refused_by_name(mode, update):
    words = "SGD.apply: the gradient of idle:0 [2] must be a tensor, got None. The loss does not depend on this"
    refused_in_a_round(make(generator=Idle(Z, X, 1), mode=mode, update=update), words)
    refused_in_a_round(make(discriminator=Idle(X, 1, 2), mode=mode, update=update), words)


def distance(critic, real, fake, seed, step):
    return tf.reduce_mean(tf.abs(real - fake))


@pytest.mark.slow
@both_modes
@pytest.mark.parametrize("g_penalty", [None, distance])
def test_an_augmentation_that_no_gradient_passes_is_refused(mode, g_penalty):
    """It rounds, as one that works on uint8 images would.

    A further term of G's loss has a gradient of its own, but G would not learn from D.
    """

    def whole_numbers(x, seed, step):
        return tf.cast(tf.cast(x, tf.int32), tf.float32)

    trainer = deep(mode=mode, average=0.9, augment=whole_numbers, g_penalty=g_penalty)
    refused_in_a_round(
        trainer,
        "the gradient of g_loss with respect to the samples must be a tensor, got None. "
        "The discriminator, or the augmentation, does not depend on them",
    )


@pytest.mark.slow
@both_modes
def test_a_game_of_pairs_is_refused_halves(mode):
    trainer = deep(mode=mode, loss=losses.RELATIVISTIC)
    before = values(trainer)
    for step in (trainer.discriminator_step, trainer.generator_step):
        with refuses("z must be [4, 2], got [3, 2]"):
            step(real(), np.ones([3, Z]))
    assert not changed(before, values(trainer))
    assert trainer.round(real())["d_loss"] > 0.0


def test_what_a_users_own_code_raises_comes_through_and_leaves_the_state():
    def broken(critic, real, fake, seed, step):
        raise RuntimeError("a penalty of my own")

    trainer = deep(penalty=broken)
    before = values(trainer)
    with pytest.raises(RuntimeError, match="a penalty of my own"):
        trainer.round(real())
    assert not changed(before, values(trainer))


def test_a_round_that_is_interrupted_in_eager_mode_leaves_the_state():
    """Ctrl-C between D's step and G's: D has moved already."""

    def interrupted(real, fake):
        raise KeyboardInterrupt

    loss = dataclasses.replace(losses.NON_SATURATING, generator=interrupted)
    trainer = deep(loss=loss)
    before = values(trainer)
    with pytest.raises(KeyboardInterrupt):
        trainer.round(real())
    assert not changed(before, values(trainer))
