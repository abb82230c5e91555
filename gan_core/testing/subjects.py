"""The subjects of laws: a GANLoss, and wrappers for layers, penalties and the other kinds.

Each wrapper has a `name` for messages and `claims`, the families whose laws it must obey.
"""

from __future__ import annotations

import dataclasses
import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from gan_core import checks, rng
from gan_core.losses import GANLoss
from gan_core.testing.law import KINDS, LAWS


def _name(given: str, function: Any) -> str:
    return given or str(getattr(function, "__name__", type(function).__name__))


@dataclasses.dataclass(frozen=True)
class Penalty:
    """A gradient penalty: function(critic, real, fake, seed=..., step=...) -> float32 scalar.

    Args:
        function: the penalty, as for GANTrainer; `seed` is [2] int64, `step` the round.
        at: where D's slopes are computed: at "real" or "fake" samples, "between" a real sample and
            its fake one, or "elsewhere" (then the laws about these points do not apply).
        claims: "zero-centred" (strength/2 mean |slope|^2) or "one-centred"
            (strength mean (|slope| - 1)^2).
        strength: gamma, or the weight; used by the laws of the claims.

    Example:
        >>> from gan_core import penalties, testing
        >>> testing.check_penalty(testing.Penalty(penalties.r1(2.0), at="real"))
    """

    function: Callable[..., Any]
    at: str = "real"
    claims: tuple[str, ...] = ()
    strength: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        if not callable(self.function):
            checks.fail(
                "testing.Penalty",
                "function",
                "a function (critic, real, fake, seed, step) -> scalar",
                repr(self.function),
            )
        checks.one_of("testing.Penalty", "at", self.at, ["real", "fake", "between", "elsewhere"])
        checks.number("testing.Penalty", "strength", self.strength, 0.0)
        object.__setattr__(self, "name", _name(self.name, self.function))

    def __call__(self, critic: Any, real: Any, fake: Any, seed: Any = None, step: Any = 0) -> Any:
        """Compute the penalty of this critic, with the arguments that the trainer gives."""
        seed = rng.seed(0, "penalty") if seed is None else seed
        return self.function(critic, real, fake, seed=seed, step=step)


@dataclasses.dataclass(frozen=True)
class Layer:
    """A layer: make(seed) builds it, and it is called as layer(x, training=...).

    Args:
        make: a function (seed: int) -> layer.
        in_shape: the shape of one input sample, without the batch.
        out_shape: the shape of one output sample, without the batch.
        claims: "batch-norm" or "dropout", or nothing.

    Example:
        >>> from gan_core import testing
        >>> from gan_core.nn.dense import Dense
        >>> testing.check_layer(testing.Layer(lambda seed: Dense(5, 4, seed=seed), [5], [4]))
    """

    make: Callable[[int], Any]
    in_shape: Any
    out_shape: Any
    claims: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        _check_make("testing.Layer", self.make, "seed")
        for key in ("in_shape", "out_shape"):
            object.__setattr__(self, key, _shape("testing.Layer", key, getattr(self, key)))
        object.__setattr__(self, "name", _name(self.name, self.make))


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """An optimizer: make(learning_rate) builds it; then bind(variables), apply(gradients, step).

    Args:
        make: a function (learning_rate) -> optimizer.
        claims: "adam" or "sgd", or nothing.
        beta_1, beta_2, epsilon: Adam's hyper-parameters, as make sets them; used by Adam's laws.

    Example:
        >>> from gan_core.optim.optimizers import SGD
        >>> Optimizer(lambda rate: SGD(rate), claims=("sgd",), name="SGD").name
        'SGD'
    """

    make: Callable[[Any], Any]
    claims: tuple[str, ...] = ()
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    name: str = ""

    def __post_init__(self) -> None:
        _check_make("testing.Optimizer", self.make, "learning_rate")
        object.__setattr__(self, "name", _name(self.name, self.make))


@dataclasses.dataclass(frozen=True)
class Generator:
    """A generator: make(seed) builds it; called as generator(z, training=...) -> samples.

    Args:
        make: a function (seed: int) -> generator.
        latent_dim: how many numbers z has.
        sample_shape: the shape of one sample.
        low, high: the range that samples must lie in, or None.
        labels: a function (n, seed) -> y, if it is called as generator(z, y, training=...).

    Example:
        >>> from gan_core.nn.dense import Dense
        >>> Generator(lambda seed: Dense(2, 3, seed=seed), 2, [3]).sample_shape
        (3,)
    """

    make: Callable[[int], Any]
    latent_dim: int
    sample_shape: Any
    low: float | None = None
    high: float | None = None
    labels: Callable[..., Any] | None = None
    claims: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        _check_make("testing.Generator", self.make, "seed")
        checks.integer("testing.Generator", "latent_dim", self.latent_dim, 1)
        shape = _shape("testing.Generator", "sample_shape", self.sample_shape)
        object.__setattr__(self, "sample_shape", shape)
        object.__setattr__(self, "name", _name(self.name, self.make))


@dataclasses.dataclass(frozen=True)
class Discriminator:
    """A discriminator: make(seed) builds it; called as discriminator(x, training=...) -> logits.

    Logits are a tensor, or a list of tensors where it has several heads, as for GANTrainer.

    Args:
        make: a function (seed: int) -> discriminator.
        sample_shape: the shape of one sample.
        labels: a function (n, seed) -> y, if it is called as discriminator(x, y, training=...).

    Example:
        >>> from gan_core.nn.dense import Dense
        >>> Discriminator(lambda seed: Dense(3, 1, seed=seed), [3]).sample_shape
        (3,)
    """

    make: Callable[[int], Any]
    sample_shape: Any
    labels: Callable[..., Any] | None = None
    claims: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        _check_make("testing.Discriminator", self.make, "seed")
        shape = _shape("testing.Discriminator", "sample_shape", self.sample_shape)
        object.__setattr__(self, "sample_shape", shape)
        object.__setattr__(self, "name", _name(self.name, self.make))


@dataclasses.dataclass(frozen=True)
class Latent:
    """A prior of z: function(n, seed) -> [n, dim] float32, with an attribute `dim`.

    Args:
        function: the prior, such as gan_core.latent.Normal(8).
        claims: "standard" (every coordinate has mean 0 and variance 1), or nothing.
        together: groups of coordinates that depend on each other, such as the parts of a one-hot
            code, [range(6, 10)]: the law of independence does not compare them.

    Example:
        >>> from gan_core.latent import Normal
        >>> Latent(Normal(8), claims=("standard",)).dim
        8
    """

    function: Callable[..., Any]
    claims: tuple[str, ...] = ()
    name: str = ""
    together: Sequence[Sequence[int]] = ()

    def __post_init__(self) -> None:
        if not callable(self.function) or not hasattr(self.function, "dim"):
            checks.fail(
                "testing.Latent",
                "function",
                "a function (n, seed) -> z with a dim (gan_core.latent has some)",
                repr(self.function),
            )
        _check_groups(self.together, self.dim)
        object.__setattr__(self, "name", _name(self.name, self.function))

    @property
    def dim(self) -> int:
        """How many numbers z has."""
        prior: Any = self.function
        return int(prior.dim)


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """A random change of D's input: function(x, seed, step) -> x of the same shape.

    Args:
        function: the augmentation, such as gan_core.augment.colour().
        in_shape: the shape of one sample.
        claims: "identity-in-the-mean" (the mean over seeds is x), or nothing.

    Example:
        >>> from gan_core.augment import colour
        >>> Augmentation(colour(), [8, 8, 3]).in_shape
        (8, 8, 3)
    """

    function: Callable[..., Any]
    in_shape: Any
    claims: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        if not callable(self.function):
            checks.fail(
                "testing.Augmentation",
                "function",
                "a function (x, seed, step) -> x",
                repr(self.function),
            )
        shape = _shape("testing.Augmentation", "in_shape", self.in_shape)
        object.__setattr__(self, "in_shape", shape)
        object.__setattr__(self, "name", _name(self.name, self.function))

    def __call__(self, x: Any, seed: Any, step: Any = 0) -> Any:
        """The augmented batch."""
        return self.function(x, seed, step)


TYPES: Mapping[str, type] = {
    "loss": GANLoss,
    "penalty": Penalty,
    "layer": Layer,
    "optimizer": Optimizer,
    "generator": Generator,
    "discriminator": Discriminator,
    "latent": Latent,
    "augmentation": Augmentation,
}


def kind_of(owner: str, subject: Any) -> str:
    """The kind of a subject; ValueError if it is not a subject or claims an unknown family."""
    for kind in KINDS:
        if isinstance(subject, TYPES[kind]):
            _check_claims(owner, kind, subject)
            return kind
    checks.fail(
        owner,
        "the subject",
        "a GANLoss, or testing.Penalty, Layer, Optimizer, Generator, Discriminator, Latent or "
        "Augmentation",
        f"{type(subject).__name__} {subject!r}"[:120],
        "Wrap a function: testing.Penalty(my_penalty, at='real').",
    )


def _check_claims(owner: str, kind: str, subject: Any) -> None:
    known = sorted({family for one in LAWS[kind] for family in one.families})
    claims = subject.claims
    wanted = f"a tuple of families of a {kind}: {', '.join(known) or 'there are none'}"
    if not isinstance(claims, tuple) or any(claim not in known for claim in claims):
        checks.fail(owner, f"claims of {subject.name!r}", wanted, repr(claims))
    for player in ("discriminator", "generator") if kind == "loss" else ():
        function = getattr(subject, player)
        if not takes(function, 2):
            checks.fail(
                owner,
                f"{player} of {subject.name!r}",
                "a function (real, fake) -> scalar",
                described(function),
            )


def takes(function: Any, count: int) -> bool:
    """Whether a function can be called with so many arguments by position."""
    if not callable(function):
        return False
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions do not say
        return True
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def described(function: Any) -> str:
    """Describe a wrong argument in place of a function: its arguments, if it is one."""
    if not callable(function):
        return repr(function)
    return f"one of {inspect.signature(function)}"


def _check_make(owner: str, make: Any, argument: str) -> None:
    if not takes(make, 1):
        checks.fail(owner, "make", f"a function ({argument}) -> a new one", described(make))


def _shape(owner: str, name: str, shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, list | tuple | tf.TensorShape):
        checks.fail(owner, name, "the shape of one sample, such as [5]", repr(shape))
    return tuple(checks.integer(owner, name, size, 1) for size in shape)


def _check_groups(groups: Any, dim: int) -> None:
    lists = list | tuple | range
    if not isinstance(groups, lists) or not all(isinstance(group, lists) for group in groups):
        wanted = "a list of groups of coordinates, such as [range(6, 10)]"
        checks.fail("testing.Latent", "together", wanted, repr(groups))
    for coordinate in itertools.chain(*groups):
        checks.integer("testing.Latent", "a coordinate in together", coordinate, 0, dim - 1)


def call(module: Any, *inputs: Any, training: bool = False, seed: Any = None) -> Any:
    """Call module(*inputs, training=..., seed=...) with those keywords that it accepts."""
    keywords: dict[str, Any] = {}
    try:
        known = dict(inspect.signature(module).parameters)
    except (TypeError, ValueError):
        known = {}
    anything = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values())
    if "training" in known or anything:
        keywords["training"] = training
    if "seed" in known:
        keywords["seed"] = rng.seed(0, "law") if seed is None else seed
    return module(*inputs, **keywords)
