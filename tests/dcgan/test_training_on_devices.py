"""dcgan.training with a strategy, in one process: one replica,
so the numbers are those of one device.
"""

import dataclasses
import types

import pytest
import tensorflow as tf
import tiny
from rich.console import Console

from dcgan import training
from dcgan.config import Config
from gan_core.devices import workers

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("faces_drawn_once")]

TINY = Config(
    drawn=40,
    epochs=1,
    batch_size=16,
    size=32,
    width=2,
    latent_dim=5,
    mode="eager",
    strategy="mirrored",
    synchronised=True,
)
SILENT = Console(quiet=True)


def test_a_run_with_a_strategy_goes_on_without_one(tmp_path):
    trainer, run = training.train(dataclasses.replace(TINY, run=tmp_path / "run"), SILENT)
    assert isinstance(trainer.strategy, tf.distribute.MirroredStrategy)
    assert all(
        layer.synchronised for layer in trainer.generator.layers if hasattr(layer, "moving_mean")
    )
    assert (run.path / "generator" / "saved_model.pb").exists()
    on_one = dataclasses.replace(
        TINY, strategy="none", synchronised=False, epochs=2, resume=run.path
    )
    trainer, _ = training.train(on_one, SILENT)
    assert trainer.strategy is None
    assert run.step() == trainer.step.numpy() == 4


@pytest.mark.usefixtures("without_output")
def test_a_worker_that_is_not_the_chief_plays_the_same_rounds_and_writes_nothing(
    tmp_path, monkeypatch
):
    chiefs, run = training.train(dataclasses.replace(TINY, run=tmp_path / "run"), SILENT)
    monkeypatch.setattr(workers, "is_chief", lambda strategy: False)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    trainer, nothing = training.train(dataclasses.replace(TINY, run=tmp_path / "other"), SILENT)
    resumed, same = training.train(dataclasses.replace(TINY, resume=run.path), SILENT)
    assert nothing is None
    assert same.path == run.path
    assert tiny.values(chiefs) == tiny.values(trainer) == tiny.values(resumed)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_a_batch_that_cannot_be_shared_is_told_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(
        workers, "by_name", lambda name: types.SimpleNamespace(num_replicas_in_sync=3)
    )
    words = r"dcgan train: the batch must be a multiple of the 3 replicas, got 16 samples\. Each replica takes an equal"
    with pytest.raises(ValueError, match=words):
        training.train(dataclasses.replace(TINY, run=tmp_path / "run"), SILENT)
    assert not (tmp_path / "run").exists()
