"""Slips of people who know Keras or NumPy: each is told in one line,
in the words of this library.
"""

import functools
import re

import numpy as np
import pytest
import tensorflow as tf

from gan_core import checks, data
from gan_core.augment import instance_noise
from gan_core.latent import Normal
from gan_core.losses import GANLoss
from gan_core.nn.dense import Dense
from gan_core.optim.optimizers import SGD, Adam
from gan_core.penalties import Lazy, r1
from gan_core.runs.loop import at_end, every, fit
from gan_core.trainer import GANTrainer

pytestmark = pytest.mark.slow

X = np.arange(40, dtype=np.float32).reshape(40, 1)
IMAGES = np.zeros([8, 1], np.uint8)


class WithNumPy(tf.Module):
    def __init__(self):
        super().__init__()
        self.dense = Dense(1, 1, seed=1)

    def __call__(self, x, training=False):
        return self.dense(x) * float(np.mean(x))


def trainer(rate=1e-3, mode="graph", generator=None, **more):
    return GANTrainer(
        generator or Dense(1, 1, seed=1),
        Dense(1, 1, seed=2),
        latent=Normal(1),
        g_optimizer=Adam(rate),
        d_optimizer=SGD(rate),
        mode=mode,
        **more,
    )


def play(sampler=None, **options):
    return trainer(**options).rounds(sampler or data.shuffled(X, 8), 2)


def iterator():
    return iter(tf.data.Dataset.from_tensor_slices(X).repeat().batch(8, drop_remainder=True))


def taking_from(batches):
    return lambda i: next(batches)


def numpy_loss(real, fake):
    return np.mean(fake) - np.mean(real)


def returns(value):
    """A penalty of this value."""
    return lambda critic, real, fake, seed, step: value


def batches_from(index, step=1):
    yield X[index : index + 8 * step : step]


def python_if(step):
    return 1e-3 if step < 9 else 1e-4


def fraction(step):
    return 1.0 / (2.0 + step)


LOSS_OF_NUMPY = GANLoss("l", discriminator=numpy_loss, generator=lambda real, fake: -np.mean(fake))
LOSS_WITHOUT_MEAN = GANLoss(
    "l", discriminator=lambda real, fake: fake - real, generator=lambda real, fake: -fake
)
OPERATIONS = "must be a function of TensorFlow's operations alone"

SLIPS = {
    "an array indexed by a tensor": (
        lambda: play(lambda i: X[i : i + 8]),
        f"GANTrainer.rounds: sampler {OPERATIONS}",
        "tf.gather",
    ),
    "an array indexed by one row's number": (
        lambda: play(lambda i: tf.constant(X)[None][np.array([0, 1])[i]]),
        f"GANTrainer.rounds: sampler {OPERATIONS}",
        "tf.gather",
    ),
    "a list indexed by a tensor": (
        lambda: play(lambda i: [X[:8], X[8:16]][i]),
        f"GANTrainer.rounds: sampler {OPERATIONS}",
        "tf.gather",
    ),
    "range of a tensor": (
        lambda: play(lambda i: tf.stack([X[k] for k in range(i, i + 8)])),
        f"GANTrainer.rounds: sampler {OPERATIONS}",
        "tf.gather",
    ),
    "int of a tensor": (
        lambda: play(lambda i: tf.constant(X[int(i) : int(i) + 8])),
        f"GANTrainer.rounds: sampler {OPERATIONS}",
        "tf.gather",
    ),
    ".numpy() of a tensor": (
        lambda: play(lambda i: tf.constant(X[i.numpy() : 8])),
        f"GANTrainer.rounds: sampler {OPERATIONS}",
        "tf.gather",
    ),
    "if on a tensor": (
        lambda: play(lambda i: tf.constant(X[:8]) if i < 3 else tf.constant(X[8:16])),
        f"GANTrainer.rounds: sampler {OPERATIONS}",
        "tf.where",
    ),
    "next(iterator)": (
        lambda: play(taking_from(iterator())),
        "sampler must be a function of its arguments alone",
        "gan_core.data.from_dataset",
    ),
    "pairs without labels": (
        lambda: play(lambda i: (tf.ones([8, 1]), tf.ones([8]))),
        "this game has no labels",
        "labels=",
    ),
    "if in a learning rate of Adam or SGD": (
        lambda: play(rate=python_if),
        f"learning_rate {OPERATIONS}",
        "tf.where",
    ),
    "if in an average's decay": (
        lambda: play(average=lambda step: 0.9 if step < 9 else 0.99),
        f"ExponentialMovingAverage: decay {OPERATIONS}",
        "tf.where",
    ),
    "if in a penalty's schedule": (
        lambda: play(penalty=r1(python_if)),
        f"penalties.r1: gamma {OPERATIONS}",
        "tf.where",
    ),
    "if in a noise's schedule": (
        lambda: play(augment=instance_noise(python_if)),
        f"augment.instance_noise: sd {OPERATIONS}",
        "tf.where",
    ),
    "fractions of the round in a learning rate": (
        lambda: play(rate=fraction),
        "learning_rate must be a function of the round, an integer tensor",
        "tf.cast",
    ),
    "fractions of the round in an average's decay": (
        lambda: play(average=fraction),
        "ExponentialMovingAverage: decay must be a function of the round, an integer tensor",
        "tf.cast",
    ),
    "fractions of the round in a penalty's schedule": (
        lambda: play(penalty=r1(fraction)),
        "penalties.r1: gamma must be a function of the round, an integer tensor",
        "tf.cast",
    ),
    "fractions of the round in a noise's schedule": (
        lambda: play(augment=instance_noise(fraction)),
        "augment.instance_noise: sd must be a function of the round, an integer tensor",
        "tf.cast",
    ),
    "NumPy in a penalty": (
        lambda: play(penalty=lambda critic, real, fake, seed, step: np.mean(real)),
        f"GANTrainer: what computes penalty {OPERATIONS}",
        "TensorFlow's functions",
    ),
    "a penalty that returns nothing": (
        lambda: play(penalty=returns(None)),
        "GANTrainer: what penalty gives must be one number, such as a mean over the batch, got None.",
        "Does the function end with a return statement?",
    ),
    "a penalty that returns nothing, one of two": (
        lambda: play(penalty=[r1(1.0), returns(None)]),
        "GANTrainer: what penalty[1] gives must be one number",
        "Does the function end with a return statement?",
    ),
    "a penalty of G that returns nothing": (
        lambda: play(g_penalty=returns(None)),
        "GANTrainer: what g_penalty gives must be one number",
        "Does the function end with a return statement?",
    ),
    "a lazy penalty that returns nothing": (
        lambda: play(penalty=Lazy(returns(None), every=2)),
        "Lazy: what penalty gives must be one number",
        "Does the function end with a return statement?",
    ),
    "a penalty that returns a text": (
        lambda: play(penalty=returns("a lot")),
        "GANTrainer: what penalty gives must be one number, such as a mean over the batch, got 'a lot'.",
        "Return a tensor without axes, such as tf.reduce_mean(...).",
    ),
    "a penalty of G that returns a text": (
        lambda: play(g_penalty=returns("a lot")),
        "GANTrainer: what g_penalty gives must be one number",
        "got 'a lot'. Return a tensor without axes",
    ),
    "a lazy penalty that returns a text": (
        lambda: play(penalty=Lazy(returns("a lot"), every=2)),
        "Lazy: what penalty gives must be one number",
        "got 'a lot'. Return a tensor without axes",
    ),
    "a penalty that returns a dict": (
        lambda: play(penalty=returns({"r1": 1.0})),
        "GANTrainer: what penalty gives must be one number",
        "got {'r1': 1.0}. Return a tensor without axes",
    ),
    "a penalty that returns tensors of two shapes": (
        lambda: play(penalty=lambda critic, real, fake, seed, step: [real, real[0]]),
        "GANTrainer: what penalty gives must be one number",
        "Return a tensor without axes",
    ),
    "a penalty that returns a complex number": (
        lambda: play(penalty=returns(1j)),
        "GANTrainer: what penalty gives must be one number",
        "got 1j. Return a tensor without axes",
    ),
    "a measure that returns nothing": (
        lambda: play(measures={"mean": lambda real, fake, a, b: None}),
        "GANTrainer: what measure mean gives must be one number",
        "Does the function end with a return statement?",
    ),
    "NumPy in a loss": (
        lambda: play(loss=LOSS_OF_NUMPY),
        f"GANTrainer: what computes the discriminator's loss {OPERATIONS}",
        "tf.reduce_mean",
    ),
    "NumPy in a measure": (
        lambda: play(measures={"mean": lambda real, fake, a, b: np.mean(real)}),
        f"GANTrainer: what computes measure mean {OPERATIONS}",
        "tf.reduce_mean",
    ),
    "NumPy in a network": (
        lambda: play(generator=WithNumPy()),
        f"GANTrainer: generator {OPERATIONS}",
        "",
    ),
    "NumPy in an augmentation": (
        lambda: play(augment=lambda x, seed, step: x + np.mean(x)),
        f"GANTrainer: augment {OPERATIONS}",
        "",
    ),
    "a loss without a mean": (
        lambda: play(loss=LOSS_WITHOUT_MEAN),
        "must be one number, such as a mean over the batch, got [8]",
        "",
    ),
    "an array in place of a sampler": (
        lambda: fit(trainer(), X, 3),
        "fit: sampler must be a function of the batch's index, or HostBatches",
        "got an ndarray [40, 1] of float32",
    ),
    "an array in place of a sampler, and what makes one": (
        lambda: fit(trainer(), X, 3),
        "float32. gan_core.data.shuffled(array, batch_size) makes a sampler",
        "",
    ),
    "a dataset in place of a sampler": (
        lambda: fit(trainer(), tf.data.Dataset.from_tensors(X), 3),
        "fit: sampler must be a function of the batch's index, or HostBatches, got <",
        "gan_core.data.from_dataset(dataset) makes HostBatches",
    ),
    "a hook that does not take the row": (
        lambda: every(9, lambda trainer: None),
        "every: function must be callable with (trainer, row), got one that takes (trainer).",
        "",
    ),
    "a hook at the end that takes the row": (
        lambda: at_end(lambda trainer, row: None),
        "at_end: function must be callable with (trainer), got one that takes (trainer, row).",
        "",
    ),
    "images in place of float32, from Python": (
        lambda: fit(trainer(), data.HostBatches(lambda index: iter([IMAGES])), 3),
        "real must be [batch, 1] of float32, got [8, 1] of uint8. Scale images",
        "",
    ),
    "a smaller batch among those of a round": (
        lambda: fit(trainer(d_steps=2), data.HostBatches(lambda index: iter([X[:8], X[:3]])), 3),
        "fit: the batches of HostBatches for the D steps of one round must be of one shape, got "
        "[3, 1] and [8, 1].",
        "drop_remainder=True",
    ),
    "a start that returns nothing": (
        lambda: fit(trainer(), data.HostBatches(lambda index: None), 3),
        "fit: what start of HostBatches gives must be an iterator of batches, got None.",
        "",
    ),
    "a pair of arrays in place of one": (
        lambda: data.shuffled((X, X[:, 0]), 8),
        "data.shuffled: array must be an array [N, ...], got a tuple",
        "shuffled(np.arange(N), batch_size) gives rows",
    ),
    "a generator in place of a sampler": (
        lambda: fit(trainer(), (X[:8] for _ in range(9)), 3),
        "got <generator object",
        "given as HostBatches(start): start(index) returns",
    ),
    "a generator function in place of HostBatches": (
        lambda: fit(trainer(), batches_from, 3),
        "got the generator function batches_from.",
        "given as HostBatches(start): start(index) returns",
    ),
    "a generator function with some arguments given": (
        lambda: fit(trainer(), functools.partial(batches_from, step=2), 3),
        "got the generator function functools.partial(",
        "given as HostBatches(start): start(index) returns",
    ),
    "a sampler that takes no index": (
        lambda: fit(trainer(), lambda: X[:8], 3),
        "fit: sampler must be callable with (index), got one that takes ().",
        "given as HostBatches(start): start(index) returns",
    ),
    "an array in place of a sampler of rounds": (
        lambda: trainer().rounds(X, 3),
        "GANTrainer.rounds: sampler must be a function",
        "got an ndarray [40, 1] of float32",
    ),
    "an operation that XLA does not have": (
        lambda: play(
            lambda i: tf.ensure_shape(tf.numpy_function(lambda: X[:8], [], tf.float32), [8, 1]),
            mode="xla",
        ),
        "GANTrainer: mode must be one that has all it uses, got 'xla', which has no",
        "mode='graph'",
    ),
}


@pytest.mark.parametrize("value", [None, "a lot"])
def test_what_a_penalty_returns_is_told_in_eager_mode_too(value):
    with pytest.raises(ValueError, match="GANTrainer: what g_penalty gives must be one number"):
        play(g_penalty=returns(value), mode="eager")


@pytest.mark.parametrize("value", [3, np.float64(3.0), tf.constant(3.0, tf.bfloat16)])
def test_a_penalty_may_be_any_real_number(value):
    """Also a lazy one, whose rounds without it are float32."""
    once = play(penalty=returns(value))
    lazy = play(penalty=Lazy(returns(value), every=2))
    assert once["penalty"].tolist() == lazy["penalty"].tolist() == [3.0, 3.0]


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_told_in_one_line_with_a_way_out(name):
    slip, words, way_out = SLIPS[name]
    with pytest.raises(ValueError, match=re.escape(words)) as told:
        slip()
    message = str(told.value)
    assert way_out in message, message
    assert "\n" not in message
    assert len(message) < 600


def test_a_mistake_of_another_kind_comes_through_as_it_is():
    with pytest.raises(TypeError, match="can only concatenate"):
        play(lambda i: "a" + 1)
    with pytest.raises(KeyError):
        play(lambda i: {}["faces"])


def test_a_slip_moves_nothing():
    player = trainer(rate=python_if)
    before = [variable.numpy() for variable in player.state().values()]
    with pytest.raises(ValueError, match="learning_rate"):
        player.rounds(data.shuffled(X, 8), 2)
    for was, variable in zip(before, player.state().values(), strict=True):
        np.testing.assert_array_equal(was, variable.numpy())


def test_in_eager_mode_python_may_decide():
    rows = play(lambda i: tf.constant(X[int(i) : int(i) + 8]), rate=python_if, mode="eager")
    assert len(rows["d_loss"]) == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros([2, 3]), "an ndarray [2, 3] of float64"),
        (tf.zeros([4]), "an EagerTensor [4] of float32"),
        ("faces\nof mine", r"'faces\nof mine'"),
        (None, "None"),
    ],
)
def test_what_came_is_shown_in_a_few_words(value, words):
    assert checks.show(value) == words


def test_a_message_is_one_line_however_long_what_came_is():
    with pytest.raises(ValueError, match="x must be short, got") as told:
        checks.fail("fit", "x", "short", repr(np.zeros([1000, 1])))
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400
