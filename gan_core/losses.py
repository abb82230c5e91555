r"""The losses of the two players, as functions of D's logits.

D(x) = sigma(a) is D's probability that x is real; the *logit* a is the output of the network. The
losses are written with softplus s(t) = log(1 + e^t), which does not overflow and whose gradient is
not lost to rounding inside a logarithm:

    -log sigma(a)       = s(-a)
    -log(1 - sigma(b))  = s(b)

so no loss here takes the logarithm of a rounded probability. In the table, a are the logits of the
real samples [n] and b those of the generated samples [m], both float32. Each loss is made of means
over the batch and is a float32 scalar.

    name            discriminator                               generator
    minimax         mean s(-a) + mean s(b)                      -mean s(b)
    non-saturating  the same                                    mean s(-b)
    least-squares   1/2 mean (a - 1)^2 + 1/2 mean b^2           1/2 mean (b - 1)^2
    hinge           mean max(0, 1 - a) + mean max(0, 1 + b)     -mean b
    wasserstein     mean b - mean a                             -mean b
    relativistic    mean s(-(a - b))                            mean s(-(b - a))
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gan_core import checks


def discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, *, real_target: float = 1.0
) -> tf.Tensor:
    """The cross-entropy of classifying samples as real or fake: mean s(-a) + mean s(b).

    It is minus the value V(D, G) = E log D(x) + E log(1 - D(G(z))), which D maximises (Goodfellow
    et al. 2014, eq. 1). There is no factor 1/2, so a D that answers one half everywhere has loss
    2 log 2 = log 4.

    A real_target t < 1 is one-sided label smoothing (Salimans et al. 2016, section 3.4): the real
    part becomes mean [t s(-a) + (1 - t) s(a)] = mean s(-a) + (1 - t) mean a, and the best D is
    t p / (p + q), where p is the density of the data and q that of the generator.

    Args:
        real_logits: [n] float32, or [n, k] where D gives k logits a sample.
        fake_logits: [m] or [m, k].
        real_target: t, above 0 and at most 1.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: real_target is out of range.
    """
    checks.number("discriminator_loss", "real_target", real_target, above=0.0, high=1.0)
    real = tf.reduce_mean(tf.nn.softplus(-real_logits))
    if real_target < 1.0:
        real += (1.0 - real_target) * tf.reduce_mean(real_logits)
    return real + tf.reduce_mean(tf.nn.softplus(fake_logits))


def minimax_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """G's loss in the two-player zero-sum game: mean log(1 - D(G(z))) = -mean s(b).

    Its gradient with respect to each logit is -sigma(b)/m. It vanishes where D is sure that the
    sample is fake: the loss saturates (Goodfellow et al. 2014, section 3).

    Args:
        fake_logits: [m] float32, or [m, k] where D gives k logits a sample.

    Returns:
        A float32 scalar.
    """
    return -tf.reduce_mean(tf.nn.softplus(fake_logits))


def non_saturating_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """The loss that G minimises in practice: -mean log D(G(z)) = mean s(-b).

    Its gradient with respect to each logit is -(1 - sigma(b))/m, which is e^(-b) times that of the
    minimax loss: strong where D is sure that the sample is fake (Goodfellow et al. 2014,
    section 3).

    Args:
        fake_logits: [m] float32, or [m, k] where D gives k logits a sample.

    Returns:
        A float32 scalar.
    """
    return tf.reduce_mean(tf.nn.softplus(-fake_logits))


def least_squares_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """1/2 mean (a - 1)^2 + 1/2 mean b^2: real logits should be 1, and fake ones 0.

    Source: Mao et al. 2017, eq. 9.

    Args:
        real_logits: [n] float32, or [n, k] where D gives k logits a sample.
        fake_logits: [m] or [m, k].

    Returns:
        A float32 scalar.
    """
    return 0.5 * (
        tf.reduce_mean(tf.square(real_logits - 1.0)) + tf.reduce_mean(tf.square(fake_logits))
    )


def least_squares_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """1/2 mean (b - 1)^2: G wants the logits of its samples to be 1 (Mao et al. 2017, eq. 9).

    Args:
        fake_logits: [m] float32, or [m, k] where D gives k logits a sample.

    Returns:
        A float32 scalar.
    """
    return 0.5 * tf.reduce_mean(tf.square(fake_logits - 1.0))


def hinge_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """mean max(0, 1 - a) + mean max(0, 1 + b): no gradient beyond a margin of 1 (Lim and Ye 2017).

    Args:
        real_logits: [n] float32, or [n, k] where D gives k logits a sample.
        fake_logits: [m] or [m, k].

    Returns:
        A float32 scalar.
    """
    real = tf.reduce_mean(tf.nn.relu(1.0 - real_logits))
    fake = tf.reduce_mean(tf.nn.relu(1.0 + fake_logits))
    return real + fake


def wasserstein_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """mean b - mean a: the logit is a score that does not stand for a probability.

    It needs a penalty that keeps the slope of D near 1 (Arjovsky et al. 2017, eq. 3; Gulrajani et
    al. 2017).

    Args:
        real_logits: [n] float32, or [n, k] where D gives k logits a sample.
        fake_logits: [m] or [m, k].

    Returns:
        A float32 scalar.
    """
    return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)


def wasserstein_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """-mean b: G raises the score of its samples (Arjovsky et al. 2017).

    Args:
        fake_logits: [m] float32, or [m, k] where D gives k logits a sample.

    Returns:
        A float32 scalar.
    """
    return -tf.reduce_mean(fake_logits)


def relativistic_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """mean s(-(a - b)): the real sample of a pair should look more real than the fake one.

    Source: Jolicoeur-Martineau 2018, RpGAN; with R1 and R2 it is the loss of R3GAN (Huang et al.
    2024, eq. 2).

    Args:
        real_logits: [n] float32, or [n, k] where D gives k logits a sample.
        fake_logits: of the same shape; they are paired by position.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: the shapes differ, or one of them is None.
    """
    owner = "relativistic_discriminator_loss"
    if real_logits is None or fake_logits is None:
        checks.fail(
            owner, "both logits", "given: the real and the fake of each pair are compared", "None"
        )
    checks.same_shape(
        owner,
        "fake_logits",
        tf.convert_to_tensor(fake_logits),
        tf.convert_to_tensor(real_logits).shape,
    )
    return tf.reduce_mean(tf.nn.softplus(fake_logits - real_logits))


def relativistic_generator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """mean s(-(b - a)): the fake sample of a pair should look more real than the real one.

    Args:
        real_logits: [n] float32, or [n, k] where D gives k logits a sample.
        fake_logits: of the same shape; they are paired by position.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: the shapes differ, or one of them is None.
    """
    return relativistic_discriminator_loss(fake_logits, real_logits)


LossFunction = Callable[[Any, tf.Tensor], tf.Tensor]
"""(real logits, fake logits) -> float32 scalar."""

REPORTED = {
    "log-odds": ("d_real", "d_fake", "accuracy"),
    "score": ("d_score_real", "d_score_fake"),
    "pair": ("d_score_real", "d_score_fake", "accuracy"),
}


@dataclasses.dataclass(frozen=True)
class GANLoss:
    """The two players' losses under one name.

    Args:
        name: the name of the loss in messages and tables.
        discriminator: (real logits, fake logits) -> float32 scalar. The logits are [n] and [m], or
            [n, k] and [m, k] where D gives k logits a sample.
        generator: (real logits, fake logits) -> float32 scalar. Unless the loss is paired, the real
            logits may be None.
        paired: whether real[i] and fake[i] are compared with each other. Then n = m.
        logits: what D's logits mean, which decides what a row of training reports:
            "log-odds", the logarithm of the odds that a sample is real; "score", a number that is
            higher for real samples but stands for no probability; "pair", a score of which only the
            difference between real and fake counts.
        claims: the families whose laws the loss must obey (docs/laws.md), such as ("hinge",).

    Raises:
        ValueError: if logits is none of the three.

    Example:
        >>> def discriminator(a, b):
        ...     return tf.reduce_mean(b) - tf.reduce_mean(a)
        >>> loss = GANLoss("mine", discriminator, lambda a, b: -tf.reduce_mean(b))
        >>> float(loss.discriminator(tf.constant([1.0]), tf.constant([0.5])))
        -0.5
    """

    name: str
    discriminator: LossFunction
    generator: LossFunction
    paired: bool = False
    logits: str = "log-odds"
    claims: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checks.one_of("GANLoss", "logits", self.logits, REPORTED)

    @property
    def reported(self) -> tuple[str, ...]:
        """The names of the numbers that `report` returns."""
        return REPORTED[self.logits]

    def report(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Summarise D's logits for a row of training, as float32 scalars by name.

        Args:
            real_logits, fake_logits: [n] and [m], or [n, k] and [m, k].

        Returns:
            For log-odds d_real = mean sigma(a), d_fake = mean sigma(b), and accuracy =
            1/2 [P(a > 0) + P(b <= 0)]; for score d_score_real = mean a and d_score_fake = mean b;
            for pair these two scores, and accuracy = P(a > b).
        """
        if self.logits == "log-odds":
            right = 0.5 * (_share(real_logits > 0.0) + _share(fake_logits <= 0.0))
            return {
                "d_real": tf.reduce_mean(tf.sigmoid(real_logits)),
                "d_fake": tf.reduce_mean(tf.sigmoid(fake_logits)),
                "accuracy": right,
            }
        row = {
            "d_score_real": tf.reduce_mean(real_logits),
            "d_score_fake": tf.reduce_mean(fake_logits),
        }
        if self.logits == "pair":
            row["accuracy"] = _share(real_logits > fake_logits)
        return row

    def with_label_smoothing(self, real_target: float) -> GANLoss:
        """Make the same loss with one-sided label smoothing (see `discriminator_loss`).

        Args:
            real_target: D's target for real samples, above 0 and at most 1.

        Returns:
            The smoothed loss, which claims no laws.

        Raises:
            ValueError: if D's loss is not `discriminator_loss`, or real_target is out of range.
        """
        if self.discriminator is not discriminator_loss:
            raise ValueError(
                f"GANLoss.with_label_smoothing: the {self.name} loss has no target to smooth, "
                "or is smoothed already; smooth minimax or non-saturating."
            )
        checks.number(
            "GANLoss.with_label_smoothing", "real_target", real_target, above=0.0, high=1.0
        )

        def smoothed(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
            return discriminator_loss(real, fake, real_target=real_target)

        return dataclasses.replace(
            self,
            name=f"{self.name}, real target {real_target:g}",
            discriminator=smoothed,
            claims=(),
        )


def _share(condition: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(condition, tf.float32))


def _of_fake(function: Callable[[tf.Tensor], tf.Tensor]) -> LossFunction:
    """G's loss as a function of (real, fake), where it depends on the fake logits alone."""

    def generator(real: tf.Tensor | None, fake: tf.Tensor) -> tf.Tensor:
        return function(fake)

    return generator


MINIMAX = GANLoss(
    "minimax", discriminator_loss, _of_fake(minimax_generator_loss), claims=("minimax",)
)
NON_SATURATING = GANLoss(
    "non-saturating",
    discriminator_loss,
    _of_fake(non_saturating_generator_loss),
    claims=("non-saturating",),
)
LEAST_SQUARES = GANLoss(
    "least-squares",
    least_squares_discriminator_loss,
    _of_fake(least_squares_generator_loss),
    logits="score",
    claims=("least-squares",),
)
HINGE = GANLoss(
    "hinge",
    hinge_discriminator_loss,
    _of_fake(wasserstein_generator_loss),
    logits="score",
    claims=("hinge",),
)
WASSERSTEIN = GANLoss(
    "wasserstein",
    wasserstein_discriminator_loss,
    _of_fake(wasserstein_generator_loss),
    logits="score",
    claims=("wasserstein",),
)
RELATIVISTIC = GANLoss(
    "relativistic",
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    paired=True,
    logits="pair",
    claims=("relativistic",),
)

LOSSES = {
    loss.name: loss
    for loss in (MINIMAX, NON_SATURATING, LEAST_SQUARES, HINGE, WASSERSTEIN, RELATIVISTIC)
}


def by_name(name: str) -> GANLoss:
    """Look up one of the six losses by its name.

    Args:
        name: such as "non-saturating".

    Returns:
        The loss.

    Raises:
        ValueError: if there is no such loss; it lists the names.
    """
    return LOSSES[checks.one_of("losses.by_name", "name", name, LOSSES)]
