"""--dry-run says what would be measured, measures nothing, and finds ops without a GPU kernel."""

import pytest
import tensorflow as tf
from rich.console import Console

from benchmarks import peers, train_step
from benchmarks.contestants import dry_run
from benchmarks.limits import gpu_kernels
from benchmarks.measure import harness, rows

pytestmark = pytest.mark.slow

needs_kernels = pytest.mark.skipif(
    not gpu_kernels.are_known(), reason="TensorFlow was built without GPU kernels"
)
TINY = {"size": 32, "width": 1, "latent_dim": 2}


@pytest.fixture(autouse=True)
def _nothing_is_measured(monkeypatch):
    def measured(*arguments, **options):
        pytest.fail("something was measured")

    for owner, name in ((rows, "ask"), (rows, "windows"), (rows, "keep"), (harness, "in_turn")):
        monkeypatch.setattr(owner, name, measured)


@needs_kernels
def test_train_step_says_which_rows_there_would_be(capsys):
    train_step.main(
        train_step.Config(
            batch_size=(2, 4),
            precision=("float32", "tf32"),
            mode=("graph",),
            convolution=("native",),
            device="cpu",
            dry_run=True,
            **TINY,
        )
    )
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 5
    assert "batch 2, float32, graph, native: python -m benchmarks.contestants.one_tra" in told[0]
    assert "batch 4, float32, graph, native: python -m" in told[1]
    assert "batch 2, tf32, graph, native: not supported: tf32 needs" in told[2]
    assert told[4] == "GPU kernels: every op of the DCGAN round, float32, native has one."


@needs_kernels
@pytest.mark.parametrize("step", ["dcgan", "toy"])
def test_peers_says_which_contestants_there_would_be(step, capsys, monkeypatch):
    monkeypatch.setattr(peers, "missing", lambda name: "torch" if "pytorch" in name else "")
    peers.main(peers.Config(step=step, batch_size=2, hidden=2, dry_run=True, **TINY))
    told = capsys.readouterr().out
    assert f"ours: python -m benchmarks.contestants.ours_{step}_step" in told
    assert "pytorch: there is no torch here" in told
    assert "has one." in told


@needs_kernels
def test_an_op_without_a_gpu_kernel_is_told_and_is_an_error(capsys):
    def take_bytes(images, wanted):
        return tf.gather(images, wanted)

    specs = (tf.TensorSpec([9, 4], tf.uint8), tf.TensorSpec([3], tf.int32))
    with pytest.raises(ValueError, match="ops of feeding would run on the CPU"):
        dry_run._check(Console(width=200), "train_step", {"feeding": (take_bytes, *specs)})
    assert "in feeding there is none for GatherV2(uint8, int32, int32)." in capsys.readouterr().out


def test_the_kernels_are_those_of_a_batch_that_uses_each_convolution(monkeypatch):
    """A winograd round with 32 images is computed by native convolutions."""
    checked = []
    monkeypatch.setattr(dry_run, "check_dcgan", lambda *arguments: checked.append(arguments))
    train_step.main(train_step.Config(batch_size=(32, 64), dry_run=True))
    (_, owner, networks, kinds) = checked[0]
    assert owner == "train_step"
    assert ("float32", "winograd") in kinds
    assert networks["batch_size"] == 64
