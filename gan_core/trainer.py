"""One round of the game: D learns to tell real from fake, then G learns to fool the new D.

This is Algorithm 1 of Goodfellow et al. 2014. Nothing here knows what a sample is: a number, a
point of the plane or a face. A round is one compiled function, and `rounds` makes many of them
in one compiled call, so that small networks do not wait for Python.
"""

import contextlib
import functools

import numpy as np
import tensorflow as tf

from gan_core import _validate, checks, rng
from gan_core.averaging import ExponentialMovingAverage, settling_z
from gan_core.devices import replicas
from gan_core.devices.compiling import compiled
from gan_core.game import discriminator_gradients, generate, generator_gradients
from gan_core.losses import NON_SATURATING, GANLoss
from gan_core.nn.settling import settled
from gan_core.nn.variables import named_variables

ROUNDS_A_CALL = 1024  # at most; the rows of one compiled call are kept in an array of this length


class GANTrainer:
    """Two networks, their losses, their optimizers: `round` after `round`.

    generator: z [B, latent.dim] -> fake [B, ...];  discriminator: the same [B, ...] -> logits
    [B, 1] or [B];  both called as network(x, training=...).
    latent: (n, seed) -> z, with a `dim` (`gan_core.latent`).
    g_optimizer, d_optimizer: each born with its network's trainable variables; the two learning
    rates are theirs, and may differ (Heusel et al. 2017).
    loss: a GANLoss.  penalty: a penalty of `gan_core.penalties`, a list of them, or None.
    d_steps: D steps a round, each with a real batch and a z of its own.
    update: "alternating", G learns from the updated D; or "simultaneous", both gradients are
    taken before either step (the last D step's, if there are several).
    fresh_z: G's step draws a z of its own, as Algorithm 1 says. By default it shares the one of
    the last D step, and G runs forward once for both.
    average: decay of an exponential moving average of G (a number or a schedule), or None;
    `sample` then uses `average.model`, settled; settle it yourself before other use (`gan_core.averaging`).
    augment: (x, seed, step) -> x, differentiable, applied to whatever D looks at, in D's step
    and in G's. Real and fake get the same draw.
    seed: of z and of the augmentation. Everything random is a function of (seed, purpose, step).
    gradient_norms: report them too.
    mode: "xla", "graph" (`gan_core.devices.compiling`) or "eager", for stepping through in a debugger; they agree to rounding.
    strategy: None; or a tf.distribute strategy, under whose scope() networks and optimizers were made, by
    which several devices play each round, every one on its share of the batch (`gan_core.devices.replicas`).

    A round reports float32 numbers. Measured at D's last step, before it is applied: d_loss (without penalty),
    d_real = mean sigma(a), d_fake = mean sigma(b), accuracy = 1/2 [P(a > 0) + P(b <= 0)], penalty if there is one.
    Measured in G's step, through the D that G learns from (alternating: the updated one; simultaneous: the one
    before): g_loss. With gradient_norms d_gradient_norm and g_gradient_norm too, over all of a network's parameters.
    `step`, an int64 variable, counts rounds.
    """

    def __init__(
        self,
        generator,
        discriminator,
        *,
        latent,
        g_optimizer,
        d_optimizer,
        loss: GANLoss = NON_SATURATING,
        penalty=None,
        d_steps: int = 1,
        update: str = "alternating",
        fresh_z: bool = False,
        average=None,
        augment=None,
        seed: int = 0,
        gradient_norms: bool = False,
        mode: str = "xla",
        strategy=None,
    ):
        _validate.check_functions("GANTrainer", loss, augment)
        _validate.check_network("GANTrainer", "generator", generator, "g_optimizer", g_optimizer)
        _validate.check_network(
            "GANTrainer", "discriminator", discriminator, "d_optimizer", d_optimizer
        )
        self.generator, self.discriminator, self.latent, self.loss = (
            generator,
            discriminator,
            latent,
            loss,
        )
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer
        self.penalties = _validate.penalty_list("GANTrainer", penalty)
        self.d_steps = checks.integer("GANTrainer", "d_steps", d_steps, 1)
        self.update = checks.one_of("GANTrainer", "update", update, ["alternating", "simultaneous"])
        self.mode = checks.one_of("GANTrainer", "mode", mode, ["xla", "graph", "eager"])
        self.fresh_z = checks.one_of("GANTrainer", "fresh_z", fresh_z, [False, True])
        self.gradient_norms = checks.one_of(
            "GANTrainer", "gradient_norms", gradient_norms, [False, True]
        )
        self.augment = augment
        self.seed = checks.integer("GANTrainer", "seed", seed, -(2**63), 2**63 - 1)
        self.sample_shape = _validate.sample_shape("GANTrainer", generator, discriminator, latent)
        self.strategy, self.average = strategy, None
        replicas.check_strategy("GANTrainer", strategy, mode, self._players_variables())
        with replicas.scope(strategy):
            self.average = None if average is None else ExponentialMovingAverage(generator, average)
            self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        self.row_names = ["d_loss", "g_loss", "d_real", "d_fake", "accuracy"]
        self.row_names += ["penalty"] if self.penalties else []
        self.row_names += ["d_gradient_norm", "g_gradient_norm"] if gradient_norms else []
        self._compiled_d_step = self._compile(replicas.on_all(strategy, self._d_step))
        self._compiled_g_step = self._compile(replicas.on_all(strategy, self._g_step))
        self._compiled_round = self._compile(replicas.on_all(strategy, self._round))
        self._compiled_sample = self._compile(self._generate_for_sample)
        self._compiled_rounds = {}

    # ---------------------------------------------------------------- what users call

    def discriminator_step(self, real, z) -> dict[str, float]:
        """One step of D alone, on real [B, ...] and G(z), z [B, dim]. G's parameters stay as they are."""
        real, z = self._check_pair("discriminator_step", real, z)
        return _floats(self._compiled_d_step(real, z))

    def generator_step(self, real, z) -> dict[str, float]:
        """One step of G alone, through D as it is. `real` is looked at by paired losses only."""
        real, z = self._check_pair("generator_step", real, z)
        return _floats(self._compiled_g_step(real, z))

    def round(self, real) -> dict[str, float]:
        """One round on a real batch [B, ...], or [d_steps, B, ...] where a round has several D steps."""
        if self.d_steps == 1:
            real = self._check_batch("round", real)[tf.newaxis]
        else:
            real = self._check_batch("round", real, [self.d_steps])
        return _floats(dict(zip(self.row_names, self._compiled_round(real), strict=True)))

    def rounds(self, sampler, n: int) -> dict[str, np.ndarray]:
        """n rounds, in as few compiled calls as is fast. -> the rows, each name an array [n].

        sampler: index -> real batch [B, ...] float32, a traceable function of an int64 scalar:
        batch number index = step d_steps + k for the k-th D step of a round. So what a round sees
        depends on its number alone, and not on how rounds are grouped into calls or resumed.
        """
        n = checks.integer("GANTrainer.rounds", "n", n, 0)
        if not callable(sampler):
            checks.fail(
                "GANTrainer.rounds", "sampler", "a function of the batch's index", repr(sampler)
            )
        parts = []
        for start in range(0, n, ROUNDS_A_CALL):
            count = min(ROUNDS_A_CALL, n - start)
            parts.append(self._rounds_function(sampler)(tf.constant(count)).numpy()[:count])
        rows = np.concatenate(parts) if parts else np.zeros([0, len(self.row_names)], np.float32)
        return dict(zip(self.row_names, rows.T, strict=True))

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """n samples [n, ...] float32, from the averaged generator if there is one.

        Sample number i of a seed is the same for every n: they are made in blocks of 256, each
        from a z of its own number. The average's batch norm is settled for it (`settling.settled`).
        """
        n, block, samples = checks.integer("GANTrainer.sample", "n", n, 1), 256, None
        with (
            contextlib.nullcontext()
            if self.average is None
            else settled(self.average.model, settling_z(self.latent, self.seed))
        ):
            for start in range(
                0, n, block
            ):  # each to its place: a list of blocks, joined, is there twice
                made = self._compiled_sample(
                    self.latent(block, rng.seed(seed, "sample", start // block))
                )[: n - start]
                samples = np.empty([n, *made.shape[1:]], np.float32) if samples is None else samples
                samples[start : start + block] = made
        return samples

    def state(self) -> dict[str, tf.Variable]:
        """Everything that a resumed run must have again, by name."""
        return {**self._players_variables(), "step": self.step}

    def _players_variables(self):
        parts = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "g_optimizer": self.g_optimizer,
            "d_optimizer": self.d_optimizer,
        }
        if self.average is not None:
            parts["average"] = self.average
        named = {
            f"{part}/{name}": v
            for part, module in parts.items()
            for name, v in named_variables(module).items()
        }
        seen = set()
        return {name: v for name, v in named.items() if not (id(v) in seen or seen.add(id(v)))}

    # ---------------------------------------------------------------- one round

    def _round(self, reals):
        """reals: [d_steps, B, ...]. -> the row's values, in the order of row_names. (One device's share is all.)"""
        for k in range(self.d_steps - 1):
            _, _, d_gradients, _ = self._d_turn(replicas.share(reals[k]), k)
            self.d_optimizer.apply(d_gradients)
        real = replicas.share(reals[self.d_steps - 1])
        fake, tape, d_gradients, row = self._d_turn(real, self.d_steps - 1)
        if self.update == "alternating":
            self.d_optimizer.apply(d_gradients)
        if self.fresh_z:
            fake, tape = generate(self.generator, self._z(real, "z of G"))
        g_gradients, g_row = self._g_gradients(real, fake, tape)
        if self.update == "simultaneous":
            self.d_optimizer.apply(d_gradients)
        self.g_optimizer.apply(g_gradients)
        if self.average is not None:
            self.average.update(self.step)
        self.step.assign_add(1)
        row |= g_row
        return [row[name] for name in self.row_names]

    def _d_turn(self, real, k):
        """D's k-th look at the samples in this round: all that a step of D needs, not yet made."""
        fake, tape = generate(self.generator, self._z(real, "z", k))
        gradients, row = self._d_gradients(real, fake, k)
        return fake, tape, gradients, row

    def _d_step(self, real, z):
        fake, _ = generate(self.generator, replicas.share(z))
        gradients, row = self._d_gradients(replicas.share(real), fake)
        self.d_optimizer.apply(gradients)
        return row

    def _g_step(self, real, z):
        gradients, row = self._g_gradients(
            replicas.share(real), *generate(self.generator, replicas.share(z))
        )
        self.g_optimizer.apply(gradients)
        return row

    def _d_gradients(self, real, fake, k=0):
        penalties = [
            functools.partial(
                penalty, seed=replicas.own_seed(self._seed(f"penalty {i}", k)), step=self.step
            )
            for i, penalty in enumerate(self.penalties)
        ]
        return discriminator_gradients(
            self.loss,
            self._critic(self._seed("augment D", k)),
            real,
            fake,
            self.d_optimizer.variables_moved,
            penalties,
            self.gradient_norms,
        )

    def _g_gradients(self, real, fake, tape):
        return generator_gradients(
            self.loss,
            self._critic(self._seed("augment G")),
            real,
            fake,
            tape,
            self.g_optimizer.variables_moved,
            self.gradient_norms,
        )

    def _critic(self, seed):
        """x [B, ...] -> logits [B] float32, through the augmentation of this step."""
        seed = replicas.own_seed(seed)

        def critic(x):
            if self.augment is not None:
                x = self.augment(x, seed, self.step)
            return tf.reshape(tf.cast(self.discriminator(x, training=True), tf.float32), [-1])

        return critic

    def _z(self, real, purpose, k=0):
        """A z for each real sample. (On several devices: this one's share of the z of the whole batch.)"""
        return replicas.share(self.latent(replicas.count() * real.shape[0], self._seed(purpose, k)))

    def _seed(self, purpose, k=0):
        """The seed of D's k-th step in this round (of the G step: k = 0)."""
        return rng.seed(self.seed, purpose, self.step * self.d_steps + k)

    def _generate_for_sample(self, z):
        return tf.cast(
            (self.generator if self.average is None else self.average.model)(z, training=False),
            tf.float32,
        )

    # ---------------------------------------------------------------- compiling

    def _compile(self, function):
        if self.mode == "eager":
            return functools.partial(self._all_or_nothing, function)
        return compiled(function, self.mode)

    def _all_or_nothing(self, function, *arguments):
        """What TensorFlow compiles is looked at whole before it runs; without that, an error puts all back."""
        before = [(variable, variable.read_value()) for variable in self.state().values()]
        try:
            return function(*arguments)
        except Exception:
            for variable, value in before:
                variable.assign(value)
            raise

    def _rounds_function(self, sampler):
        """count -> rows [at least count, names], of which the first `count` are filled. One trace a sampler."""
        if sampler not in self._compiled_rounds:

            def one():
                first = self.step * self.d_steps
                reals = [self._check_sampled(sampler(first + k)) for k in range(self.d_steps)]
                return tf.stack(replicas.on_all(self.strategy, self._round)(tf.stack(reals)))

            def next_row(i, rows):
                return i + 1, tf.tensor_scatter_nd_update(rows, [[i]], [one()])

            def many(count):
                rows = tf.zeros([ROUNDS_A_CALL, len(self.row_names)])
                return tf.while_loop(
                    lambda i, _: i < count, next_row, [0, rows], parallel_iterations=1
                )[1]

            compiled_one = self._compile(one)

            def one_by_one(count):  # all are under way before the first is waited for
                return tf.stack([compiled_one() for _ in range(int(count))])

            looped = self.strategy is None and not self._convolves
            self._compiled_rounds[sampler] = self._compile(many) if looped else one_by_one
        return self._compiled_rounds[sampler]

    @property
    def _convolves(self) -> bool:
        """Whether a kernel [h, w, in, out] is there: in a loop of XLA's, on a CPU, convolutions take a path that
        was measured to be a hundred times slower. Such rounds are long enough to be called one by one."""
        return any(
            v.shape.rank == 4 for v in (*self.generator.variables, *self.discriminator.variables)
        )

    # ---------------------------------------------------------------- checks

    def _check_batch(self, method, real, before=()):
        owner = f"GANTrainer.{method}"
        real = checks.tensor(
            owner, "real", real, [*before, "batch", *self.sample_shape], finite=True
        )
        if 0 in real.shape:
            checks.fail(owner, "real", "at least one sample", checks.show_shape(real.shape))
        replicas.check_batch(owner, self.strategy, real.shape[len(before)])
        return real

    def _check_pair(self, method, real, z):
        real = self._check_batch(method, real)
        wanted = [real.shape[0], self.latent.dim]  # a z for each real sample
        return real, checks.tensor(f"GANTrainer.{method}", "z", z, wanted, finite=True)

    def _check_sampled(self, real):
        owner = "GANTrainer.rounds"
        real = checks.tensor(owner, "what sampler gives", real, ["batch", *self.sample_shape])
        if not real.shape[0]:
            checks.fail(
                owner,
                "what sampler gives",
                "of a batch size that is fixed, and not 0",
                checks.show_shape(real.shape),
            )
        replicas.check_batch(owner, self.strategy, real.shape[0])
        return real


def _floats(row):
    return dict(
        zip(row, tf.stack(list(row.values())).numpy().tolist(), strict=True)
    )  # fetched from the device once
