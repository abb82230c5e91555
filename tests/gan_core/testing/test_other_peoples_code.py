"""Public idioms under the laws, wrapped as a user would wrap them."""

import importlib.util

import numpy as np
import programs
import pytest
import tensorflow as tf

from gan_core import testing
from gan_core.losses import GANLoss
from gan_core.testing import reference

pytestmark = pytest.mark.slow

NS = ("non-saturating",)


# ---- PyTorch's way: a criterion, and labels 1 and 0 (github.com/pytorch/examples, dcgan) ----


def bce_with_logits(logits, target):
    """torch.nn.BCEWithLogitsLoss: max(x, 0) - x y + log(1 + e^-|x|), its mean."""
    label = tf.fill(tf.shape(logits), target)
    return tf.reduce_mean(
        tf.maximum(logits, 0.0) - logits * label + tf.math.log1p(tf.exp(-tf.abs(logits)))
    )


PYTORCH = GANLoss(
    "PyTorch's BCEWithLogitsLoss",
    lambda real, fake: bce_with_logits(real, 1.0) + bce_with_logits(fake, 0.0),
    lambda real, fake: bce_with_logits(fake, 1.0),
    claims=NS,
)


# ---- TensorFlow's own function, as in its DCGAN tutorial ----


def cross_entropy(labels, logits):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


TENSORFLOW = GANLoss(
    "sigmoid_cross_entropy_with_logits",
    lambda real, fake: (
        cross_entropy(tf.ones_like(real), real) + cross_entropy(tf.zeros_like(fake), fake)
    ),
    lambda real, fake: cross_entropy(tf.ones_like(fake), fake),
    claims=NS,
)


# ---- TF-GAN's formulas (tensorflow_gan/python/losses/losses_impl.py) ----

TF_GAN_WASSERSTEIN = GANLoss(
    "TF-GAN's wasserstein",
    lambda real, fake: tf.reduce_mean(fake) - tf.reduce_mean(real),
    lambda real, fake: -tf.reduce_mean(fake),
    claims=("wasserstein",),
)
TF_GAN_HINGE = GANLoss(
    "TF-GAN's wasserstein_hinge",
    lambda real, fake: (
        tf.reduce_mean(tf.nn.relu(1.0 - real)) + tf.reduce_mean(tf.nn.relu(1.0 + fake))
    ),
    lambda real, fake: -tf.reduce_mean(fake),
    claims=("hinge",),
)
TF_GAN_LEAST_SQUARES = GANLoss(
    "TF-GAN's least_squares",
    lambda real, fake: (
        (tf.reduce_mean(tf.math.squared_difference(real, 1.0)) + tf.reduce_mean(tf.square(fake)))
        / 2.0
    ),
    lambda real, fake: tf.reduce_mean(tf.math.squared_difference(fake, 1.0)) / 2.0,
    claims=("least-squares",),
)
TF_GAN_MINIMAX = GANLoss(
    "TF-GAN's minimax",
    TENSORFLOW.discriminator,
    lambda real, fake: -cross_entropy(tf.zeros_like(fake), fake),
    claims=("minimax",),
)

# ---- least squares with D's aims at -1 and 1, and G's at 0 (Mao et al. 2017, equation 9) ----

MAO_ET_AL = GANLoss(
    "the LSGAN of equation 9",
    lambda real, fake: (tf.reduce_mean((real - 1.0) ** 2) + tf.reduce_mean((fake + 1.0) ** 2)) / 2,
    lambda real, fake: tf.reduce_mean(fake**2) / 2,
)


RIGHT = [
    MAO_ET_AL,
    PYTORCH,
    TENSORFLOW,
    TF_GAN_WASSERSTEIN,
    TF_GAN_HINGE,
    TF_GAN_LEAST_SQUARES,
    TF_GAN_MINIMAX,
]


# Where a logit is exactly 0, TensorFlow's gradients of max(x, 0) and of |x| are 0, and that of the
# whole is 0 in place of 1/2: a kink of the formula where the loss is smooth. TensorFlow's own
# function, whose formula is the same, has a gradient of its own there.
KINK = "the gradient at a logit of 0 is lost"
AT_ZERO = {
    "gradients_equal_their_formulas": KINK,
    "g_gains_from_every_logit": KINK,
    "the_two_g_gradients_have_the_ratio_e_to_minus_b": KINK,
    "the_best_d_is_log_p_over_q": KINK,
}


@testing.parametrize_with_laws(RIGHT, lambda loss: AT_ZERO if loss is PYTORCH else {})
def test_public_idiom(subject, law):
    law(subject)


# ---- Optax through NumPy: its formula as our oracle has it ----


def optax_sigmoid_binary_cross_entropy(logits, labels):
    """optax.sigmoid_binary_cross_entropy: -y log sigma(x) - (1 - y) log sigma(-x)."""
    log_p = -np.logaddexp(0, -logits)
    log_not_p = -np.logaddexp(0, logits)
    return -labels * log_p - (1.0 - labels) * log_not_p


def test_optax_is_our_oracle():
    a = np.linspace(-30, 30, 7)
    b = np.linspace(-5, 9, 5)
    d_loss = (
        optax_sigmoid_binary_cross_entropy(a, 1.0).mean()
        + optax_sigmoid_binary_cross_entropy(b, 0.0).mean()
    )
    np.testing.assert_allclose(d_loss, reference.cross_entropy_d(a, b), rtol=1e-14)
    g_loss = optax_sigmoid_binary_cross_entropy(b, 1.0).mean()
    np.testing.assert_allclose(g_loss, reference.non_saturating_g(b, b), rtol=1e-14)


@pytest.mark.skipif(importlib.util.find_spec("optax") is None, reason="needs the extra peers")
def test_optax_itself_is_our_oracle():
    code = (
        "import numpy as np, optax\n"
        "b = np.linspace(-5, 9, 5)\n"
        "print(float(optax.sigmoid_binary_cross_entropy(b, np.ones(5)).mean()))"
    )
    run = programs.run(["-c", code], check=True)
    b = np.linspace(-5, 9, 5)
    np.testing.assert_allclose(float(run.stdout), reference.non_saturating_g(b, b), rtol=1e-6)


# ---- Keras, which stays in a process of its own ----

KERAS = """
import hypothesis
import tensorflow as tf
import keras
from gan_core import testing
from gan_core.losses import GANLoss

hypothesis.settings.register_profile("ten", max_examples=10, derandomize=True)
hypothesis.settings.load_profile("ten")  # as conftest.py does for the other subjects

def game(criterion):
    def discriminator(real, fake):
        of_real = criterion(tf.ones_like(real), real)
        return of_real + criterion(tf.zeros_like(fake), fake)
    def generator(real, fake):
        return criterion(tf.ones_like(fake), fake)
    return GANLoss("Keras", discriminator, generator, claims=("non-saturating",))

right = game(keras.losses.BinaryCrossentropy(from_logits=True))
print(",".join(v.law.name for v in testing.judge(right) if v.outcome == "BROKEN"))

wrong = game(keras.losses.BinaryCrossentropy(from_logits=False))
for law in testing.laws_of(wrong):
    if law.name in ("far_from_right_the_loss_is_the_logit", "zero_sum"):
        try:
            law(wrong)
        except testing.LawBroken:
            print(law.name)
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="needs Keras")
def test_keras_with_logits_keeps_the_laws_and_without_breaks_them():
    """TensorFlow's DCGAN tutorial uses from_logits=True; without it logits pass for
    probabilities.
    """
    run = programs.run(["-c", KERAS])
    assert run.returncode == 0, run.stderr
    right, *wrong = run.stdout.splitlines()[-3:]
    assert right == ""
    assert set(wrong) == {"far_from_right_the_loss_is_the_logit", "zero_sum"}
