"""The gradient that each player follows, for one batch.

Three plain functions that move no parameter: run G, ask for D's gradients, ask for G's. (Batch norm's
moving averages do move: both networks run in training mode.) The trainer puts them in order. No gradient
is computed that is not used: D's step stops at the samples, and G's step passes through D without asking
for the gradients of D's parameters. Where several devices have a share of the batch each, a gradient is
the mean of theirs; on one it is its own mean.
"""

import tensorflow as tf

from gan_core import checks
from gan_core.devices import replicas
from gan_core.penalties import Critic


def generate(generator, z):
    """fake = G(z) in training mode, and the tape on which G's gradients can be asked for later.

    z [B, dim] -> fake [B, ...] float32, tape.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(generator.trainable_variables)
        fake = tf.cast(generator(z, training=True), tf.float32)
    return fake, tape


def discriminator_gradients(
    loss, critic, real, fake, variables, penalties=(), gradient_norm: bool = False
):
    """The gradients of D's loss + penalties over D's variables.

    loss: a GANLoss;  critic: [B, ...] -> logits [B];  penalties: functions (Critic, real, fake)
    -> scalar.  -> the gradients, in the order of variables, and a row of what D did:
    d_loss (without penalty), d_real = mean sigma(a), d_fake = mean sigma(b), accuracy
    1/2 [P(a > 0) + P(b <= 0)], penalty if there is one, d_gradient_norm if asked for.
    """
    critic, real, fake = Critic(critic), tf.convert_to_tensor(real), tf.convert_to_tensor(fake)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(variables)
        # Two passes: each batch is normalised by itself where D has batch norm.
        a, b = critic(real), critic(fake)
        d_loss = loss.discriminator(a, b)
        penalty = tf.add_n([term(critic, real, fake) for term in penalties] or [tf.zeros([])])
        total = d_loss + penalty
    gradients = replicas.mean(tape.gradient(total, variables))
    row = {
        "d_loss": d_loss,
        "d_real": tf.reduce_mean(tf.sigmoid(a)),
        "d_fake": tf.reduce_mean(tf.sigmoid(b)),
        "accuracy": 0.5 * (_share(a > 0.0) + _share(b <= 0.0)),
    }
    if penalties:
        row["penalty"] = penalty
    if gradient_norm:
        row["d_gradient_norm"] = tf.linalg.global_norm(gradients)
    return gradients, row


def generator_gradients(loss, critic, real, fake, tape, variables, gradient_norm: bool = False):
    """The gradients of G's loss over G's variables: through D to the samples, then through G.

    fake, tape: what `generate` gave. `real` is looked at by paired losses only.
    -> the gradients and a row with g_loss (and g_gradient_norm). ValueError if no gradient comes
    through the critic, as when something in it rounds the samples to whole numbers.
    """
    with tf.GradientTape(watch_accessed_variables=False) as through_d:
        through_d.watch(fake)
        b = critic(fake)
        a = critic(real) if loss.paired else None
        g_loss = loss.generator(a, b)
    at_samples = through_d.gradient(g_loss, fake)
    if at_samples is None:  # the tape would take it for a gradient of ones
        checks.fail(
            "generator_gradients",
            "the gradient of g_loss at the samples",
            "a tensor",
            "None",
            "The discriminator, or the augmentation, does not depend on them or is not differentiable.",
        )
    gradients = replicas.mean(tape.gradient(fake, variables, output_gradients=at_samples))
    row = {"g_loss": g_loss}
    if gradient_norm:
        row["g_gradient_norm"] = tf.linalg.global_norm(gradients)
    return gradients, row


def _share(condition):
    return tf.reduce_mean(tf.cast(condition, tf.float32))
