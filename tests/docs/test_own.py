"""docs/own.md: its programs run as they stand, and do what the page says."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import gan_core as gan
from gan_core import testing

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "own.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
NAMES = (
    "GANLoss",
    "Translator",
    "SpectralConv1D",
    "check_layer",
    "RMSprop",
    "OnFeatures",
    "saved_model",
)


@pytest.fixture(scope="module")
def scope(tmp_path_factory):
    """The names of the first block, which the others use."""
    first = {}
    exec(BLOCKS[0], first)
    return first


def block_with(name):
    """The first block with this word."""
    return next(block for block in BLOCKS if name in block)


def run(scope, name):
    """The names that there are when the block with this word has been run."""
    names = dict(scope)
    exec(block_with(name), names)
    return names


def test_every_block_is_run_here():
    assert [block_with(name) for name in NAMES] == BLOCKS[1:]


@pytest.mark.parametrize("source", ["from_memory", "from_python", "from_tf_data"])
def test_three_sources_give_pairs_that_fit(scope, source):
    batches = scope[source]
    x, y = next(iter(batches.start(3))) if isinstance(batches, gan.HostBatches) else batches(3)
    assert x.shape == (16, 8, 8, 1)
    images = scope["images"].tolist()
    positions = [images.index(image) for image in np.asarray(x).tolist()]
    assert [position % 4 for position in positions] == np.asarray(y).tolist()


def test_the_loss_with_two_heads_trains_and_reports_the_second(scope):
    names = run(scope, "GANLoss")
    assert {"penalty", "log_p_of_fake"} <= names["rows"].keys()
    assert names["one_of_each"].shape == (4, 8, 8, 1)
    real = np.array([[0.0, -1.0], [0.0, -3.0]], np.float32)
    fake = np.array([[0.0, -2.0]], np.float32)
    assert float(names["d_loss"](real, fake)) == pytest.approx(2.0 * np.log(2.0) + 4.0, rel=1e-5)


def test_l1_pulls_the_photo_to_its_target(scope):
    l1 = run(scope, "Translator")["rows"]["g_penalty"]
    assert l1[-1] < 0.9 * l1[0]


def test_a_run_that_is_resumed_has_all_rows_and_the_layer_keeps_its_laws(
    scope, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    names = run(scope, "SpectralConv1D")
    assert names["rows"]["step"].tolist() == [10, 20, 30, 40]
    assert (tmp_path / "waves_000020.npy").exists()
    straight = gan.fit(names["wave_trainer"](), gan.stream(names["waves"], 16), 40, log_every=10)
    assert straight["d_loss"].tobytes() == names["rows"]["d_loss"].tobytes()
    run(names, "check_layer")


def squares_of_a_sample(x):
    return tf.reduce_sum(tf.reshape(x, [x.shape[0], -1]) ** 2, axis=1)


def test_an_optimizer_of_ones_own_keeps_its_laws_and_the_penalty_is_the_librarys(scope):
    names = run(scope, "RMSprop")
    assert names["rows"]["estimate"].shape == (4,)
    state = names["critic_trainer"].state()
    for player in ("g", "d"):
        assert state[f"{player}_optimizer/squares/0"].numpy().all()
    testing.check_optimizer(testing.Optimizer(names["RMSprop"]))
    seed = gan.rng.seed(0, "test")
    for shape in ([8, 2], [4, 4, 4, 3]):  # points; images as wide as the batch is large
        given = (squares_of_a_sample, tf.ones(shape), tf.zeros(shape))
        own = names["slope_of_1"](*given, seed=seed, step=0)
        librarys = gan.wasserstein_gradient_penalty()(*given, seed=seed, step=0)
        assert float(own) == pytest.approx(float(librarys), rel=1e-4)


def test_two_trainers_share_a_network_that_does_not_move(scope, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run(scope, "OnFeatures")
    for before, variable in zip(names["frozen"], names["features"].variables, strict=True):
        np.testing.assert_array_equal(variable.numpy(), before)
    assert int(names["first"].step) == int(names["second"].step) == 20
    assert run(names, "saved_model")["new_points"].shape == (5, 2)
