"""check_*, report, laws_of, parametrize_with_laws: what they say, and what they refuse."""

import textwrap

import numpy as np
import programs
import pytest
import tensorflow as tf

from gan_core import augment, latent, losses, penalties, testing
from gan_core.losses import GANLoss
from gan_core.nn.dense import Dense
from gan_core.optim.optimizers import SGD, Adam

pytestmark = pytest.mark.slow

SUM = GANLoss(
    "mine",
    losses.NON_SATURATING.discriminator,
    lambda real, fake: tf.reduce_sum(tf.nn.softplus(-fake)),
)


# ---- gan_core's own parts keep the laws ----

OWN = [
    testing.Optimizer(lambda rate: Adam(rate, beta_1=0.5), ("adam",), beta_1=0.5, name="Adam"),
    testing.Optimizer(lambda rate: Adam(rate, epsilon=1e-2), ("adam",), epsilon=1e-2, name="Adam"),
    testing.Optimizer(SGD, ("sgd",), name="SGD"),
    testing.Latent(latent.Normal(8), ("standard",)),
    testing.Latent(latent.Uniform(8)),
    testing.Latent(latent.NormalAndBits(4, 4), ("standard",)),
    testing.Augmentation(augment.colour(), [6, 6, 3], name="colour"),
    testing.Augmentation(augment.translation(0.25), [6, 6, 3], name="translation"),
    testing.Augmentation(augment.cutout(), [6, 6, 3], name="cutout"),
    testing.Augmentation(
        augment.instance_noise(0.3), [5], ("identity-in-the-mean",), "instance noise"
    ),
    testing.Layer(lambda seed: Dense(5, 4, seed=seed), [5], [4], name="Dense"),
]


@testing.parametrize_with_laws(OWN)
def test_gan_core_keeps_the_laws(subject, law):
    law(subject)


# ---- what is said ----


def test_check_loss_tells_every_broken_law_with_a_shrunk_counterexample():
    with pytest.raises(testing.LawBroken) as error:
        testing.check_loss(SUM)
    message = str(error.value)
    assert message.startswith("'mine' breaks 2 laws:\n\n")
    assert message.endswith(
        textwrap.dedent(
            """\
            law 19 repeats_change_nothing is broken by the loss 'mine'
              law:     Each batch has its own mean: a sample seen twice changes nothing
              formula: L(aa, bb) = L(a, b), and L(aa, b) = L(a, bb) = L(a, b) where nothing is paired
              input:   real = [0., 0.], fake = [0., 0.], player = generator
              wanted:  0.6931472
              got:     1.386294
              likely:  it looks like a sum over the batch in place of a mean"""
        )
    )


def test_report_is_a_table_of_all_laws():
    lines = testing.report(SUM).splitlines()
    assert lines[0] == "The loss 'mine', which claims nothing"
    rows = {line[5:].split()[0]: line for line in lines[3:-1] if line[:3].strip().isdigit()}
    assert set(rows) == {law.name for law in testing.LAWS["loss"]}
    assert " holds " in rows["order_does_not_matter"]
    assert " BROKEN " in rows["mean_over_the_batch"]
    assert rows["jensen"].endswith(
        "not claimed  (claimed by minimax, non-saturating; this loss claims nothing)"
    )
    assert "hold, 2 broken, " in lines[-1]


def test_where_the_first_law_is_broken_the_others_are_not_judged():
    no_mean = GANLoss("mine", lambda real, fake: real, lambda real, fake: fake)
    with pytest.raises(testing.LawBroken) as error:
        testing.check_loss(no_mean)
    assert str(error.value).startswith("'mine' breaks 1 law:\n\nlaw 0 float32_scalar is broken")
    assert "got:     shape [1] from discriminator" in str(error.value)


def test_a_nan_is_told_as_one():
    nan = GANLoss("mine", lambda real, fake: tf.reduce_mean(tf.math.log(real)), SUM.generator)
    with pytest.raises(testing.LawBroken, match="got:     nan from discriminator"):
        testing.check_loss(nan)


def test_a_layer_that_changes_its_batch_size_is_told_so():
    merged = testing.Layer(lambda seed: lambda x: tf.reshape(x, [-1, 2]), [4], [2], name="mine")
    with pytest.raises(testing.LawBroken) as error:
        testing.check_layer(merged)
    assert "law 41 gives_the_shape_it_says is broken by the layer 'mine'" in str(error.value)
    assert "wanted:  [1, 2]\n  got:     [2, 2]" in str(error.value)


def test_an_error_of_the_subject_is_told_in_its_words():
    def fails(real, fake):
        raise RuntimeError("the disk is full")

    with pytest.raises(testing.LawBroken, match="got:     RuntimeError: the disk is full"):
        testing.check_loss(GANLoss("mine", fails, SUM.generator))


@pytest.mark.parametrize(
    ("check", "subject", "words"),
    [
        (
            testing.check_layer,
            testing.Layer(lambda seed: Dense(5, 4, seed=seed), [6], [4], name="mine"),
            "law 41 gives_the_shape_it_says is broken by the layer 'mine'",
        ),
        (
            testing.check_augmentation,
            testing.Augmentation(augment.colour(), [5], name="mine"),
            "law 64 augmentation_keeps_shape is broken by the augmentation 'mine'",
        ),
    ],
)
def test_a_subject_that_always_fails_is_told_by_its_first_law(check, subject, words):
    """Whether some later laws apply to it is seen by calling it, which fails again."""
    with pytest.raises(testing.LawBroken) as error:
        check(subject)
    message = str(error.value)
    assert message.startswith(f"'mine' breaks 1 law:\n\n{words}")
    assert "\n  got:     ValueError: " in message
    testing.parametrize_with_laws([subject])  # when tests are collected, nothing fails yet


def lazy_by_an_if(critic, real, fake, seed, step):
    if step % 16:
        return tf.zeros([])
    return 16.0 * penalties.r1(1.0)(critic, real, fake)


def noise_by_numpy(x, training=False, seed=None):
    if not training:
        return x
    generator = np.random.default_rng(np.abs(seed.numpy()))
    return x * np.float32(generator.uniform(0.5, 1.5, tuple(x.shape)))


@pytest.mark.parametrize(
    ("subject", "got"),
    [
        (testing.Penalty(lazy_by_an_if, at="real"), "OperatorNotAllowedInGraphError: "),
        (testing.Layer(lambda seed: noise_by_numpy, [5], [5]), "AttributeError: "),
    ],
)
def test_the_round_and_the_seed_have_no_value_in_a_graph_as_in_training(subject, got):
    (law,) = [law for law in testing.laws_of(subject) if law.name.endswith("_eager_graph_and_xla")]
    with pytest.raises(testing.LawBroken, match=f"got:     {got}"):
        law(subject)


def test_laws_have_a_name_each_and_say_what_they_mean():
    for kind, laws in testing.LAWS.items():
        names = [law.name for law in laws]
        assert len(names) == len(set(names)) > 4, kind
        assert any(law.first for law in laws), kind
        for law in laws:
            assert law.meaning, law
            assert law.formula, law
            assert law.likely, law


@pytest.mark.usefixtures("few_examples")
def test_all_right_subjects_pass_their_check():
    """That they keep the laws is shown above, and in the tests of penalties and networks."""
    testing.check_penalty(testing.Penalty(penalties.r1(1.0), at="real"))
    testing.check_optimizer(OWN[0])
    testing.check_latent(OWN[3])
    testing.check_augmentation(OWN[6])
    testing.check_layer(OWN[-1])
    testing.check_discriminator(testing.Discriminator(lambda seed: Dense(3, 1, seed=seed), [3]))
    testing.check_generator(testing.Generator(lambda seed: Dense(2, 3, seed=seed), 2, [3]))


# ---- pytest's parameters ----


@testing.parametrize_with_laws(
    [SUM, losses.HINGE],
    expected_failures=lambda loss: (
        {"mean_over_the_batch": "a sum", "repeats_change_nothing": "a sum"} if loss is SUM else {}
    ),
)
def test_expected_failures_are_expected(subject, law):
    if law.number == 19:
        law(subject)


def test_an_expected_failure_that_holds_is_a_failure():
    mark = testing.parametrize_with_laws([losses.HINGE], {"mean_over_the_batch": "no"}).mark
    (marks,) = [p.marks for p in mark.args[1] if p.id == "hinge-mean_over_the_batch"]
    assert marks[0].name == "xfail"
    assert marks[0].kwargs["strict"] is True
    assert marks[0].kwargs["raises"] is testing.LawBroken


# ---- what is refused ----


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: testing.check_loss(tf.nn.softplus),
            "testing.check_loss: loss must be a gan_core.losses.GANLoss, got function <function",
        ),
        (
            lambda: testing.check_loss(GANLoss("mine", lambda real: real, SUM.generator)),
            "testing.check_loss: discriminator of 'mine' must be a function (real, fake) -> "
            "scalar, got one of (real).",
        ),
        (
            lambda: testing.check_loss(GANLoss("mine", SUM.discriminator, 3)),
            "testing.check_loss: generator of 'mine' must be a function (real, fake) -> scalar, "
            "got 3.",
        ),
        (
            lambda: testing.check_loss(
                GANLoss("mine", SUM.discriminator, SUM.generator, claims=("hing",))
            ),
            "testing.check_loss: claims of 'mine' must be a tuple of families of a loss: hinge, "
            "least-squares, minimax, non-saturating, relativistic, wasserstein, got ('hing',).",
        ),
        (
            lambda: testing.check_loss(
                GANLoss("mine", SUM.discriminator, SUM.generator, claims="hinge")
            ),
            "testing.check_loss: claims of 'mine' must be a tuple of families",
        ),
        (
            lambda: testing.check_penalty(losses.HINGE),
            "testing.check_penalty: the subject must be a penalty, got a loss. "
            "Use testing.check_loss.",
        ),
        (
            lambda: testing.check_penalty(penalties.r1(1.0)),
            "testing.check_penalty: the subject must be a GANLoss, or testing.Penalty, Layer,",
        ),
        (
            lambda: testing.Penalty(3),
            "testing.Penalty: function must be a function (critic, real, fake, seed, step) -> "
            "scalar, got 3.",
        ),
        (
            lambda: testing.Penalty(penalties.r1(1.0), at="reel"),
            "testing.Penalty: at must be one of real, fake, between, elsewhere, got 'reel'.",
        ),
        (
            lambda: testing.Layer(lambda: None, [2], [2]),
            "testing.Layer: make must be a function (seed) -> a new one, got one of ().",
        ),
        (
            lambda: testing.Layer(lambda seed: None, 2, [2]),
            "testing.Layer: in_shape must be the shape of one sample, such as [5], got 2.",
        ),
        (
            lambda: testing.Latent(lambda n, seed: None),
            "testing.Latent: function must be a function (n, seed) -> z with a dim",
        ),
        (
            lambda: testing.Latent(latent.Normal(8), together=[3, 4]),
            "testing.Latent: together must be a list of groups of coordinates, such as",
        ),
        (
            lambda: testing.Latent(latent.Normal(8), together=[range(6, 10)]),
            "testing.Latent: a coordinate in together must be a whole number from 0 to 7, got 8",
        ),
        (
            lambda: testing.Latent(latent.Normal(8), together=3),
            "testing.Latent: together must be a list of groups of coordinates, such as",
        ),
        (
            lambda: testing.parametrize_with_laws([]),
            "testing.parametrize_with_laws: the subjects must be a list of at least one, got [].",
        ),
        (
            lambda: testing.parametrize_with_laws(losses.HINGE),
            "testing.parametrize_with_laws: the subjects must be a list of at least one, got",
        ),
        (
            lambda: testing.parametrize_with_laws([losses.HINGE], {"jensen": "why"}),
            "testing.parametrize_with_laws: expected_failures of 'hinge' must be names of laws "
            "that it is held to (",
        ),
        (
            lambda: testing.LAWS["loss"][-1](SUM),
            "d_loss_moves_no_further_than_its_logits: the law is claimed by",
        ),
    ],
)
def test_bad_input_is_told_in_one_message(make, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the message is compared
        make()
    assert str(error.value).startswith(message)


def test_importing_gan_core_imports_neither_pytest_nor_hypothesis():
    code = (
        "import sys, gan_core, gan_core.losses, gan_core.trainer;"
        "print([n for n in ('pytest', 'hypothesis', 'gan_core.testing') if n in sys.modules])"
    )
    run = programs.run(["-c", code], check=True)
    assert run.stdout.strip() == "[]"
