"""A game with given settings: the trainer, single steps by hand, and its state in numbers.

The trainer is that of gan_core. The two learning rates, the weight of the penalty and the size of
the noise may change while it plays. They are variables that its schedules read, so a change takes
effect in the next round, and nothing is compiled again.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import augment, data, losses, penalties, rng
from gan_core.latent import BLOCK, NormalAndBits, block
from gan_core.metrics import sliced_wasserstein
from gan_core.nn.initializers import he_normal
from gan_core.nn.mlp import mlp, standardise, unstandardise
from gan_core.nn.sequential import Sequential
from gan_core.optim import schedules
from gan_core.optim.optimizers import SGD, Adam, Optimizer
from gan_core.trainer import GANTrainer
from toy.measures import coverage
from toy.play import settings as choices
from toy.play.settings import Settings
from toy.targets import by_name, given, on_the_line
from toy.targets.distributions import Distribution

SHOWN = 300  # samples in the picture
JUDGED = 1_000  # samples that are measured
ARROWS = 60
FIELD_SIDE = 41  # squares of D's field, each way
CURVE = 161  # places of D's curve over the line
BARS_SHOWN = 48  # of the histogram over the line
PROJECTIONS = 16
GAMMA_FALL = 1.0 / 300.0  # the factor by which the penalty falls, as in chapter 6
NOISE_FALL = 1.0 / 50.0  # the factor by which the noise falls before it becomes 0
FAR = 1e20  # where what is not finite is shown: outside of every picture
MEANINGS = {  # of the row that a loss reports: its names and what they are called
    "log-odds": ("d_real", "d_fake", "D's mean answer"),
    "score": ("d_score_real", "d_score_fake", "D's mean score"),
    "pair": ("d_score_real", "d_score_fake", "D's mean score"),
}


def target_of(settings: Settings, rows: np.ndarray | None = None) -> Distribution:
    """The distribution that the settings name.

    Args:
        settings: the settings of the game.
        rows: the points of the file, for the target "points".

    Returns:
        A distribution on the line or in the plane.

    Raises:
        ValueError: if the target is "points" and no file was given.
    """
    if settings.target in by_name.BY_NAME:
        return by_name.BY_NAME[settings.target]()
    if settings.target in on_the_line.BY_NAME:
        return on_the_line.BY_NAME[settings.target]()
    if settings.target == choices.DRAWN_PLANE:
        return given.Points(choices.points(settings.drawing), choices.BLUR)
    if settings.target == choices.DRAWN_LINE:
        return given.Bars(choices.bars(settings.drawing), -choices.HALF, choices.HALF)
    if rows is None:
        raise ValueError("There are no points of your own: start with --points FILE.csv.")
    return given.Points(rows)


def mean_and_scale(target: Distribution, seed: int) -> tuple[tf.Tensor, float]:
    """The mean [dim] of 10,000 samples, and the root of the mean variance of their coordinates."""
    known = target.sample(10_000, rng.seed(seed, "scale"))
    mean = tf.reduce_mean(known, axis=0)
    variances = tf.math.reduce_variance(known, axis=0)
    return mean, float(tf.sqrt(tf.reduce_mean(variances)))


class Game:
    """One game, from its start.

    Args:
        settings: what it is made of.
        rows: the points of the file, for the target "points".
        mode: the trainer's: "xla", "graph" or "eager".

    Attributes:
        trainer: a GANTrainer.
        history: what was done so far, in order: ("rounds", n), ("d_step",), ("g_step",) and
            (name, value) for a setting of LIVE that was changed.
    """

    def __init__(
        self, settings: Settings, rows: np.ndarray | None = None, mode: str = "xla"
    ) -> None:
        self.settings = settings
        self.target = target_of(settings, rows)
        mean, self.scale = mean_and_scale(self.target, settings.seed)
        self.live = {
            name: tf.Variable(getattr(settings, name), dtype=tf.float32, trainable=False)
            for name in choices.LIVE
        }
        self.trainer = self._trainer(mean, mode)
        self.batches = data.stream(self.target.sample, settings.batch, settings.seed)
        self.history: list[tuple] = []
        self.by_hand = 0  # steps of one player alone

    # ---------------------------------------------------------------- how it is made

    def _trainer(self, mean: tf.Tensor, mode: str) -> GANTrainer:
        settings = self.settings
        latent = NormalAndBits(settings.latent_dim, settings.bits)
        start = mean + settings.start * self.scale
        g_layers = mlp(
            [latent.dim, *settings.g_hidden, self.target.dim],
            seed=settings.seed,
            name="G",
            initializer=he_normal,
        )
        d_layers = mlp(
            [self.target.dim, *settings.d_hidden, 1],
            seed=settings.seed,
            name="D",
            initializer=he_normal,
        )
        return GANTrainer(
            Sequential([g_layers, unstandardise(start, self.scale)], name="generator"),
            Sequential([standardise(mean, self.scale), d_layers], name="discriminator"),
            latent=latent,
            loss=losses.by_name(settings.loss),
            g_optimizer=self._optimizer("g_rate"),
            d_optimizer=self._optimizer("d_rate"),
            penalty=self._penalties(),
            augment=augment.instance_noise(self._noise()),
            d_steps=settings.d_steps,
            update=settings.update,
            average=settings.average or None,
            seed=settings.seed,
            mode=mode,
        )

    def _optimizer(self, name: str) -> Optimizer:
        rate = self.live[name]
        fall = self.settings.fall
        share = schedules.cosine_decay(1.0, fall, start=fall // 5) if fall else None

        def schedule(step: Any) -> tf.Tensor:
            return rate if share is None else rate * share(step)

        if self.settings.optimizer == "SGD":
            return SGD(schedule)
        return Adam(schedule, beta_1=self.settings.beta_1)

    def _penalties(self) -> list[Callable[..., tf.Tensor]]:
        """R1 and R2 for data of this scale: gradients there are 1/scale those at unit scale."""
        kind = self.settings.penalty
        fall = self.settings.fall
        gamma = self.live["gamma"]
        # The gradient penalty compares slopes with 1, in the data's own units.
        unit = 1.0 if kind == "gradient penalty" else self.scale**2
        share = None
        if fall:
            share = schedules.geometric_decay(1.0, max(1, fall * 4 // 5), final=GAMMA_FALL)

        def strength(step: Any) -> tf.Tensor:
            weight = gamma if unit == 1.0 else gamma * unit
            return weight if share is None else weight * share(step)

        made: dict[str, list[Callable[..., tf.Tensor]]] = {
            "none": [],
            "R1": [penalties.r1(strength)],
            "R2": [penalties.r2(strength)],
            "R1 and R2": [penalties.r1(strength), penalties.r2(strength)],
            "gradient penalty": [penalties.wasserstein_gradient_penalty(strength)],
        }
        return made[kind]

    def _noise(self) -> Callable[[Any], tf.Tensor]:
        noise = self.live["noise"]
        fall = self.settings.fall
        if not fall:
            return lambda step: noise * self.scale
        end = max(1, fall // 2)
        share = schedules.geometric_decay(1.0, end, final=NOISE_FALL)
        return lambda step: tf.where(step < end, noise * self.scale * share(step), 0.0)

    # ---------------------------------------------------------------- how it is played

    def change(self, name: str, value: float) -> None:
        """Give a setting of LIVE another value from the next round on.

        Args:
            name: one of LIVE.
            value: in the setting's range.

        Raises:
            ValueError: if it is not.
        """
        self.settings = dataclasses.replace(self.settings, **{name: value})
        self.live[name].assign(value)
        if self.history and self.history[-1][0] == name:
            self.history.pop()
        self.history.append((name, value))

    def rounds(self, n: int) -> dict[str, np.ndarray]:
        """Play n rounds. -> name -> [n] float32, the trainer's rows."""
        rows = self.trainer.rounds(self.batches, n)
        if self.history and self.history[-1][0] == "rounds":
            n += self.history.pop()[1]
        self.history.append(("rounds", n))
        return rows

    def d_step(self) -> dict[str, float]:
        """One step of D alone, not counted as a round. Returns its row."""
        row = self.trainer.discriminator_step(*self._batch_by_hand())
        self.history.append(("d_step",))
        return row

    def g_step(self) -> dict[str, float]:
        """One step of G alone, not counted as a round. Returns its row."""
        row = self.trainer.generator_step(*self._batch_by_hand())
        self.history.append(("g_step",))
        return row

    def _batch_by_hand(self) -> tuple[tf.Tensor, tf.Tensor]:
        """A batch of its own, and its z, for each step of one player alone."""
        seed = self.settings.seed
        n = self.settings.batch
        real = self.target.sample(n, rng.seed(seed, "real by hand", self.by_hand))
        z = self.trainer.latent(n, rng.seed(seed, "z by hand", self.by_hand))
        self.by_hand += 1
        return real, z

    @property
    def round(self) -> int:
        """How many rounds were played."""
        return int(self.trainer.step)


class Eye:
    """Measures a game for the page, in numbers that JSON can hold.

    Args:
        game: the game.
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self.dim = game.target.dim
        self.real = game.target.sample(JUDGED, rng.seed(game.settings.seed, "shown")).numpy()
        self.view = _view(game, self.real)
        self._places = tf.constant(self._grid())
        self._z = self._latents()
        self._look = tf.function(self._look_at, autograph=False)
        self._judges = [
            game.target.sample(JUDGED, rng.seed(index, "judge")).numpy() for index in range(2)
        ]
        self._floor = self._distance(*self._judges)
        self.samples = self.real  # of the last look

    def opening(self) -> dict[str, Any]:
        """What stays the same during the game."""
        real_name, fake_name, meaning = MEANINGS[self.game.trainer.loss.logits]
        return {
            "dim": self.dim,
            "view": _short(self.view),
            "real": _short(self.real[:SHOWN]),
            "density": self._true_density(),
            "mean": _finite(self.real.mean()) if self.dim == 1 else None,
            "side": FIELD_SIDE,
            "modes": len(getattr(self.game.target, "modes", [])),
            "is_probability": self.game.trainer.loss.logits == "log-odds",
            "answers": [real_name, fake_name, meaning],
        }

    def look(self) -> dict[str, Any]:
        """The picture of this moment: samples, D's field, and arrows at samples.

        An arrow is minus the gradient of G's loss with respect to one sample, times the batch size
        and the scale of the data, so that it has no unit.
        """
        samples, field, push = (part.numpy() for part in self._look())
        push = push.astype(np.float64) * self.game.scale  # its square may be too large for float32
        some = samples[:ARROWS]
        found: dict[str, Any] = {
            "round": self.game.round,
            "field": np.rint(1000.0 * np.nan_to_num(field)).astype(int).tolist(),
            "samples": _short(samples[:SHOWN]),
            "arrows": _short(np.concatenate([some, push], axis=1)),
            "push": _finite(np.linalg.norm(push, axis=1).mean()),
        }
        if self.dim == 1:
            found["density"] = self._density(samples)
            found["mean"] = _finite(samples.mean(dtype=np.float64))
            found["sd"] = _finite(samples.std(dtype=np.float64))
        self.samples = samples
        return found

    def measure(self) -> dict[str, Any]:
        """How good the samples of the last look are: coverage and distance.

        The distance is the sliced Wasserstein distance to real samples, divided by that of two real
        sets: 1 is as near as can be told.
        """
        if not np.isfinite(self.samples).all():
            return {}
        apart = np.mean([self._distance(self.samples, judge) for judge in self._judges])
        found: dict[str, Any] = {"distance": _finite(apart / self._floor)}
        counts = coverage.of(self.samples, self.game.target)
        if counts is not None:
            found["modes"] = int(counts.modes)
            found["quality"] = _finite(counts.high_quality)
        return found

    def _latents(self) -> tf.Tensor:
        """The z of the first samples of seed 0, those of `GANTrainer.sample`."""
        latent = self.game.trainer.latent
        blocks = [block(latent, index, seed=0) for index in range(-(-JUDGED // BLOCK))]
        return tf.concat(blocks, axis=0)[:JUDGED]

    def _look_at(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Samples, D's field at the grid's places, and the push on the first samples."""
        trainer = self.game.trainer
        network = trainer.generator if trainer.average is None else trainer.average.model
        samples = network(self._z, training=False)
        field = self._field(trainer.discriminator(self._places, training=False)[:, 0])
        some = samples[:ARROWS]
        with tf.GradientTape() as tape:
            tape.watch(some)
            fake_logits = trainer.discriminator(some, training=False)[:, 0]
            real_logits = trainer.discriminator(self.real[:ARROWS], training=False)[:, 0]
            loss = trainer.loss.generator(real_logits, fake_logits)
        return samples, field, -float(ARROWS) * tape.gradient(loss, some)

    def _field(self, logits: tf.Tensor) -> tf.Tensor:
        """From 0 to 1: probabilities, or a score from its lowest to its highest value here."""
        if self.game.trainer.loss.logits == "log-odds":
            return tf.sigmoid(logits)
        lowest = tf.reduce_min(logits)
        return (logits - lowest) / tf.maximum(tf.reduce_max(logits) - lowest, 1e-12)

    def _grid(self) -> np.ndarray:
        """The places where D is asked: a line, or squares row by row from below."""
        left, right, bottom, top = self.view
        if self.dim == 1:
            return np.linspace(left, right, CURVE, dtype=np.float32)[:, np.newaxis]
        x = _middles(left, right, FIELD_SIDE)
        y = _middles(bottom, top, FIELD_SIDE)
        across, up = np.meshgrid(x, y)
        return np.stack([across.ravel(), up.ravel()], axis=1)

    def _density(self, samples: np.ndarray) -> list[float]:
        left, right, _, _ = self.view
        counts, _ = np.histogram(samples, BARS_SHOWN, (left, right))
        return _short(counts * BARS_SHOWN / (len(samples) * (right - left)))

    def _true_density(self) -> list[float]:
        """On the line: of many samples, in as many bars as that of G."""
        if self.dim != 1:
            return []
        many = self.game.target.sample(20_000, rng.seed(self.game.settings.seed, "density"))
        return self._density(many.numpy())

    def _distance(self, one: np.ndarray, other: np.ndarray) -> float:
        return sliced_wasserstein(one, other, seed=0, projections=PROJECTIONS)


def _view(game: Game, real: np.ndarray) -> np.ndarray:
    """left, right, bottom, top of the picture. The plane has one unit on both axes."""
    if game.settings.target in (choices.DRAWN_PLANE, choices.DRAWN_LINE):
        half = 1.15 * choices.HALF
        return np.array([-half, half, -half, half])
    low = real.min(axis=0)
    high = real.max(axis=0)
    if game.settings.start:  # the data, and where G's samples come from
        away = real.mean(axis=0) + game.settings.start * game.scale
        low = np.minimum(low, away)
        high = np.maximum(high, away)
    middle = 0.5 * (low + high)
    half = 0.65 * float((high - low).max())
    if game.target.dim == 1:
        half += 2.0 * game.scale
        return np.array([middle[0] - half, middle[0] + half, 0.0, 1.0])
    half = max(half, game.scale)  # all samples here may be the same
    return np.array([middle[0] - half, middle[0] + half, middle[1] - half, middle[1] + half])


def _middles(low: float, high: float, count: int) -> np.ndarray:
    edges = np.linspace(low, high, count + 1, dtype=np.float32)
    return 0.5 * (edges[1:] + edges[:-1])


def _short(numbers: np.ndarray) -> list:
    """Seven significant digits, as many as float32 has: less to send, in any unit of the data."""
    kept = np.nan_to_num(np.asarray(numbers, np.float64), nan=FAR, posinf=FAR, neginf=-FAR)
    short = [float(f"{number:.7g}") for number in kept.ravel()]
    return np.reshape(short, kept.shape).tolist()


def _finite(number: float) -> float | None:
    """Seven significant digits; None for what is not finite, because JSON has no infinity."""
    return float(f"{number:.7g}") if math.isfinite(number) else None
