"""Which gradient each player follows.

D's gradient is that of its loss with respect to its variables. G's gradient goes through D to the
samples, and from there through G; D's variables are not part of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from gan_core import checks
from gan_core.devices import replicas
from gan_core.losses import GANLoss
from gan_core.nn.calling import forward
from gan_core.penalties import Critic

Row = dict[str, tf.Tensor]


def logits_of(output: Any) -> tf.Tensor:
    """Turn D's output into float32 logits.

    Args:
        output: a tensor [B], [B, 1], [B, k], [B, h, w, 1], or a list of such tensors (several
            heads).

    Returns:
        [B] if D gives one logit a sample, else [B, k].
    """
    heads = list(output) if isinstance(output, list | tuple) else [output]
    flat = []
    for head in heads:
        head = tf.cast(head, tf.float32)
        flat.append(tf.reshape(head, [-1, head.shape[1:].num_elements()]))
    logits = flat[0] if len(flat) == 1 else tf.concat(flat, axis=1)
    return logits[:, 0] if logits.shape[1] == 1 else logits


def generate(
    generator: Any, z: tf.Tensor, labels: tf.Tensor | None = None, seed: Any = None
) -> tuple[tf.Tensor, tf.GradientTape]:
    """Compute fake = G(z) in training mode, and keep the tape for G's gradient.

    Args:
        generator: a network z -> samples.
        z: [B, dim] float32.
        labels: [B, ...] for a conditional network, else None.
        seed: [2] int64, for networks that take one.

    Returns:
        fake [B, ...] float32, and the tape that recorded the forward pass.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(generator.trainable_variables)
        fake = tf.cast(forward(generator, z, labels, training=True, seed=seed), tf.float32)
    return fake, tape


def discriminator_gradients(
    loss: GANLoss,
    critic: Callable[[tf.Tensor], tf.Tensor],
    real: Any,
    fake: Any,
    variables: Sequence[tf.Variable],
    penalties: Sequence[Callable[..., tf.Tensor]] = (),
    gradient_norm: bool = False,
    measures: dict[str, Callable[..., tf.Tensor]] | None = None,
    periods: Sequence[int] = (),
) -> tuple[list[tf.Tensor], Row]:
    """The gradients of D's loss plus penalties with respect to D's variables.

    Args:
        loss: the two players' losses.
        critic: x [B, ...] -> logits [B] or [B, k].
        real, fake: samples [B, ...] float32.
        variables: the variables that D's optimizer updates.
        penalties: functions (Critic, real, fake) -> scalar.
        gradient_norm: whether to report the norm of all gradients together.
        measures: further numbers to report, by name: functions of (real, fake, real logits, fake
            logits) -> scalar.
        periods: for each penalty, in every how many rounds it is computed, as many times as large
            (`gan_core.penalties.period`); none: 1 for all.

    Returns:
        The gradients, in the order of `variables`, and a row: d_loss (without penalty), the numbers
        of `GANLoss.report`, penalty if there is one, d_gradient_norm if asked for, and the
        measures. The row's penalty is that of one round: the sum of the penalties, each divided by
        its period.
    """
    critic = Critic(critic)
    real = tf.convert_to_tensor(real)
    fake = tf.convert_to_tensor(fake)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(variables)
        # Two forward passes: where D has batch norm, each batch is normalised by itself.
        real_logits = critic(real)
        fake_logits = critic(fake)
        d_loss = one_number(
            "the discriminator's loss", lambda: loss.discriminator(real_logits, fake_logits)
        )
        penalty = tf.zeros([])
        penalty_of_a_round = tf.zeros([])
        values = terms("penalty", penalties, critic, real, fake)
        for value, period in zip(values, periods or [1] * len(penalties), strict=True):
            penalty += value
            penalty_of_a_round += value / period
        total = d_loss + penalty
    gradients = replicas.mean(_dense(tape.gradient(total, variables)))
    row = {"d_loss": d_loss, **loss.report(real_logits, fake_logits)}
    if penalties:
        row["penalty"] = penalty_of_a_round
    if gradient_norm:
        row["d_gradient_norm"] = _norm(gradients)
    for name, measure in (measures or {}).items():
        measured = functools.partial(measure, real, fake, real_logits, fake_logits)
        row[name] = one_number(f"measure {name}", measured)
    return gradients, row


def generator_gradients(
    loss: GANLoss,
    critic: Callable[[tf.Tensor], tf.Tensor],
    real: Any,
    fake: tf.Tensor,
    tape: tf.GradientTape,
    variables: Sequence[tf.Variable],
    gradient_norm: bool = False,
    penalties: Sequence[Callable[..., tf.Tensor]] = (),
) -> tuple[list[tf.Tensor], Row]:
    """The gradients of G's loss plus penalties with respect to G's variables, by the chain rule.

    First the gradient with respect to the samples is computed through D, then it is propagated
    through G. A penalty may depend on G's variables directly too, such as one on the size of the
    weights: that part of its gradient is added.

    Args:
        loss: the two players' losses.
        critic: x [B, ...] -> logits [B] or [B, k].
        real: samples [B, ...]; used by paired losses and by penalties only.
        fake, tape: what `generate` returned.
        variables: the variables that G's optimizer updates.
        gradient_norm: whether to report the norm of all gradients together.
        penalties: further terms of G's loss: functions (critic, real, fake) -> scalar.

    Returns:
        The gradients, in the order of `variables`, and a row: g_loss (without penalties), g_penalty
        (their sum) if there are any, and g_gradient_norm if asked for.

    Raises:
        ValueError: if there is no gradient through the critic, for example because something in it
            rounds the samples to integers.
    """
    with tf.GradientTape(watch_accessed_variables=False) as through_d:
        through_d.watch(fake)
        fake_logits = critic(fake)
        real_logits = critic(real) if loss.paired else None
        g_loss = one_number(
            "the generator's loss", lambda: loss.generator(real_logits, fake_logits)
        )
    at_samples = through_d.gradient(g_loss, fake)
    if at_samples is None:  # tape.gradient would treat output_gradients=None as ones
        checks.fail(
            "generator_gradients",
            "the gradient of g_loss with respect to the samples",
            "a tensor",
            "None",
            "The discriminator, or the augmentation, does not depend on them "
            "or is not differentiable.",
        )
    row = {"g_loss": g_loss}
    direct: Sequence[tf.Tensor | None] = [None] * len(variables)
    if penalties:
        total, of_penalties, direct = _penalties_of(fake, real, critic, penalties, variables)
        row["g_penalty"] = total
        if of_penalties is not None:
            at_samples += of_penalties
    gradients = _dense(tape.gradient(fake, variables, output_gradients=at_samples))
    gradients = replicas.mean(list(map(_sum_of_two, gradients, _dense(direct))))
    if gradient_norm:
        row["g_gradient_norm"] = _norm(gradients)
    return gradients, row


def _penalties_of(
    fake: tf.Tensor,
    real: Any,
    critic: Callable[[tf.Tensor], tf.Tensor],
    penalties: Sequence[Callable[..., tf.Tensor]],
    variables: Sequence[tf.Variable],
) -> tuple[tf.Tensor, tf.Tensor | None, list[tf.Tensor | None]]:
    """The sum of G's penalties, and its gradients with respect to the samples and to G's variables.

    A gradient is None if no penalty depends on it. The penalties have a tape of their own: with one
    for the loss and the penalties together, a critic that passes no gradient on would not be
    noticed.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(fake)
        tape.watch(variables)
        total = tf.zeros([])
        for value in terms("g_penalty", penalties, critic, real, fake):
            total += value
    of_samples, *direct = tape.gradient(total, [fake, *variables])
    return total, of_samples, direct


def _sum_of_two(a: tf.Tensor | None, b: tf.Tensor | None) -> tf.Tensor | None:
    """a + b; the other one if one of them is None."""
    if a is None or b is None:
        return b if a is None else a
    return a + b


def _dense(gradients: Sequence[Any]) -> list[tf.Tensor | None]:
    """Gradients as tensors of their variables' shapes: that of tf.gather holds only some rows.

    A None, the gradient where there is no dependence, stays None.
    """
    return [None if one is None else tf.convert_to_tensor(one) for one in gradients]


def _norm(gradients: Sequence[tf.Tensor | None]) -> tf.Tensor:
    """The norm of all gradients together, a float32 scalar whatever the variables' dtypes are."""
    return tf.linalg.global_norm(
        [None if one is None else tf.cast(one, tf.float32) for one in gradients]
    )


def terms(
    name: str,
    penalties: Sequence[Callable[..., tf.Tensor]],
    critic: Callable[[tf.Tensor], tf.Tensor],
    real: Any,
    fake: tf.Tensor,
) -> list[tf.Tensor]:
    """What each penalty gives; errors name the argument and, of several, its place in the list."""
    values = []
    for i, penalty in enumerate(penalties):
        which = f"{name}[{i}]" if len(penalties) > 1 else name
        values.append(one_number(which, functools.partial(penalty, critic, real, fake)))
    return values


def one_number(name: str, function: Callable[[], Any]) -> tf.Tensor:
    """Call a user's function, check that it returns one number, and give it in float32.

    The mean over the batch is easily forgotten.

    Args:
        name: what is computed, for messages.
        function: takes nothing.
    """
    way_out = "Use TensorFlow's functions, such as tf.reduce_mean in place of np.mean."
    with checks.without_values("GANTrainer", f"what computes {name}", way_out):
        return checks.scalar("GANTrainer", f"what {name} gives", function())
