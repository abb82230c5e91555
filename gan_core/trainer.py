"""One round of the game: D learns to tell real from fake, then G learns to fool the new D.

A round is Algorithm 1 of Goodfellow et al. 2014, with two differences unless you ask for the
paper's form: the optimizers are those you give, mostly Adam in place of gradient descent, and D's
last step and G's step share one z (`fresh_z=True` draws a new one for G). Nothing here knows what a
sample is: a number, a point of the plane or a face. docs/own.md has programs with networks, losses,
data and layers of a user's own.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import _validate, checks, rng
from gan_core.averaging import ExponentialMovingAverage, settling_batches
from gan_core.devices import failures, many_rounds, replicas, tracing
from gan_core.devices.compiling import compiled
from gan_core.game import discriminator_gradients, generate, generator_gradients, logits_of
from gan_core.latent import BLOCK
from gan_core.latent import block as latent_block
from gan_core.losses import NON_SATURATING, GANLoss
from gan_core.nn.calling import forward
from gan_core.nn.export import export_generator
from gan_core.nn.sequential import takes
from gan_core.nn.settling import settled
from gan_core.nn.variables import named_variables
from gan_core.penalties import Lazy, period
from gan_core.protocols import (
    Augmentation,
    Labels,
    Latent,
    Measure,
    Network,
    Optimizer,
    Penalty,
    Sampler,
    Schedule,
)

Row = dict[str, float]


class GANTrainer:
    """Trains two networks against each other, `round` after `round`.

    Args:
        generator: z [B, latent.dim] -> fake [B, ...], called as generator(z, training=...).
        discriminator: [B, ...] -> logits, called as discriminator(x, training=...). It gives one
            logit a sample ([B] or [B, 1]) or several ([B, k], [B, h, w, 1], or a list of such
            tensors); losses average over all of them. A loss of your own gets them as one tensor
            [B, k], in the order of the list, and may treat each column in its own way.
        latent: the distribution of z (`gan_core.latent`).
        g_optimizer, d_optimizer: made from hyper-parameters, such as Adam(2e-4, beta_1=0.5); the
            trainer binds each to all trainable variables of its network, unless it is bound to some
            of them already: the others are then frozen. The two learning rates may differ (Heusel
            et al. 2017).
        loss: the losses of both players (`gan_core.losses`).
        penalty: a penalty of `gan_core.penalties`, a list of them, or None: terms of D's loss.
        g_penalty: the same for G's loss: functions (critic, real, fake, *, seed, step) -> scalar
            that are added to it, such as the L1 distance of pix2pix (Isola et al. 2017) or the size
            of G's weights. They are computed in every round, with the critic, the (last) real and
            the fake batch of G's step. Samples are given to them without augmentation.
        labels: the distribution of labels, such as `latent.Classes(10)`, for conditional networks:
            batches are then pairs (x, y), and networks are called as generator(z, y, training=...)
            and discriminator(x, y, training=...). Fakes get the labels of the real batch. A label
            may be any tensor, such as the image that G of pix2pix starts from.
        d_steps: the number of D's steps in a round, each with a new real batch and a new z.
        update: "alternating": G learns from the updated D; or "simultaneous": both gradients are
            computed before either step.
        fresh_z: whether G's step draws a new z, as Algorithm 1 does. By default it uses the z of
            D's last step, so that one forward pass of G serves both.
        average: the decay of an exponential moving average of G: a number or a schedule. `sample`
            and `export` then use the average. None: no average.
        augment: an augmentation of `gan_core.augment`, applied to everything that D sees, in D's
            step and in G's. Real and fake batches are changed by the same random numbers.
        measures: further numbers to report, as a dict from name to function (real, fake,
            real_logits, fake_logits) -> scalar; they are measured at D's last step. They may be NaN
            or infinite; `fit` stops at any other number of a row that is.
        seed: the seed of z, the augmentation and the networks' own randomness. Everything random
            is a function of (seed, purpose, step).
        gradient_norms: whether to report the norms of both gradients.
        mode: "xla" or "graph" (`gan_core.devices.compiling`), or "eager" for debugging. Their
            results differ only by rounding.
        strategy: None, or a tf.distribute strategy under whose scope() the networks were made: each
            device plays every round on its share of the batch (`gan_core.devices.replicas`).

    Schedules of learning rates, penalties, augmentation and average are all functions of the round,
    `step`, an int64 variable.

    A loss, penalty, augmentation or measure that remembers something from one call to the next,
    such as a running mean, is a tf.Module with a tf.Variable for it: `state`, and so a checkpoint,
    holds the variables of those that are tf.Modules themselves or wrapped in `penalties.Lazy`.

    A row holds float32 numbers. At D's last step, before D is updated, these are measured: d_loss
    (without penalty), the numbers of `GANLoss.report`, the penalty if there is one, and the
    measures. At G's step g_loss (without g_penalty) is measured, with the D that G learns from, and
    g_penalty, the sum of these terms, if there are any. With gradient_norms the row also holds
    d_gradient_norm and g_gradient_norm, the norms over all updated variables.

    penalty is the sum of all penalties. Where some are computed in every k-th round only, it is
    their sum in the last round in which all of them were computed, without the factor k with which
    such a round makes up for the others: a number that does not depend on k. It is part of the
    state, so that the rows of a resumed run are those of an uninterrupted one.

    Raises:
        ValueError: if the parts do not fit together; the message says which, and what was wanted.

    Example:
        >>> from gan_core.latent import Normal
        >>> from gan_core.nn.dense import Dense
        >>> from gan_core.optim.optimizers import SGD
        >>> trainer = GANTrainer(Dense(2, 3, seed=1), Dense(3, 1, seed=2), latent=Normal(2),
        ...                      g_optimizer=SGD(0.1), d_optimizer=SGD(0.1), mode="eager")
        >>> row = trainer.round(np.ones([4, 3], np.float32))
        >>> sorted(row)
        ['accuracy', 'd_fake', 'd_loss', 'd_real', 'g_loss']
        >>> trainer.sample(5).shape
        (5, 3)
    """

    def __init__(
        self,
        generator: Network,
        discriminator: Network,
        *,
        latent: Latent,
        g_optimizer: Optimizer,
        d_optimizer: Optimizer,
        loss: GANLoss = NON_SATURATING,
        penalty: Penalty | Sequence[Penalty] | None = None,
        g_penalty: Penalty | Sequence[Penalty] | None = None,
        labels: Labels | None = None,
        d_steps: int = 1,
        update: str = "alternating",
        fresh_z: bool = False,
        average: float | Schedule | None = None,
        augment: Augmentation | None = None,
        measures: dict[str, Measure] | None = None,
        seed: int = 0,
        gradient_norms: bool = False,
        mode: str = "xla",
        strategy: Any = None,
    ) -> None:
        owner = "GANTrainer"
        _validate.check_functions(owner, loss, augment, latent, labels)
        _validate.check_networks(owner, generator, discriminator)
        _validate.check_optimizers(owner, generator, discriminator, g_optimizer, d_optimizer)
        self.generator = generator
        self.discriminator = discriminator
        self.latent = latent
        self.labels = labels
        self.loss = loss
        self.augment = augment
        self.penalties = _validate.penalty_list(owner, "penalty", penalty)
        self.g_penalties = _validate.g_penalty_list(owner, g_penalty)
        self._penalty_periods = [period(one) for one in self.penalties]
        self.d_steps = checks.integer(owner, "d_steps", d_steps, 1)
        self.update = checks.one_of(owner, "update", update, ["alternating", "simultaneous"])
        self.mode = checks.one_of(owner, "mode", mode, ["xla", "graph", "eager"])
        self.fresh_z = checks.boolean(owner, "fresh_z", fresh_z)
        self.gradient_norms = checks.boolean(owner, "gradient_norms", gradient_norms)
        self.seed = checks.seed(owner, seed)
        self.row_names = self._row_names()
        self.measures = _validate.measure_dict(owner, measures, self.row_names)
        self.row_names += list(self.measures)
        self._batches = _validate.check_fit(
            owner, generator, discriminator, latent, labels, strategy
        )
        self.sample_shape = self._batches.sample_shape
        self._try_labels = _validate.LabelTrial(generator, discriminator, latent.dim)
        self.strategy = strategy
        self.g_optimizer = g_optimizer
        self.d_optimizer = d_optimizer
        self.average: ExponentialMovingAverage | None = None
        replicas.check_strategy(owner, strategy, mode, self._players_variables())
        self._create_state(average)
        self._check_average(owner)
        if mode != "eager":
            _validate.check_randomness(owner, self)
        self._compile_everything()

    def _row_names(self) -> list[str]:
        names = ["d_loss", "g_loss", *self.loss.reported]
        if self.penalties:
            names.append("penalty")
        if self.g_penalties:
            names.append("g_penalty")
        if self.gradient_norms:
            names += ["d_gradient_norm", "g_gradient_norm"]
        return names

    def _create_state(self, average: float | Schedule | None) -> None:
        """Create the state beside that of the networks: optimizers, average, step."""
        with replicas.scope(self.strategy):
            self._bind("g_optimizer", self.g_optimizer, self.generator)
            self._bind("d_optimizer", self.d_optimizer, self.discriminator)
            if average is not None:
                self.average = ExponentialMovingAverage(self.generator, average)
            self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
            self._last_penalty = tf.Variable(0.0, trainable=False, name="penalty")

    def _bind(self, name: str, optimizer: Optimizer, network: Network) -> None:
        """Bind an optimizer to all of its network, unless the user has bound it."""
        if not optimizer.bound:
            optimizer.bind(network.trainable_variables)
            _validate.check_bound("GANTrainer", name, optimizer, network.trainable_variables)

    def _check_average(self, owner: str) -> None:
        """Check that the average computes with variables of its own."""
        if self.average is None or self.strategy is not None:  # replicas read copies of a variable
            return
        seed = rng.seed(0, "try")
        inputs = [self.latent(2, seed)]
        if self.labels is not None:
            inputs.append(tf.convert_to_tensor(self.labels(2, seed)))
        _validate.check_apart(owner, self.generator, self.average, *inputs)

    # ---------------------------------------------------------------- what users call

    def round(self, real: Any) -> Row:
        """Train for one round on one batch.

        Args:
            real: samples [B, ...] float32; with labels a pair (samples, labels [B, ...]). If a
                round has several D steps, both have a first axis for them: [d_steps, B, ...].

        Returns:
            The row, name -> float.

        Raises:
            ValueError: if the batch has another shape or dtype, or holds a number that is not
                finite or a label that a layer refuses.
        """
        before = () if self.d_steps == 1 else (self.d_steps,)
        reals, labels = self._batches.given("GANTrainer.round", real, before)
        if self.mode != "eager":
            self._try_labels(labels, len(before) + 1)
        if self.d_steps == 1:
            reals = reals[tf.newaxis]
            labels = None if labels is None else labels[tf.newaxis]
        values = self._run(self._compiled_round, reals, labels)
        return _floats(dict(zip(self.row_names, values, strict=True)))

    def rounds(self, sampler: Sampler, n: int) -> dict[str, np.ndarray]:
        """Train for n rounds, in few compiled calls.

        Args:
            sampler: a function from the number of a batch, an int64 scalar, to real samples
                [B, ...] float32, or to a pair (samples, labels). TensorFlow must be able to trace
                it. The k-th D step of a round (k from 0) gets batch number step d_steps + k. So the
                data of a round depend on its number alone, not on how rounds are grouped into
                calls, or on whether the run was resumed.
            n: how many rounds, 0 or more.

        Returns:
            The rows: name -> array [n] float32.

        Raises:
            ValueError: if an argument is not of this kind, or a batch of the sampler does not fit
                the networks.
        """
        n = checks.integer("GANTrainer.rounds", "n", n, 0)
        if not callable(sampler):
            wanted = "a function of the batch's index"
            checks.fail("GANTrainer.rounds", "sampler", wanted, checks.show(sampler))
        play = self._rounds_function(sampler)
        parts = [np.zeros([0, len(self.row_names)], np.float32)]
        for start in range(0, n, many_rounds.ROUNDS_A_CALL):
            count = min(many_rounds.ROUNDS_A_CALL, n - start)
            parts.append(self._run(play, tf.constant(count)).numpy()[:count])
        return dict(zip(self.row_names, np.concatenate(parts).T, strict=True))

    def discriminator_step(self, real: Any, z: Any) -> Row:
        """Train D alone for one step, on real samples and G(z); G's weights do not change.

        It is no round: `step` stays, and with it all that is a function of the round, such as
        schedules and the random numbers of augmentation, dropout and penalties.

        Args:
            real: samples [B, ...] float32, or a pair (samples, labels).
            z: [B, dim] float32.

        Returns:
            The row, name -> float, without g_loss.

        Raises:
            ValueError: as `round` does, or if there is not one z for each sample.
        """
        return _floats(
            self._run(self._compiled_d_step, *self._checked_step(real, z, "discriminator_step"))
        )

    def generator_step(self, real: Any, z: Any) -> Row:
        """Train G alone for one step; D's weights do not change.

        As with `discriminator_step`, the trainer's `step` stays.

        Args:
            real: samples [B, ...] float32, or a pair (samples, labels). The samples are used by
                paired losses and g_penalty only.
            z: [B, dim] float32.

        Returns:
            The row, name -> float: g_loss, g_penalty if there is one, and g_gradient_norm with
            gradient_norms.

        Raises:
            ValueError: as `round` does, or if there is not one z for each sample.
        """
        return _floats(
            self._run(self._compiled_g_step, *self._checked_step(real, z, "generator_step"))
        )

    def sample(self, n: int, seed: int = 0, labels: Any = None, batch: int = 256) -> np.ndarray:
        """Generate n samples, with the averaged generator if there is one.

        Sample number i of a seed has the same z for every n and every `batch`, so it is the same
        sample up to rounding. There is one exception: the batch norm of an averaged generator is
        settled first (`gan_core.nn.settling`), with 1,024 z in batches of about size `batch` (at
        least two), and its statistics depend on that size.

        Args:
            n: how many samples.
            seed: the seed of z and, if `labels` is None, of the labels.
            labels: [n, ...], for conditional networks; None: drawn from the trainer's `labels`.
            batch: how many samples G makes at a time, from 1 to 256; fewer need less memory.

        Returns:
            The samples, [n, ...] float32.

        Raises:
            ValueError: if an argument is out of range, or the labels do not fit the networks.
        """
        n = checks.integer("GANTrainer.sample", "n", n, 1)
        seed = checks.seed("GANTrainer.sample", seed)
        batch = checks.integer("GANTrainer.sample", "batch", batch, 1, BLOCK)
        labels = self._batches.labels_for("GANTrainer.sample", labels, n)
        if self.mode != "eager":
            self._try_labels(labels, 1)
        samples = np.empty([n, *self.sample_shape], np.float32)
        with self._settled(batch):
            for start, z, y in self._latent_batches(n, seed, labels, batch):
                made = self._compiled_sample(z, y).numpy()[: n - start]
                samples[start : start + len(made)] = made
        return samples

    def export(
        self,
        folder: str | os.PathLike[str],
        to_output: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ) -> None:
        """Write G, averaged if there is an average, as a SavedModel that needs only TensorFlow.

        Its signature is z [n, latent.dim] -> samples; with labels (z, labels [n, ...]) -> samples.
        The batch norm of an average is settled as for `sample`. To use it:

            model = tf.saved_model.load(folder)
            samples = model(tf.random.normal([16, 100]))

        Args:
            folder: where to write; an older SavedModel there is replaced, anything else refused.
            to_output: a function applied to G's float32 output, such as one from [-1, 1] to uint8
                images; None leaves the output as it is.

        Raises:
            ValueError: if the folder holds something else or cannot be written.
        """
        labels = None
        if self.labels is not None:
            labels = tf.TensorSpec(self._batches.label_shape, self._batches.label_dtype)
        network = self.generator if self.average is None else self.average.model
        with self._settled(BLOCK):
            export_generator(network, self.latent.dim, folder, to_output, labels=labels)

    def state(self) -> dict[str, tf.Variable]:
        """All variables that a checkpoint must hold so that a run can resume, by name."""
        return {**self._players_variables(), "penalty": self._last_penalty, "step": self.step}

    def _players_variables(self) -> dict[str, tf.Variable]:
        parts = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "g_optimizer": self.g_optimizer,
            "d_optimizer": self.d_optimizer,
        }
        if self.average is not None:
            parts["average"] = self.average
        parts.update(self._functions_with_state())
        found: dict[str, tf.Variable] = {}
        seen: set[int] = set()  # an optimizer's bound variables are those of its network
        for part, module in parts.items():
            for name, variable in named_variables(module).items():
                if id(variable) not in seen:
                    seen.add(id(variable))
                    found[f"{part}/{name}"] = variable
        return found

    def _functions_with_state(self) -> dict[str, tf.Module]:
        """The losses, penalties, augmentation and measures that are tf.Modules, by their places."""
        functions: dict[str, Any] = {
            "loss/discriminator": self.loss.discriminator,
            "loss/generator": self.loss.generator,
            "augment": self.augment,
        }
        for name, penalties in (("penalties", self.penalties), ("g_penalties", self.g_penalties)):
            for i, penalty in enumerate(penalties):
                functions[f"{name}/{i}"] = penalty.penalty if isinstance(penalty, Lazy) else penalty
        for name, measure in self.measures.items():
            functions[f"measures/{name}"] = measure
        return {name: one for name, one in functions.items() if isinstance(one, tf.Module)}

    # ---------------------------------------------------------------- one round

    def _round(self, reals: tf.Tensor, labels: tf.Tensor | None) -> list[tf.Tensor]:
        """Algorithm 1: d_steps steps of D, then one step of G.

        reals [d_steps, B, ...], labels [d_steps, B, ...] or None -> the row's values in the order
        of row_names. On several devices this is what each of them does.
        """
        last = self.d_steps - 1
        for k in range(self.d_steps):
            real, y = self._share(reals, labels, k)
            fake, tape = self._fake(real, y, "z", k)
            d_gradients, row = self._d_gradients(real, y, fake, k)
            if k < last or self.update == "alternating":
                self.d_optimizer.apply(d_gradients, self.step)
        if self.fresh_z:
            fake, tape = self._fake(real, y, "z of G")
        g_gradients, g_row = self._g_gradients(real, y, fake, tape)
        if self.update == "simultaneous":
            self.d_optimizer.apply(d_gradients, self.step)
        self.g_optimizer.apply(g_gradients, self.step)
        if self.average is not None:
            self.average.update(self.step)
        self.step.assign_add(1)
        row.update(g_row)
        return [row[name] for name in self.row_names]

    def _d_step(self, real: tf.Tensor, labels: tf.Tensor | None, z: tf.Tensor) -> dict:
        real, y = self._share([real], [labels], 0)
        fake, _ = generate(self.generator, replicas.share(z), y, self._layers_seed("G"))
        gradients, row = self._d_gradients(real, y, fake)
        self.d_optimizer.apply(gradients, self.step)
        return row

    def _g_step(self, real: tf.Tensor, labels: tf.Tensor | None, z: tf.Tensor) -> dict:
        real, y = self._share([real], [labels], 0)
        fake, tape = generate(self.generator, replicas.share(z), y, self._layers_seed("G"))
        gradients, row = self._g_gradients(real, y, fake, tape)
        self.g_optimizer.apply(gradients, self.step)
        return row

    def _fake(self, real: tf.Tensor, y: Any, purpose: str, k: int = 0) -> tuple:
        """One generated sample for each real one, and the tape of that pass.

        The z are drawn for the whole batch; on several devices each takes its share.
        """
        whole_batch = replicas.count() * real.shape[0]
        z = replicas.share(self.latent(whole_batch, self._seed(purpose, k)))
        return generate(self.generator, z, y, self._layers_seed(f"G, {purpose}", k))

    def _d_gradients(self, real: tf.Tensor, y: Any, fake: tf.Tensor, k: int = 0) -> tuple:
        passes = _Passes()
        penalties = self._with_seeds(self.penalties, "penalty", passes, k)
        gradients, row = discriminator_gradients(
            self.loss,
            self._critic(y, "D", passes, k),
            real,
            fake,
            self.d_optimizer.bound,
            penalties,
            self.gradient_norms,
            self.measures,
            self._penalty_periods,
        )
        if self.penalties:
            row["penalty"] = self._penalty_shown(row["penalty"])
        return gradients, row

    def _with_seeds(
        self, penalties: list, purpose: str, passes: _Passes, k: int = 0
    ) -> list[Callable]:
        """The penalties as functions (critic, real, fake), each with a seed of its own."""

        def with_seed(i: int, penalty: Penalty) -> Callable:
            seed = replicas.own_seed(self._seed(f"{purpose} {i}", k))

            def term(critic: Any, real: tf.Tensor, fake: tf.Tensor) -> Any:
                passes.begin(f" of {purpose} {i}")
                return penalty(critic, real, fake, seed=seed, step=self.step)

            return term

        return [with_seed(i, penalty) for i, penalty in enumerate(penalties)]

    def _penalty_shown(self, penalty: tf.Tensor) -> tf.Tensor:
        """The penalty of this round, or of the last one in which all penalties were computed."""
        every = math.lcm(*self._penalty_periods)
        if every == 1:
            return penalty
        all_are_computed = tf.equal(self.step % every, 0)
        shown = tf.where(all_are_computed, replicas.mean(penalty), self._last_penalty)
        self._last_penalty.assign(shown)
        return shown

    def _g_gradients(
        self, real: tf.Tensor, y: Any, fake: tf.Tensor, tape: tf.GradientTape
    ) -> tuple:
        passes = _Passes()
        return generator_gradients(
            self.loss,
            self._critic(y, "G", passes),
            real,
            fake,
            tape,
            self.g_optimizer.bound,
            self.gradient_norms,
            self._with_seeds(self.g_penalties, "g_penalty", passes),
        )

    def _critic(
        self, y: Any, player: str, passes: _Passes, k: int = 0
    ) -> Callable[[tf.Tensor], tf.Tensor]:
        """The function x [B, ...] -> logits of this player's step, with augmentation and labels."""
        augment_seed = replicas.own_seed(self._seed(f"augment {player}", k))

        def critic(x: tf.Tensor) -> tf.Tensor:
            if self.augment is not None:
                x = self.augment(x, augment_seed, self.step)
            seed = None
            if takes(self.discriminator, "seed"):
                seed = self._layers_seed(f"D in {player}'s step, pass {passes.next()}", k)
            return logits_of(forward(self.discriminator, x, y, training=True, seed=seed))

        return critic

    def _share(self, reals: Any, labels: Any, k: int) -> tuple:
        """This device's share of the k-th real batch, and of its labels."""
        real = replicas.share(reals[k])
        if labels is None or labels[k] is None:
            return real, None
        return real, replicas.share(labels[k])

    def _seed(self, purpose: str, k: int = 0) -> tf.Tensor:
        """The seed for this purpose in D's k-th step of this round (k = 0 in G's step)."""
        return rng.seed(self.seed, purpose, self.step * self.d_steps + k)

    def _layers_seed(self, which: str, k: int = 0) -> tf.Tensor:
        """The seed that a network passes on to its layers with randomness, such as dropout."""
        return replicas.own_seed(self._seed(f"layers of {which}", k))

    # ---------------------------------------------------------------- sampling

    def _settled(self, batch: int) -> contextlib.AbstractContextManager:
        """Settle the batch norm of the averaged generator within a `with` block."""
        if self.average is None:
            return contextlib.nullcontext()
        batches = settling_batches(self.latent, self.seed, self.labels, batch)
        return settled(self.average.model, batches)

    def _latent_batches(self, n: int, seed: int, labels: Any, batch: int) -> Iterator[tuple]:
        """Yield (number of the first sample, z [batch, dim], labels) for all n samples."""
        for block_start in range(0, n, BLOCK):
            block = block_start // BLOCK
            z = latent_block(self.latent, block, seed)
            y = self._labels_of_block(block_start, seed, labels)
            block_end = min(n, block_start + BLOCK)
            for start in range(block_start, block_end, batch):
                first = start - block_start
                y_part = None if y is None else y[first : first + batch]
                yield start, z[first : first + batch], y_part

    def _labels_of_block(self, start: int, seed: int, labels: Any) -> tf.Tensor | None:
        """The labels of a block: those given, the last one repeated to fill the block."""
        if self.labels is None:
            return None
        if labels is None:
            block_seed = rng.seed(seed, "sample labels", start // BLOCK)
            return tf.convert_to_tensor(self.labels(BLOCK, block_seed))
        wanted = tf.range(start, start + BLOCK)
        return tf.gather(labels, tf.minimum(wanted, labels.shape[0] - 1))

    def _generate_for_sample(self, z: tf.Tensor, y: tf.Tensor | None) -> tf.Tensor:
        network = self.generator if self.average is None else self.average.model
        return tf.cast(forward(network, z, y, training=False), tf.float32)

    # ---------------------------------------------------------------- compiling and running

    def _compile_everything(self) -> None:
        on_all = functools.partial(replicas.on_all, self.strategy)
        self._compiled_d_step = self._compile(on_all(self._d_step))
        self._compiled_g_step = self._compile(on_all(self._g_step))
        self._compiled_round = self._compile(on_all(self._round))
        self._compiled_sample = self._compile(self._generate_for_sample)
        self._rounds_of: tuple = (None, None)  # the last sampler, and its compiled rounds
        self._failed = ""

    def _compile(self, function: Callable) -> Callable:
        if self.mode == "eager":
            return functools.partial(self._all_or_nothing, function)
        return compiled(function, self.mode)

    def _rounds_function(self, sampler: Sampler) -> Callable[[tf.Tensor], tf.Tensor]:
        """The function count -> rows, compiled once for each sampler.

        Only that of the last sampler is kept, because it holds the sampler's data.
        """
        last_sampler, play = self._rounds_of
        if _is_same_function(sampler, last_sampler):
            return play

        def one_round() -> tf.Tensor:
            first = self.step * self.d_steps
            batches = [
                self._batches.sampled("GANTrainer.rounds", sampler(first + k))
                for k in range(self.d_steps)
            ]
            reals = tf.stack([real for real, _ in batches])
            labels = None if self.labels is None else tf.stack([y for _, y in batches])
            return tf.stack(replicas.on_all(self.strategy, self._round)(reals, labels))

        if self.mode != "eager":
            tracing.no_host_randomness(
                "GANTrainer.rounds", "sampler", sampler, tf.TensorSpec([], tf.int64)
            )
            self._try_labels_of(sampler)
        if self.strategy is None and not self._convolves:
            play = many_rounds.looped(one_round, len(self.row_names), self._compile)
        else:
            play = many_rounds.one_by_one(one_round, self._compile)
        self._rounds_of = (sampler, play)
        return play

    def _try_labels_of(self, sampler: Sampler) -> None:
        """Try the labels of the sampler's next batch; those of later ones have no values here."""
        if self.labels is None:
            return
        batch = sampler(self.step.read_value() * self.d_steps)
        _, labels = self._batches.sampled("GANTrainer.rounds", batch)
        self._try_labels(labels, 1)

    @property
    def _convolves(self) -> bool:
        """Whether a network has a variable of the form of a kernel: [w, in, out], [h, w, in, out].

        Inside a loop compiled by XLA, convolutions on a CPU were measured to be a hundred times
        slower, those over one axis with 32 channels six times. Such rounds take long enough to be
        called one by one.
        """
        variables = (*self.generator.variables, *self.discriminator.variables)
        return any(variable.shape.rank >= 3 for variable in variables)

    def _run(self, function: Callable, *arguments: Any) -> Any:
        """Call a compiled function, and remember if it fails while it runs.

        Some variables are then updated and others are not.
        """
        if self._failed:
            checks.fail(
                "GANTrainer",
                "the state",
                "that of a whole number of rounds",
                f"that of a round which failed while it ran ({self._failed})",
                "Make a new trainer, and restore its last checkpoint.",
            )
        try:
            return function(*arguments)
        except tf.errors.OpError as error:
            missing = failures.missing_in_xla(error)
            if missing:  # found before anything was run
                came = f"'xla', which has no {missing}"
                way_out = "Make the trainer with mode='graph'."
                checks.fail("GANTrainer", "mode", "one that has all it uses", came, way_out)
            if self.mode != "eager":
                self._failed = failures.reason_of(error)
            raise

    def _all_or_nothing(self, function: Callable, *arguments: Any) -> Any:
        """Run an eager function; if it fails or is interrupted, restore all variables."""
        before = [(variable, variable.read_value()) for variable in self.state().values()]
        try:
            return function(*arguments)
        except BaseException:
            for variable, value in before:
                variable.assign(value)
            raise

    def _checked_step(self, real: Any, z: Any, method: str) -> tuple:
        owner = f"GANTrainer.{method}"
        real, labels = self._batches.given(owner, real)
        if self.mode != "eager":
            self._try_labels(labels, 1)
        wanted = [real.shape[0], self.latent.dim]  # a z for each real sample
        return real, labels, checks.tensor(owner, "z", z, wanted, finite=True)


class _Passes:
    """Names D's forward passes in one step, so that each has random numbers of its own.

    Those of each penalty are counted apart. In eager mode a lazy penalty makes no pass in most
    rounds, in a graph it always stands there; the passes of the others must have the same names.
    """

    def __init__(self) -> None:
        self.begin("")

    def begin(self, of: str) -> None:
        """Count from 0 again, for the passes of this penalty."""
        self._of = of
        self._numbers = itertools.count()

    def next(self) -> str:
        """The name of the next pass."""
        return f"{next(self._numbers)}{self._of}"


def _is_same_function(a: Any, b: Any) -> bool:
    """Whether a and b are one object, or the same method of one object.

    Python makes a new object each time that a method is looked up, as in data.batch.
    """
    if inspect.ismethod(a) and inspect.ismethod(b):
        return a.__self__ is b.__self__ and a.__func__ is b.__func__
    return a is b


def _floats(row: dict[str, tf.Tensor]) -> Row:
    values = tf.stack(list(row.values())).numpy().tolist()  # fetched from the device once
    return dict(zip(row, values, strict=True))
