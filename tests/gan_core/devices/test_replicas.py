"""A round on two devices is the round on one: the same batch, z, gradients, averages;
and what is refused.
"""

import json
import os
from pathlib import Path

import games
import numpy as np
import programs
import pytest
import tensorflow as tf

from gan_core import rng
from gan_core.devices import replicas
from gan_core.testing import reference

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
HELPERS = ROOT / "tests" / "helpers"
LONGEST = 300  # seconds that the other process may take, on however busy a machine
SAME = ("plain", "simultaneous", "penalty of G", "synchronised", "synchronised, sloped", "lazy")
LOOKED_AT = [(game, what) for game in SAME for what in ("rows/", "state/", "sample", "steps")]
for compiled in ("plain", "lazy"):
    LOOKED_AT.remove((compiled, "steps"))  # they would be compiled one by one


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replicas")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(HELPERS)]),
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    program = [HELPERS / "replica_games.py", folder]
    done = programs.run(program, env=environment, cwd=folder, timeout=LONGEST)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def played(folder):
    return dict(np.load(folder / "played.npz"))


@pytest.fixture(scope="module")
def said(folder):
    return json.loads((folder / "said.json").read_text("utf-8"))


def below(played, prefix):
    return {
        name.removeprefix(prefix): value
        for name, value in played.items()
        if name.startswith(prefix)
    }


# ---------------------------------------------------------------- two are one


@pytest.mark.parametrize(("game", "what"), LOOKED_AT)
def test_two_devices_are_one_on_the_whole_batch(played, game, what):
    """Adam makes whole steps of a gradient's rounding where the gradient is 0;
    these games have no such place.
    """
    one = below(played, f"{game}/one/{what}")
    two = below(played, f"{game}/two/{what}")
    assert one
    games.assert_near(one, two, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("what", ["rows/", "state/", "sample"])
def test_two_devices_share_the_labels_with_their_samples(played, what):
    one = below(played, f"labels/one/{what}")
    two = below(played, f"labels/two/{what}")
    assert one
    games.assert_near(one, two, rtol=1e-4, atol=1e-5)


def test_statistics_of_each_share_are_another_game(played):
    """So the tests above could fail."""
    one = below(played, "apart/one/rows/")
    two = below(played, "apart/two/rows/")
    assert np.abs(one["d_loss"] - two["d_loss"]).max() > 1e-3


@pytest.mark.parametrize("game", [*SAME, "apart"])
def test_the_copies_on_both_devices_stay_equal_bit_for_bit(played, game):
    assert played[f"{game}/apart"] == 0.0


def test_a_round_is_counted_once_and_averaged_once(played):
    for game in SAME:
        state = below(played, f"{game}/two/state/")
        assert state["step"] == state["g_optimizer/updates"] == 4
        assert state["d_optimizer/updates"] == (8 if game == "plain" else 4)
        average = state["average/model/layers/3/kernel"]
        model = state["generator/layers/3/kernel"]
        assert 0.0 < np.abs(average - model).max() < 0.1


def test_what_was_begun_on_two_devices_goes_on_on_one(played):
    games.assert_near(below(played, "moved/"), below(played, "stayed/"), rtol=1e-4, atol=1e-5)
    assert played["moved/rows/step"].tolist() == [1, 2, 3, 4, 5, 6]


def test_the_round_of_the_command_line_is_the_same_on_two(played):
    np.testing.assert_allclose(played["dcgan/one"], played["dcgan/two"], rtol=1e-4)


@pytest.mark.parametrize("synchronised", [False, True])
def test_two_tensors_are_added_at_a_time_so_that_each_run_has_the_same_bits(played, synchronised):
    """Left to TensorFlow's gradients, a synchronised batch norm adds up three and four
    (see gan_core.devices.compiling).
    """
    assert len(played[f"addends {synchronised}"]) > 30
    assert played[f"addends {synchronised}"].max() == 2


# ---------------------------------------------------------------- the parts


def test_every_replica_has_its_own_share_and_seed_and_one_mean(played):
    assert played["share"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert played["mean"].tolist() == [[2.5], [2.5]]
    np.testing.assert_array_equal(played["seed"], rng.split(rng.seed(7, "x", 3), 2))
    assert played["seed"][0].tolist() != played["seed"][1].tolist()


def test_the_gradient_of_a_mean_over_replicas_is_that_of_all_their_losses(played):
    """m = (a + b) / 2, and both have the loss m^2: the mean of their losses has d/da = d/db = m;
    here m = 4.
    """
    assert played["gradient of mean"].tolist() == [
        8.0,
        8.0,
    ]  # before the mean over replicas: of the sum, 2 m each


@pytest.mark.parametrize("synchronised", [False, True])
def test_batch_norm_by_shares_or_by_the_whole_batch(played, synchronised):
    whole = games.REALS[0].numpy().astype(np.float64)
    parts = [whole, whole] if synchronised else np.split(whole, 2)
    for number, part in enumerate(parts):
        expected = (whole[2 * number : 2 * number + 2] - part.mean(0)) / np.sqrt(part.var(0) + 1e-5)
        np.testing.assert_allclose(
            played[f"norm {synchronised}"][number], expected, rtol=1e-4, atol=1e-4
        )
    averages = np.mean([[part.mean(0), part.var(0, ddof=1)] for part in parts], axis=0)
    for copy in range(2):
        np.testing.assert_allclose(played[f"averages {synchronised}"][:, copy], averages, rtol=1e-4)


def test_gradients_of_a_batch_norm_of_all_replicas_and_theirs_are_those_of_the_formula(played):
    """With a dy, u, v and w of each replica's own, so with q,
    c and dgamma that are not the same on both.
    """
    written = played["gradients/written out"]
    op_by_op = played["gradients/op by op"]
    assert np.abs(written[0] - written[1]).min() > 0.0
    np.testing.assert_allclose(written, op_by_op, rtol=1e-4, atol=1e-4)


def test_what_is_drawn_for_each_sample_is_drawn_by_each_replica(played):
    """Real samples 0 are seen as u, one u a replica: mean sigma(u); and the penalty is such a u."""

    def drawn(purpose):
        return np.array(
            [rng.uniform([], seed).numpy() for seed in rng.split(rng.seed(0, purpose, 0), 2)]
        )

    assert played["d_real"] == pytest.approx(
        np.mean(reference.sigmoid(drawn("augment D"))), rel=1e-5
    )
    assert played["penalty"] == pytest.approx(drawn("penalty 0").mean(), rel=1e-5)


def test_on_one_device_everything_is_itself():
    x = tf.range(3)
    seed = rng.seed(0, "x")
    assert replicas.count() == 1
    assert replicas.share(x) is replicas.mean(x) is x
    assert replicas.own_seed(seed) is seed
    assert replicas.on_all(None, max) is max


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "round",
            "GANTrainer.round: the batch must be a multiple of the 2 replicas, got 3 samples.",
        ),
        (
            "rounds",
            "GANTrainer.rounds: the batch must be a multiple of the 2 replicas, got 3 samples.",
        ),
        (
            "step",
            "GANTrainer.discriminator_step: the batch must be a multiple of the 2 replicas, got 3 samples.",
        ),
        ("xla", "GANTrainer: mode must be graph or eager where there is a strategy, got 'xla'."),
        (
            "made elsewhere",
            "GANTrainer: generator/kernel must be made under strategy.scope(), got one that was made",
        ),
        (
            "another kind",
            "GANTrainer: strategy must be None, a tf.distribute.MirroredStrategy or a MultiWorkerMirrored",
        ),
        (
            "forgotten",
            "GANTrainer: strategy must be the one under whose scope() generator/kernel was made, got None.",
        ),
    ],
)
def test_what_cannot_be_is_told_in_one_line(said, name, words):
    assert said[name].startswith(words), said[name]
    assert "\n" not in said[name]


def test_what_was_refused_changed_nothing_and_there_were_two(said):
    assert said["unchanged"]
    assert said["replicas"] == 2


@pytest.mark.parametrize("strategy", ["mirrored", object()])
def test_a_strategy_is_tensorflows(strategy):
    with pytest.raises(
        ValueError, match=r"GANTrainer: strategy must be None, a tf\.distribute\.MirroredStrategy"
    ):
        games.affine(strategy=strategy)
