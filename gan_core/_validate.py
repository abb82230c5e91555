"""Do the networks, the latent, the labels and the optimizers of a game fit together?

This is checked once, when a trainer is made and before anything is compiled, so that a slip is
reported in the user's own words. Batches are checked before they reach a compiled function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.trackable.base import Trackable

from gan_core import checks, rng
from gan_core.devices import failures, replicas, tracing
from gan_core.game import logits_of, one_number, terms
from gan_core.losses import GANLoss
from gan_core.nn.calling import forward
from gan_core.nn.variables import named_variables
from gan_core.penalties import Critic, Lazy, period

# What stands for an argument where only the way of calling is checked.
X = "x"
SEED = "seed"
STEP = "step"
CRITIC = "critic"

PROTOCOLS = "gan_core.protocols says how each is called."


def check_functions(owner: str, loss: Any, augment: Any, latent: Any, labels: Any) -> None:
    """Check that loss is a GANLoss, and that the others are functions (or None where allowed)."""
    if not isinstance(loss, GANLoss):
        wanted = "a GANLoss (gan_core.losses.by_name gives one)"
        checks.fail(owner, "loss", wanted, repr(loss))
    for name, function in (
        ("loss.discriminator", loss.discriminator),
        ("loss.generator", loss.generator),
    ):
        call = "(real_logits, fake_logits)"
        if not callable(function):
            checks.fail(owner, name, f"a function {call} -> one number", repr(function))
        checks.called_with(owner, name, function, call, [X, X])
    if augment is not None and not callable(augment):
        checks.fail(owner, "augment", "a function (x, seed, step) -> x or None", repr(augment))
    if augment is not None:
        call = "(x, seed, step)"
        checks.called_with(owner, "augment", augment, call, [X, SEED, STEP], way_out=PROTOCOLS)
    if not callable(latent) or not hasattr(latent, "dim"):
        wanted = "a function (n, seed) -> z with a dim (gan_core.latent has some)"
        checks.fail(owner, "latent", wanted, repr(latent))
    if labels is not None and not callable(labels):
        wanted = "a function (n, seed) -> y (such as gan_core.latent.Classes) or None"
        checks.fail(owner, "labels", wanted, repr(labels))
    for name, function in (("latent", latent), ("labels", labels)):
        if function is not None:
            given = [2, SEED]
            checks.called_with(owner, name, function, "(n, seed)", given, way_out=PROTOCOLS)


def penalty_list(owner: str, name: str, penalty: Any) -> list:
    """Turn None, a penalty or a list of penalties into a list."""
    if penalty is None:
        return []
    penalties = list(penalty) if isinstance(penalty, list | tuple) else [penalty]
    for one in penalties:
        if not callable(one):
            wanted = "a penalty of gan_core.penalties, a list of them or None"
            checks.fail(owner, name, wanted, repr(one))
        call = "(critic, real, fake, *, seed, step)"
        checks.called_with(owner, name, one, call, [CRITIC, X, X], ["seed", "step"], PROTOCOLS)
    return penalties


def g_penalty_list(owner: str, penalty: Any) -> list:
    """The same for the terms of G's loss, which are computed in every round."""
    penalties = penalty_list(owner, "g_penalty", penalty)
    for one in penalties:
        if period(one) > 1:
            came = f"one that is computed in every {period(one)}-th round"
            checks.fail(owner, "g_penalty", "computed in every round", came)
    return penalties


def measure_dict(owner: str, measures: Any, taken: list[str]) -> dict:
    """Check the further numbers of a row: their names must not be in the row already."""
    measures = {} if measures is None else measures
    if not isinstance(measures, dict):
        wanted = "a dictionary: name -> function (real, fake, real_logits, fake_logits)"
        checks.fail(owner, "measures", wanted, repr(measures))
    for name, measure in measures.items():
        if not isinstance(name, str) or name in (*taken, "step"):
            wanted = f"named other than {', '.join(('step', *taken))}"
            checks.fail(owner, "measures", wanted, repr(name))
        if "\n" in name or "\r" in name:  # log.csv has all names in its first line
            checks.fail(owner, "measures", "named in one line each", repr(name))
        measure_name = f"measures[{name!r}]"
        if not callable(measure):
            wanted = "a function (real, fake, real_logits, fake_logits) -> one number"
            checks.fail(owner, measure_name, wanted, repr(measure))
        call = "(real, fake, real_logits, fake_logits)"
        checks.called_with(owner, measure_name, measure, call, [X, X, X, X], way_out=PROTOCOLS)
    return dict(measures)


def check_networks(owner: str, generator: Any, discriminator: Any) -> None:
    """Check that both are tf.Modules that can be called and saved, and that they share nothing."""
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(network, tf.Module) or not callable(network):
            wanted = "a tf.Module called as network(x, training=...)"
            checks.fail(owner, name, wanted, repr(network))
        named_variables(network)
        _check_layers(owner, name, network)
    shared = {id(v) for v in generator.variables} & {id(v) for v in discriminator.variables}
    if generator is discriminator or shared:
        checks.fail(
            owner,
            "discriminator",
            "a network with variables of its own",
            f"one that shares {len(shared)} variables with the generator",
        )


def _check_layers(owner: str, name: str, network: tf.Module) -> None:
    """Refuse layers that are no tf.Module although they have variables: TensorFlow would not find
    these, so that they would neither be trained nor saved.
    """
    for module in (network, *network.submodules):
        for part in _leaves(vars(module)):
            if _hides_variables(part):
                kind = type(part).__name__
                wanted = "made of layers that are tf.Modules, if they have variables"
                came = f"one with {kind}, which is none"
                way_out = f"Write: class {kind}(tf.Module), with super().__init__() in __init__."
                checks.fail(owner, name, wanted, came, way_out)


def _hides_variables(part: Any) -> bool:
    """Whether it is a layer of a plain class with variables, or with modules that have some.

    What TensorFlow loads, such as a SavedModel, is of no plain class: it stays as it is.
    """
    if not callable(part) or isinstance(part, tf.Module | tf.Variable | type | Trackable):
        return False
    for inner in _leaves(getattr(part, "__dict__", {})):
        if isinstance(inner, tf.Variable) or (isinstance(inner, tf.Module) and inner.variables):
            return True
    return False


def _leaves(thing: Any) -> Iterator[Any]:
    """What is in a dict, list or tuple, and in those within it; else the thing itself."""
    if not isinstance(thing, dict | list | tuple):
        yield thing
        return
    for part in thing.values() if isinstance(thing, dict) else thing:
        yield from _leaves(part)


def check_optimizers(owner: str, generator: Any, discriminator: Any, g: Any, d: Any) -> None:
    """Check that each optimizer is not bound yet, or is bound to variables of its network."""
    for name, network_name, network, optimizer in (
        ("g_optimizer", "generator", generator, g),
        ("d_optimizer", "discriminator", discriminator, d),
    ):
        if not all(hasattr(optimizer, needed) for needed in ("bound", "bind", "apply")):
            wanted = "an optimizer such as gan_core.optim.optimizers.Adam(2e-4, beta_1=0.5)"
            checks.fail(owner, name, wanted, repr(optimizer))
        if not isinstance(optimizer, tf.Module):
            wanted = "a tf.Module, so that checkpoints hold its variables"
            checks.fail(owner, name, wanted, repr(optimizer))
        trainable = {id(variable) for variable in network.trainable_variables}
        moved = {id(variable) for variable in optimizer.bound}
        if not trainable:
            wanted = "a network with trainable variables"
            way_out = "Make them in __init__, and not when the network is called first."
            checks.fail(owner, network_name, wanted, "one without", way_out)
        if not moved <= trainable:
            checks.fail(
                owner,
                name,
                f"not bound yet, or bound to trainable variables of the {network_name}",
                f"one bound to {len(moved)} variables, {len(moved & trainable)} of them "
                f"the {network_name}'s",
                "Make a new optimizer for each network and each trainer.",
            )
    if g is d:
        checks.fail(
            owner, "d_optimizer", "another optimizer than g_optimizer", "the same object twice"
        )


def check_bound(owner: str, name: str, optimizer: Any, variables: Any) -> None:
    """Check that an optimizer's `bind` has set `bound`: only these variables get gradients."""
    bound = {id(variable) for variable in optimizer.bound}
    if not bound or not bound <= {id(variable) for variable in variables}:
        checks.fail(
            owner,
            f"{name}.bound",
            f"the {len(variables)} variables that its bind was given, or some of them",
            "none" if not bound else "others",
            "Let bind set self.bound = tuple(variables).",
        )


def check_fit(
    owner: str, generator: Any, discriminator: Any, latent: Any, labels: Any, strategy: Any
) -> BatchChecks:
    """Run both networks once on two z, and note the shapes and dtypes of a batch of this game.

    Returns:
        The checks for such batches.
    """
    seed = rng.seed(0, "try")
    inputs = (X,) if labels is None else (X, "labels")
    call = f"({', '.join(inputs)}, *, training)"
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        checks.called_with(owner, name, network, call, inputs, ["training"], PROTOCOLS)
    z = checks.tensor(owner, "what latent gives", latent(2, seed), [2, latent.dim])
    y = None if labels is None else _tried_labels(owner, labels(2, seed))
    fake = tf.cast(forward(generator, z, y, training=False), tf.float32)
    if fake.shape[:1] != [2]:
        wanted = "one sample a z, [2, ...] for 2 of them"
        checks.fail(owner, "what generator gives", wanted, checks.show_shape(fake.shape))
    _check_logits(owner, forward(discriminator, fake, y, training=False))
    sample_shape = tuple(fake.shape[1:])
    if y is None:
        return BatchChecks(sample_shape, None, None, strategy)
    return BatchChecks(sample_shape, tuple(y.shape[1:]), y.dtype, strategy)


def _tried_labels(owner: str, labels: Any) -> tf.Tensor:
    several = isinstance(labels, list | tuple) and any(map(tf.is_tensor, labels))
    if several or isinstance(labels, dict):  # TensorFlow would stack tensors along a new first axis
        checks.fail(
            owner,
            "what labels gives",
            "one tensor, with one label a sample",
            f"a {type(labels).__name__} of {len(labels)}",
            "Join several labels of a sample in one tensor, as tf.stack(parts, axis=1) does.",
        )
    labels = tf.convert_to_tensor(labels)
    if labels.shape[:1] != [2]:
        wanted = "one label a sample, [2, ...] for 2 of them"
        checks.fail(owner, "what labels gives", wanted, checks.show_shape(labels.shape))
    return labels


def _check_logits(owner: str, output: Any) -> None:
    """One or several logits for each of two samples, in one tensor or a list of them."""
    wanted = "logits for each sample, [2, 1] or [2, ...] for 2 of them"
    heads = list(output) if isinstance(output, list | tuple) else [output]
    others = [head for head in heads if not tf.is_tensor(head)]
    if others:
        checks.fail(owner, "what discriminator gives", wanted, f"a {type(others[0]).__name__}")
    shapes = [tuple(head.shape) for head in heads]
    if not shapes or any(shape[:1] != (2,) or 0 in shape for shape in shapes):
        came = " and ".join(checks.show_shape(shape) for shape in shapes) or "an empty list"
        checks.fail(owner, "what discriminator gives", wanted, came)
    logits_of(output)


def check_randomness(owner: str, trainer: Any) -> None:
    """Refuse functions that draw from NumPy or Python: compiled, they would always return the same
    numbers.
    """
    seed = rng.seed(0, "try")
    samples = tf.TensorSpec([2, *trainer.sample_shape], tf.float32)
    step = tf.TensorSpec([], tf.int64)
    tracing.no_host_randomness(owner, "latent", trainer.latent, 2, seed)
    if trainer.labels is not None:
        tracing.no_host_randomness(owner, "labels", trainer.labels, 2, seed)
    if trainer.augment is not None:
        tracing.no_host_randomness(owner, "augment", trainer.augment, samples, seed, step)
    if trainer.strategy is None:
        _check_networks_randomness(owner, trainer, seed)
        _check_terms_randomness(owner, trainer, seed)


def _check_networks_randomness(owner: str, trainer: Any, seed: tf.Tensor) -> None:
    """Check both networks in training mode, as a round calls them."""
    z = tf.TensorSpec([2, trainer.latent.dim], tf.float32)
    samples = tf.TensorSpec([2, *trainer.sample_shape], tf.float32)
    y = None if trainer.labels is None else tf.convert_to_tensor(trainer.labels(2, seed))
    for name, network, x in (
        ("generator", trainer.generator, z),
        ("discriminator", trainer.discriminator, samples),
    ):

        def pass_forward(x: tf.Tensor, network: Any = network) -> Any:
            return forward(network, x, y, training=True, seed=seed)

        tracing.no_host_randomness(owner, name, pass_forward, x)


def _check_terms_randomness(owner: str, trainer: Any, seed: tf.Tensor) -> None:
    """Check the parts of both losses that are a user's own; those of gan_core are known."""
    samples = tf.TensorSpec([2, *trainer.sample_shape], tf.float32)
    y = None if trainer.labels is None else tf.convert_to_tensor(trainer.labels(2, seed))

    def logits(x: tf.Tensor) -> tf.Tensor:
        return logits_of(forward(trainer.discriminator, x, y, training=True, seed=seed))

    def loss_of(player: str) -> Callable:
        function = getattr(trainer.loss, player)

        def value(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
            of_both = functools.partial(function, logits(real), logits(fake))
            return one_number(f"the {player}'s loss", of_both)

        return value

    def penalties_of(name: str, penalties: list) -> Callable:
        def values(real: tf.Tensor, fake: tf.Tensor) -> list[tf.Tensor]:
            own = [functools.partial(one, seed=seed, step=trainer.step) for one in penalties]
            return terms(name, own, Critic(logits), real, fake)

        return values

    for player in ("discriminator", "generator"):
        if not _is_of_gan_core(getattr(trainer.loss, player)):
            way_out = "Put what is random into a penalty, which is given a seed for gan_core.rng."
            _no_host_randomness(owner, f"loss.{player}", loss_of(player), samples, way_out)
    for name, penalties in (("penalty", trainer.penalties), ("g_penalty", trainer.g_penalties)):
        if all(map(_is_of_gan_core, penalties)):
            continue
        way_out = "Draw with gan_core.rng, from the seed that a penalty is given."
        _no_host_randomness(owner, name, penalties_of(name, penalties), samples, way_out)


def _no_host_randomness(
    owner: str, name: str, function: Callable, samples: tf.TensorSpec, way_out: str
) -> None:
    """Check a function of (real, fake). One that fails with two samples is left to the first round:
    it may be made for batches of one size.
    """
    was_traced = []

    def traced(real: tf.Tensor, fake: tf.Tensor) -> Any:
        result = function(real, fake)
        was_traced.append(True)
        return result

    try:
        tracing.no_host_randomness(owner, name, traced, samples, samples, way_out=way_out)
    except Exception:
        if was_traced:
            raise


def _is_of_gan_core(function: Any) -> bool:
    """Whether a function, or the class of an object that is called as one, is gan_core's own."""
    if isinstance(function, Lazy):
        return _is_of_gan_core(function.penalty)
    module = getattr(function, "__module__", None) or type(function).__module__
    return module.partition(".")[0] == "gan_core"


def check_apart(owner: str, model: tf.Module, average: Any, *inputs: Any) -> None:
    """Check that the averaged model computes with its own variables alone.

    Copying a model does not copy what a lambda in it refers to: lambda x: self.dense(x) in the copy
    is still about the `self` that was copied, whose weights are not averaged.

    Args:
        owner: whose argument the model is.
        model: the model that was copied.
        average: its average.
        inputs: z, and labels for a conditional model.

    Raises:
        ValueError: if a forward pass of the average reads a trainable variable of the model.
    """
    with tf.GradientTape() as tape:
        forward(average.model, *inputs, training=False)
    read = {id(variable) for variable in tape.watched_variables()}
    shared = [variable.name for variable in model.trainable_variables if id(variable) in read]
    if shared:
        checks.fail(
            owner,
            "generator",
            "a network whose copy, which holds the average, has variables of its own",
            f"one whose copy still reads {', '.join(shared)} of the network itself",
            "A lambda that uses self does that: write a method in its place.",
        )


class BatchChecks:
    """The checks of a batch: the shape of its samples and, if there are labels, that of its labels.

    Args:
        sample_shape: the shape of one sample.
        label_shape, label_dtype: of one label; None for games without labels.
        strategy: None or a tf.distribute strategy, whose replicas share a batch equally.
    """

    def __init__(
        self, sample_shape: tuple, label_shape: tuple | None, label_dtype: Any, strategy: Any
    ) -> None:
        self.sample_shape = sample_shape
        self.label_shape = label_shape
        self.label_dtype = label_dtype
        self.strategy = strategy

    def given(self, owner: str, batch: Any, before: tuple[int, ...] = ()) -> tuple:
        """Check a batch that a user gave: x, or (x, y); both shapes begin with `before`.

        Returns:
            real and labels as tensors; labels is None for games without labels.
        """
        real, labels = self._parts(owner, "real", batch)
        shape = [*before, "batch", *self.sample_shape]
        _check_float32(owner, "real", real, shape)
        real = checks.tensor(owner, "real", real, shape, finite=True)
        if 0 in real.shape:
            checks.fail(owner, "real", "at least one sample", checks.show_shape(real.shape))
        size = real.shape[len(before)]
        replicas.check_batch(owner, self.strategy, size)
        return real, self._labels(owner, labels, [*before, size])

    def sampled(self, owner: str, batch: Any) -> tuple:
        """Check a batch of a sampler while a function is traced: its sizes must be static."""
        real, labels = self._parts(owner, "what sampler gives", batch)
        shape = ["batch", *self.sample_shape]
        _check_float32(owner, "what sampler gives", real, shape)
        real = checks.tensor(owner, "what sampler gives", real, shape)
        if not real.shape[0]:
            wanted = "of a batch size that is fixed, and not 0"
            came = checks.show_shape(real.shape)
            checks.fail(owner, "what sampler gives", wanted, came)
        replicas.check_batch(owner, self.strategy, real.shape[0])
        return real, self._labels(owner, labels, [real.shape[0]], finite=False)

    def labels_for(self, owner: str, labels: Any, n: int) -> tf.Tensor | None:
        """Check the labels [n, ...] that a user wants samples for; None stays None."""
        if labels is None:
            return None
        if self.label_dtype is None:
            checks.fail(
                owner,
                "labels",
                "None: this game has no labels",
                type(labels).__name__,
                "Make the trainer with labels=..., such as gan_core.latent.Classes(10).",
            )
        return self._labels(owner, labels, [n])

    def _parts(self, owner: str, name: str, batch: Any) -> tuple:
        pair = isinstance(batch, list | tuple) and len(batch) == 2 and self.label_dtype is not None
        if pair:
            return batch[0], batch[1]
        if self.label_dtype is not None:
            checks.fail(owner, name, "a pair (samples, labels)", f"a {type(batch).__name__}")
        if isinstance(batch, tuple):
            checks.fail(
                owner,
                name,
                "samples alone: this game has no labels",
                f"a tuple of {len(batch)}",
                "Make the trainer with labels=..., such as gan_core.latent.Classes(10), or give "
                "the samples without labels.",
            )
        return batch, None

    def _labels(
        self, owner: str, labels: Any, before: list, finite: bool = True
    ) -> tf.Tensor | None:
        if self.label_dtype is None:
            return None
        if self.label_dtype.is_integer:
            labels = self._whole_numbers(owner, labels)
        shape = [*before, *(self.label_shape or ())]
        dtype = self.label_dtype
        return checks.tensor(owner, "labels", labels, shape, dtype=dtype, finite=finite)

    def _whole_numbers(self, owner: str, labels: Any) -> Any:
        """Cast whole numbers to the dtype of the game's labels; leave others as they are."""
        if tf.is_tensor(labels) and not hasattr(labels, "numpy"):  # while a function is traced
            return tf.cast(labels, self.label_dtype) if labels.dtype.is_integer else labels
        numbers = np.asarray(labels)
        if numbers.dtype.kind not in "iu":
            return labels
        cast = numbers.astype(self.label_dtype.as_numpy_dtype)
        if not np.array_equal(cast, numbers):
            wanted = f"whole numbers that {self.label_dtype.name} can hold"
            came = f"numbers from {numbers.min()} to {numbers.max()}"
            checks.fail(owner, "labels", wanted, came)
        return cast


def _check_float32(owner: str, name: str, samples: Any, shape: list) -> None:
    """Refuse samples of a dtype that is not cast, and say how they become float32."""
    dtype = getattr(samples, "dtype", None)
    if dtype == np.uint8:
        way_out = "Scale images to the range of G: image / 127.5 - 1 for [-1, 1]."
    elif tf.is_tensor(samples) and dtype not in (tf.float32, tf.string):
        way_out = "Convert them: tf.cast(samples, tf.float32)."
    else:
        return
    wanted = f"{checks.show_shape(shape)} of float32"
    came = f"{checks.show_shape(samples.shape)} of {tf.as_dtype(dtype).name}"
    checks.fail(owner, name, wanted, came, way_out)


class LabelTrial:
    """Runs both networks eagerly with labels beyond all that they were given before.

    A layer refuses a label that is out of range only in eager mode. In a compiled function such a
    label, for example the 10 of classes that are counted from 1 to 10, would become zeros.

    Args:
        generator, discriminator: conditional networks.
        latent_dim: the number of coordinates of z.
    """

    def __init__(self, generator: Any, discriminator: Any, latent_dim: int) -> None:
        self._generator = generator
        self._discriminator = discriminator
        self._latent_dim = latent_dim
        self._lowest: np.ndarray | None = None
        self._highest: np.ndarray | None = None

    def __call__(self, labels: tf.Tensor | None, before: int) -> None:
        """Try some labels of a batch, if they are whole numbers: one a sample, or a list of them.

        Args:
            labels: a tensor with values, or None.
            before: how many axes it has before those of one label.

        Raises:
            ValueError: if a label is out of range: what the layer or TensorFlow says.
        """
        if labels is None or not labels.dtype.is_integer or labels.shape.rank > before + 1:
            return
        factors = labels.shape[before:].num_elements()
        rows = np.reshape(labels.numpy(), [-1, factors])
        lowest = rows.min(axis=0)
        highest = rows.max(axis=0)
        if self._lowest is not None and self._highest is not None:
            lowest = np.minimum(lowest, self._lowest)
            highest = np.maximum(highest, self._highest)
            if (lowest == self._lowest).all() and (highest == self._highest).all():
                return
        extreme = rows[np.concatenate([rows.argmin(axis=0), rows.argmax(axis=0)])]
        z = tf.zeros([len(extreme), self._latent_dim])
        y = tf.constant(extreme.reshape([-1, *labels.shape[before:]]), labels.dtype)
        try:
            fake = tf.cast(forward(self._generator, z, y, training=False), tf.float32)
            forward(self._discriminator, fake, y, training=False)
        except tf.errors.OpError as error:  # from tf.gather, for example
            came = f"numbers from {extreme.min()} to {extreme.max()} ({failures.reason_of(error)})"
            checks.fail("GANTrainer", "labels", "such as both networks take", came)
        self._lowest = lowest
        self._highest = highest
