"""The gradients of one batch, against chain rules written out in NumPy;
nothing is changed, nothing is wasted.
"""

import numpy as np
import pytest
import tensorflow as tf
from games import BATCH, REALS, X, Z, affine, deep, real

from gan_core import losses, penalties, rng
from gan_core.game import discriminator_gradients, generate, generator_gradients
from gan_core.nn.dense import Dense
from gan_core.testing import reference

ALL = list(losses.LOSSES.values())
NOISE = np.random.default_rng(7).normal(size=[BATCH, Z]).astype(np.float32)


def players():
    """G(z) = z W + c, D(x) = x w + b, and the critic [B, X] -> [B]."""
    trainer = affine()
    generator = trainer.generator
    discriminator = trainer.discriminator
    generator.bias.assign([0.5, -0.5, 1.0])
    discriminator.bias.assign([0.3])
    return generator, discriminator, lambda x: tf.reshape(discriminator(x), [-1])


def logits(critic, generator):
    return np.float64(critic(real())), np.float64(critic(generator(NOISE)))


def test_generate_runs_g_in_training_and_gives_a_tape_to_its_variables():
    generator = deep().generator
    moving = generator.layers[1].moving_mean
    fake, tape = generate(generator, tf.constant(NOISE))
    assert fake.shape == [BATCH, X]
    assert np.any(moving.numpy() != 0.0)
    assert all(g is not None for g in tape.gradient(fake, generator.trainable_variables))


def test_generate_gives_float32_whatever_g_computes_in():
    fake, _ = generate(Dense(Z, X, seed=0, compute_dtype=tf.bfloat16), tf.constant(NOISE))
    assert fake.dtype == tf.float32


def odds(a, b):
    return {
        "d_real": np.mean(reference.sigmoid(a)),
        "d_fake": np.mean(reference.sigmoid(b)),
        "accuracy": 0.5 * (np.mean(a > 0) + np.mean(b <= 0)),
    }


def scores(a, b):
    return {"d_score_real": np.mean(a), "d_score_fake": np.mean(b)}


REPORTED = {
    "minimax": odds,
    "non-saturating": odds,
    "least-squares": scores,
    "hinge": scores,
    "wasserstein": scores,
    "relativistic": lambda a, b: {**scores(a, b), "accuracy": np.mean(a > b)},
}


@pytest.mark.parametrize("loss", ALL, ids=lambda loss: loss.name)
def test_ds_gradient_is_the_chain_rule(loss):
    """dL/dw = real^T dL/da + fake^T dL/db + gamma w;  dL/db = sum dL/da + sum dL/db."""
    generator, discriminator, critic = players()
    a, b = logits(critic, generator)
    fake = generator(NOISE)
    w = np.float64(discriminator.kernel.numpy())
    both = [
        lambda critic, real, fake: penalties.r1(0.7)(critic, real, fake, seed=None),
        lambda critic, real, fake: penalties.r2(0.3)(critic, real, fake, seed=None),
    ]
    gradients, row = discriminator_gradients(
        loss,
        critic,
        tf.constant(real()),
        fake,
        discriminator.trainable_variables,
        both,
        gradient_norm=True,
    )
    da, db, _ = (f(a, b)[:, np.newaxis] for f in reference.GRADIENTS[loss.name])
    expected = {
        "bias": da.sum(axis=0) + db.sum(axis=0),
        "kernel": real().T @ da + fake.numpy().T @ db + 1.0 * w,
    }
    for gradient, variable in zip(gradients, discriminator.trainable_variables, strict=True):
        np.testing.assert_allclose(
            gradient, expected[variable.name.split("/")[-1][:-2]], rtol=1e-4, atol=1e-5
        )

    d_loss, _ = reference.LOSSES[loss.name]
    norm = np.sqrt(sum(np.sum(g**2) for g in expected.values()))
    wanted = {
        "d_loss": d_loss(a, b),
        **REPORTED[loss.name](a, b),
        "penalty": 0.5 * np.sum(w**2),
        "d_gradient_norm": norm,
    }
    assert row.keys() == wanted.keys()
    for name, value in wanted.items():
        assert float(row[name]) == pytest.approx(value, rel=1e-4, abs=1e-6), name


@pytest.mark.parametrize("loss", ALL, ids=lambda loss: loss.name)
def test_gs_gradient_is_the_chain_rule_through_d(loss):
    """dL/dW = z^T (dL/db w^T);  dL/dc = sum dL/db w^T."""
    generator, discriminator, critic = players()
    a, b = logits(critic, generator)
    fake, tape = generate(generator, tf.constant(NOISE))
    gradients, row = generator_gradients(
        loss,
        critic,
        tf.constant(real()),
        fake,
        tape,
        generator.trainable_variables,
        gradient_norm=True,
    )
    *_, db = (f(a, b)[:, np.newaxis] for f in reference.GRADIENTS[loss.name])
    at_samples = db @ np.float64(discriminator.kernel.numpy()).T
    expected = {"bias": at_samples.sum(axis=0), "kernel": NOISE.T @ at_samples}
    for gradient, variable in zip(gradients, generator.trainable_variables, strict=True):
        np.testing.assert_allclose(
            gradient, expected[variable.name.split("/")[-1][:-2]], rtol=1e-4, atol=1e-5
        )
    assert row.keys() == {"g_loss", "g_gradient_norm"}
    assert float(row["g_loss"]) == pytest.approx(reference.LOSSES[loss.name][1](a, b), rel=1e-5)
    norm = np.sqrt(sum(np.sum(g**2) for g in expected.values()))
    assert float(row["g_gradient_norm"]) == pytest.approx(norm, rel=1e-4)


def test_gs_penalties_add_their_own_gradients_to_that_of_the_loss():
    """P = 3/2 mean (real - fake)^2 has the gradient -3 (real - fake) / (B X) at the samples.

    A second term, the sum of the samples, has the gradient 1 there.
    """
    generator, _, critic = players()
    fake = generator(NOISE)
    terms = [
        lambda critic, real, fake: 1.5 * tf.reduce_mean(tf.square(real - fake)),
        lambda critic, real, fake: tf.reduce_sum(fake),
    ]

    def gradients(penalties):
        fake, tape = generate(generator, tf.constant(NOISE))
        variables = generator.trainable_variables
        return generator_gradients(
            losses.NON_SATURATING,
            critic,
            tf.constant(real()),
            fake,
            tape,
            variables,
            penalties=penalties,
        )

    plain, plain_row = gradients([])
    with_terms, row = gradients(terms)
    at_samples = 1.0 - 3.0 * (real() - fake.numpy()) / (BATCH * X)
    expected = {"bias": at_samples.sum(axis=0), "kernel": NOISE.T @ at_samples}
    for before, after, variable in zip(
        plain, with_terms, generator.trainable_variables, strict=True
    ):
        name = variable.name.split("/")[-1][:-2]
        np.testing.assert_allclose(after - before, expected[name], rtol=1e-4, atol=1e-5)
    assert plain_row.keys() == {"g_loss"}
    assert row["g_loss"] == plain_row["g_loss"]
    wanted = 1.5 * np.mean((real() - fake) ** 2) + np.sum(fake)
    assert float(row["g_penalty"]) == pytest.approx(wanted, rel=1e-4)


def test_a_logit_of_zero_is_called_fake():
    """P(a > 0) and P(b <= 0): a D that says 0 to everything is right on all fakes and on no
    real.
    """
    a = tf.constant([0.0, 1.0, -1.0, 2.0])
    b = tf.constant([0.0, 0.0, 0.0, 5.0])
    w = tf.Variable(1.0)
    _, row = discriminator_gradients(losses.NON_SATURATING, lambda x: w * x, a, b, [w])
    assert float(row["accuracy"]) == 0.5 * (2 / 4 + 3 / 4)


def test_real_and_fake_pass_d_apart_and_the_real_ones_only_where_pairs_are_compared():
    for loss in ALL:
        seen = []

        def critic(x, seen=seen):
            seen.append(x.shape[0])
            return tf.reduce_sum(x, axis=1)

        weight = tf.Variable(1.0)
        fake = weight * tf.constant(real(BATCH, 1))
        discriminator_gradients(
            loss, lambda x, critic=critic: weight * critic(x), REALS[0], fake, [weight]
        )
        assert seen == [BATCH, BATCH]
        seen.clear()
        fake, tape = generate(affine().generator, tf.constant(NOISE))
        generator_gradients(loss, critic, REALS[0], fake, tape, [])
        assert len(seen) == (2 if loss.paired else 1)


@pytest.mark.parametrize(
    ("penalty", "passes"), [("r1", 2), ("r2", 2), ("wasserstein_gradient_penalty", 3)]
)  # Wasserstein's looks at points in between
def test_a_penalty_takes_its_slopes_from_the_passes_that_the_loss_has_made(penalty, passes):
    w = tf.Variable(tf.ones([X]))
    passed = []

    def critic(x):
        passed.append(x)
        return tf.linalg.matvec(x, w)

    term = getattr(penalties, penalty)(2.0)
    _, row = discriminator_gradients(
        losses.NON_SATURATING,
        critic,
        REALS[0],
        tf.constant(real(BATCH, 1)),
        [w],
        [lambda *batches: term(*batches, rng.seed(0, "penalty"))],
    )
    assert len(passed) == passes
    assert float(row["penalty"]) == pytest.approx(2 * (np.sqrt(X) - 1) ** 2 if passes == 3 else X)


def test_the_rows_penalty_is_divided_by_its_period_and_the_gradient_is_not():
    """The loss gets 3 w + 5 w, of which the second is computed in every fourth round."""
    w = tf.Variable(1.0)
    nothing = losses.GANLoss("nothing", lambda a, b: 0.0 * w, lambda a, b: 0.0 * w)
    gradients, row = discriminator_gradients(
        nothing,
        lambda x: tf.reduce_sum(x, axis=1),
        REALS[0],
        REALS[1],
        [w],
        [lambda *_: 3.0 * w, lambda *_: 5.0 * w],
        periods=[1, 4],
    )
    assert float(gradients[0]) == 8.0
    assert float(row["penalty"]) == 3.0 + 5.0 / 4.0


def test_nothing_but_batch_norms_averages_is_changed():
    trainer = deep()
    before = {
        id(v): v.numpy()
        for v in (
            *trainer.generator.trainable_variables,
            *trainer.discriminator.trainable_variables,
        )
    }
    fake, tape = generate(trainer.generator, tf.constant(NOISE))

    def critic(x):
        return tf.reshape(trainer.discriminator(x, training=True), [-1])

    discriminator_gradients(
        trainer.loss, critic, REALS[0], fake, trainer.discriminator.trainable_variables
    )
    generator_gradients(
        trainer.loss, critic, REALS[0], fake, tape, trainer.generator.trainable_variables
    )
    for variable in (
        *trainer.generator.trainable_variables,
        *trainer.discriminator.trainable_variables,
    ):
        np.testing.assert_array_equal(variable, before[id(variable)])


def test_gs_step_does_not_ask_for_the_gradients_of_ds_parameters():
    """Of the ops of the traced function none computes D's kernel gradient, fake^T dL/db."""
    generator, _, critic = players()

    def g_step(z):
        fake, tape = generate(generator, z)
        return generator_gradients(
            losses.NON_SATURATING, critic, None, fake, tape, generator.trainable_variables
        )[0]

    graph = (
        tf.function(g_step, autograph=False).get_concrete_function(tf.TensorSpec([BATCH, Z])).graph
    )
    products = [op for op in graph.get_operations() if op.type == "MatMul"]
    assert len(products) == 4  # G and D forward, D back to the samples, G back to its kernel


@pytest.mark.parametrize(
    "critic",
    [
        lambda x: tf.zeros([BATCH]),
        lambda x: tf.reduce_sum(tf.stop_gradient(x), axis=1),
        lambda x: tf.reduce_sum(tf.cast(tf.cast(x, tf.uint8), tf.float32), axis=1),
    ],
)
def test_a_critic_that_no_gradient_passes_is_refused(critic):
    """The tape would take a missing gradient for ones, and G would walk off without a word."""
    generator = affine().generator
    fake, tape = generate(generator, tf.constant(NOISE))
    words = "the gradient of g_loss with respect to the samples must be a tensor, got None. The discriminator, or the augmentation,"
    with pytest.raises(ValueError, match=f"^generator_gradients: {words}"):
        generator_gradients(
            losses.NON_SATURATING, critic, None, fake, tape, generator.trainable_variables
        )


class Looked(tf.Module):
    """A table of which tf.gather takes the rows: their gradient holds these rows only."""

    def __init__(self, dtype=tf.float32):
        super().__init__()
        self.table = tf.Variable(tf.zeros([5, 1], dtype))

    def __call__(self, z, *, training=False):
        return tf.gather(self.table, tf.constant([1, 1, 4, 1]))


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_gradients_are_tensors_of_their_variables_shapes_and_their_norm_is_float32(dtype):
    """An optimizer of a user's own squares them, say, and a row holds float32 numbers."""

    def critic(x):
        return x[:, 0]

    looked = Looked(dtype)
    fake, tape = generate(looked, tf.constant(NOISE))
    (of_g,), g_row = generator_gradients(
        losses.WASSERSTEIN, critic, None, fake, tape, [looked.table], gradient_norm=True
    )

    def scored(x):
        return tf.cast(looked(x), tf.float32)[:, 0] * x[:, 0]

    x = tf.ones([BATCH, 1])
    (of_d,), d_row = discriminator_gradients(
        losses.WASSERSTEIN, scored, x, 3.0 * x, [looked.table], gradient_norm=True
    )
    for gradient, norm, unit in (
        (of_g, g_row["g_gradient_norm"], -0.25),
        (of_d, d_row["d_gradient_norm"], 0.5),
    ):
        assert gradient.dtype == dtype
        np.testing.assert_allclose(gradient[:, 0], unit * np.array([0, 3, 0, 0, 1]), rtol=1e-6)
        assert norm.dtype == tf.float32
        assert float(norm) == pytest.approx(abs(unit) * np.sqrt(10.0), rel=1e-6)
