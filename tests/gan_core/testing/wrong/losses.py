"""Losses with mistakes that people made: name -> (loss, the law that must catch it, where from)."""

import numpy as np
import tensorflow as tf

from gan_core import losses
from gan_core.losses import GANLoss

RIGHT = losses.NON_SATURATING
NS = ("non-saturating",)
LS = ("least-squares",)
softplus = tf.nn.softplus
mean = tf.reduce_mean


def ns(discriminator=None, generator=None):
    """The non-saturating game with one player's loss in its place."""
    return GANLoss(
        "wrong",
        discriminator or RIGHT.discriminator,
        generator or RIGHT.generator,
        claims=NS,
    )


def bce(probability, target, epsilon=0.0):
    """Cross-entropy of a probability."""
    positive = target * tf.math.log(probability + epsilon)
    return -mean(positive + (1.0 - target) * tf.math.log(1.0 - probability + epsilon))


def clipped_bce(logits, target):
    """Keras's BinaryCrossentropy(from_logits=False): probabilities are clipped at 1e-7."""
    return bce(tf.clip_by_value(tf.sigmoid(logits), 1e-7, 1.0 - 1e-7), target)


def bce_logits(logits, target):
    labels = tf.ones_like(logits) * target
    return mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


def one_batch(real, fake):
    logits = tf.concat([real, fake], 0)
    labels = tf.concat([tf.ones_like(real), tf.zeros_like(fake)], 0)
    return 2.0 * mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


def labels_without_the_last_axis(real, fake):
    logits = tf.concat([real, fake], 0)
    labels = tf.concat([tf.ones(real.shape[0]), tf.zeros(fake.shape[0])], 0)
    return mean(tf.square(logits - labels))


def noisy_labels(real, fake):
    labels = np.random.default_rng().uniform(0.7, 1.2)
    return bce_logits(real, labels) + bce_logits(fake, 0.0)


def overwritten_real(real, fake):
    real = real - mean(fake)
    fake = fake - mean(real)
    return (bce_logits(real, 1.0) + bce_logits(fake, 0.0)) / 2


def against_the_mean(real, fake):
    return mean(softplus(-(real - mean(fake))))


def hinge(discriminator=None, generator=None):
    return GANLoss(
        "wrong",
        discriminator or losses.HINGE.discriminator,
        generator or losses.HINGE.generator,
        claims=("hinge",),
    )


def wasserstein(discriminator=None, generator=None):
    return GANLoss(
        "wrong",
        discriminator or losses.WASSERSTEIN.discriminator,
        generator or losses.WASSERSTEIN.generator,
        claims=("wasserstein",),
    )


def least_squares(discriminator=None, generator=None):
    return GANLoss(
        "wrong",
        discriminator or losses.LEAST_SQUARES.discriminator,
        generator or losses.LEAST_SQUARES.generator,
        claims=LS,
    )


def relativistic(discriminator=None, generator=None):
    return GANLoss(
        "wrong",
        discriminator or losses.RELATIVISTIC.discriminator,
        generator or losses.RELATIVISTIC.generator,
        paired=True,
        claims=("relativistic",),
    )


class MovingBaseline:
    """Subtracts a moving mean of the logits, which each call moves."""

    def __init__(self):
        self.baseline = tf.Variable(0.0)

    def __call__(self, real, fake):
        self.baseline.assign(0.9 * self.baseline + 0.1 * mean(real))
        return mean(softplus(self.baseline - real)) + mean(softplus(fake - self.baseline))


def standardised(real, fake):
    def over_its_size(logits):
        return logits / (1.0 + tf.math.reduce_std(logits))

    return mean(softplus(-over_its_size(real))) + mean(softplus(over_its_size(fake)))


WRONG = {
    "sum for mean in G": (
        ns(generator=lambda real, fake: tf.reduce_sum(softplus(-fake))),
        "mean_over_the_batch",
        "the project's own list of mutations",
    ),
    "sum over 64, whatever the batch": (
        ns(generator=lambda real, fake: tf.reduce_sum(softplus(-fake)) / 64),
        "repeats_change_nothing",
        "a batch size fixed in the loss, seen in many TensorFlow 1 scripts",
    ),
    "log(sigmoid + 1e-8)": (
        ns(lambda real, fake: bce(tf.sigmoid(real), 1.0, 1e-8) + bce(tf.sigmoid(fake), 0.0, 1e-8)),
        "far_from_right_the_loss_is_the_logit",
        "github.com/mkocabas/focal-loss-keras/issues/17",
    ),
    "log(sigmoid)": (
        ns(lambda real, fake: bce(tf.sigmoid(real), 1.0) + bce(tf.sigmoid(fake), 0.0)),
        "finite_for_large_logits",
        "github.com/AYLIEN/gan-intro/pull/10",
    ),
    "clipped probabilities": (
        ns(lambda real, fake: clipped_bce(real, 1.0) + clipped_bce(fake, 0.0)),
        "gradients_equal_their_formulas",
        "github.com/soumith/ganhacks/issues/36: BCE of a sigmoid's output",
    ),
    "double sigmoid": (
        ns(
            lambda real, fake: bce_logits(tf.sigmoid(real), 1.0) + bce_logits(tf.sigmoid(fake), 0.0)
        ),
        "d_loss_is_convex",
        "github.com/soumith/ganhacks/issues/67 and tensorflow/docs/pull/1810",
    ),
    "least squares of a sigmoid": (
        least_squares(
            lambda real, fake: (
                0.5 * mean((tf.sigmoid(real) - 1) ** 2) + 0.5 * mean(tf.sigmoid(fake) ** 2)
            )
        ),
        "the_best_least_squares_d_is_p_over_p_plus_q",
        "github.com/hwalsuklee/tensorflow-generative-model-collections/issues/19",
    ),
    "square of the mean": (
        least_squares(generator=lambda real, fake: 0.5 * (mean(fake) - 1) ** 2),
        "mean_over_the_batch",
        "github.com/akanimax/pro_gan_pytorch/issues/13",
    ),
    "least squares without the cross term": (
        least_squares(
            lambda real, fake: 0.5 * (mean(real**2) - 2 * mean(real) + mean(fake) ** 2 + 1)
        ),
        "mean_over_the_batch",
        "github.com/akanimax/big-discriminator-batch-spoofing-gan/issues/4",
    ),
    "1/2 dropped": (
        least_squares(lambda real, fake: mean((real - 1) ** 2) + mean(fake**2)),
        "values_at_zero",
        "github.com/mafda/generative_adversarial_networks_101/issues/1",
    ),
    "targets swapped": (
        least_squares(lambda real, fake: 0.5 * mean(real**2) + 0.5 * mean((fake - 1) ** 2)),
        "d_raises_real_logits",
        "github.com/jakezhaojb/ARAE/issues/21",
    ),
    "targets -1 and 1": (
        least_squares(lambda real, fake: 0.5 * mean((real - 1) ** 2) + 0.5 * mean((fake + 1) ** 2)),
        "real_and_fake_are_mirror_images",
        "the other coding of Mao et al. 2017 under this one's name",
    ),
    "G's hinge with a ReLU": (
        hinge(generator=lambda real, fake: -mean(tf.nn.relu(fake))),
        "g_gains_from_every_logit",
        "github.com/zurutech/ashpy/issues/23",
    ),
    "min for max in the hinge": (
        hinge(lambda real, fake: mean(tf.minimum(0.0, 1 - real)) + mean(tf.minimum(0.0, 1 + fake))),
        "d_raises_real_logits",
        "github.com/descriptinc/melgan-neurips/issues/31",
    ),
    "hinge of 1 - fake": (
        hinge(lambda real, fake: mean(tf.nn.relu(1 - real)) + mean(tf.nn.relu(1 - fake))),
        "d_lowers_fake_logits",
        "github.com/knazeri/edge-connect/issues/60",
    ),
    "hinge without a margin": (
        hinge(lambda real, fake: mean(tf.nn.relu(-real)) + mean(tf.nn.relu(fake))),
        "hinge_exceeds_2_plus_wasserstein_beyond_the_margins",
        "the project's own list of mutations",
    ),
    "hinge of a sigmoid": (
        hinge(
            lambda real, fake: (
                mean(tf.nn.relu(1 - tf.sigmoid(real))) + mean(tf.nn.relu(1 + tf.sigmoid(fake)))
            )
        ),
        "the_best_hinge_d_is_sign_p_minus_q",
        "github.com/grey-eye/talking-heads/issues/42 and tntrung/gan/issues/4",
    ),
    "ReLU before softplus": (
        ns(lambda real, fake: mean(softplus(tf.nn.relu(-real))) + mean(softplus(fake))),
        "d_raises_real_logits",
        "an activation left at D's end",
    ),
    "W_D with its sign lost": (
        wasserstein(lambda real, fake: mean(real) - mean(fake)),
        "d_raises_real_logits",
        "github.com/keras-team/keras-contrib/issues/280, shekkizh/WassersteinGAN.tensorflow #7",
    ),
    "-(real + fake)": (
        wasserstein(lambda real, fake: -(mean(real) + mean(fake))),
        "d_lowers_fake_logits",
        "github.com/sdv-dev/CTGAN/issues/82",
    ),
    "W_G with its sign lost": (
        wasserstein(generator=lambda real, fake: mean(fake)),
        "g_raises_fake_logits",
        "github.com/Zeleni9/pytorch-wgan/pull/53",
    ),
    "logarithm of a critic's score": (
        wasserstein(generator=lambda real, fake: mean(-tf.math.log(fake))),
        "float32_scalar",
        "github.com/marian42/shapegan/issues/2",
    ),
    "non-saturating by name, minimax in fact": (
        ns(generator=lambda real, fake: -mean(softplus(fake))),
        "the_two_g_gradients_have_the_ratio_e_to_minus_b",
        "github.com/soumith/ganhacks/issues/11",
    ),
    "fake detached in G's step": (
        ns(generator=lambda real, fake: mean(softplus(-tf.stop_gradient(fake)))),
        "gradients_reach_the_logits",
        "github.com/nikhilsinghmus/image2reverb/issues/37, wangle53/CSA-CDGAN #5",
    ),
    "NumPy in the loss": (
        ns(lambda real, fake: tf.constant(np.logaddexp(0, -real).mean(dtype=np.float32))),
        "gradients_reach_the_logits",
        "a loss that leaves TensorFlow by .numpy()",
    ),
    "the real batch made relative first": (
        GANLoss("wrong", overwritten_real, losses.RELATIVISTIC.generator, paired=True),
        "mean_over_the_batch",
        "github.com/kozistr/ESRGAN-tensorflow/issues/4",
    ),
    "against the other batch's mean": (
        relativistic(against_the_mean),
        "the_pairing_matters",
        "github.com/AlexiaJM/RelativisticGAN/issues/2",
    ),
    "relativistic G overwritten by the plain one": (
        relativistic(generator=lambda real, fake: mean(softplus(-fake))),
        "relativistic_sees_differences_alone",
        "github.com/eriklindernoren/PyTorch-GAN/issues/52",
    ),
    "relativistic order swapped": (
        relativistic(lambda real, fake: mean(softplus(real - fake))),
        "d_raises_real_logits",
        "the project's own list of mutations",
    ),
    "labels [n] against logits [n, 1]": (
        GANLoss("wrong", labels_without_the_last_axis, losses.LEAST_SQUARES.generator),
        "logits_of_any_shape",
        "github.com/pytorch/pytorch/issues/19699 and tensorflow/tensorflow/issues/37770",
    ),
    "one mean over both batches": (
        ns(one_batch),
        "repeats_change_nothing",
        "github.com/mlpack/mlpack/issues/1827: both batches in one call",
    ),
    "random labels inside": (
        ns(noisy_labels),
        "same_logits_same_loss",
        "github.com/agrimgupta92/sgan/issues/3",
    ),
    "float64": (
        ns(generator=lambda real, fake: mean(softplus(-tf.cast(fake, tf.float64)))),
        "float32_scalar",
        "NumPy's labels are float64",
    ),
    "no reduction": (
        ns(generator=lambda real, fake: softplus(-fake)),
        "float32_scalar",
        "reduction='none', needed under tf.distribute, left without a mean",
    ),
    "mean over one axis": (
        ns(generator=lambda real, fake: mean(softplus(-fake), axis=0)),
        "logits_of_any_shape",
        "a mean over the batch alone, where D gives [n, 1]",
    ),
    "both targets smoothed": (
        ns(lambda real, fake: bce_logits(real, 0.9) + bce_logits(fake, 0.1)),
        "the_best_d_is_log_p_over_q",
        "github.com/soumith/ganhacks/issues/41",
    ),
    "half of both": (
        ns(lambda real, fake: 0.5 * RIGHT.discriminator(real, fake)),
        "zero_sum",
        "(real_loss + fake_loss) / 2, as in eriklindernoren/PyTorch-GAN",
    ),
    "log(1 + exp)": (
        ns(generator=lambda real, fake: mean(tf.math.log(1 + tf.exp(-fake)))),
        "finite_for_large_logits",
        "softplus by hand",
    ),
    "logits clipped at 50": (
        ns(
            lambda real, fake: RIGHT.discriminator(
                tf.clip_by_value(real, -50, 50), tf.clip_by_value(fake, -50, 50)
            )
        ),
        "far_from_right_the_loss_is_the_logit",
        "github.com/HyperGAN/HyperGAN/pull/155",
    ),
    "a baseline that moves": (
        ns(MovingBaseline()),
        "same_logits_same_loss",
        "state inside of a loss",
    ),
    "logits over their standard deviation": (
        GANLoss("wrong", standardised, RIGHT.generator),
        "mean_over_the_batch",
        "a batch norm at D's end",
    ),
}
