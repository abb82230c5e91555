"""A row of `benchmarks.growth`: a round of the default recipe with one number changed."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from benchmarks.measure import devices, rows
from dcgan import training
from dcgan.config import Config
from gan_core import rng
from gan_core.trainer import GANTrainer


def measure(options: dict[str, Any]) -> dict[str, Any]:
    """Time and memory of a round as `python -m dcgan train` plays it, R1, average and all.

    R1 is computed in every fourth round (`penalty_every`), so four rounds at a time are timed. The
    batch lies on the device: feeding has rows of its own.

    Args:
        options: field (of dcgan.config.Config), value (of this field), windows and device.

    Returns:
        Times and memory of one round, and the bytes of the trainer's state.
    """
    kind = devices.use(options["device"])
    config = Config(**{options["field"]: options["value"]})
    devices.set_precision(config.precision)
    before = devices.memory_in_use(kind)
    trainer = training.build(config)
    shape = [config.batch_size, config.size, config.size, 3]
    real = rng.uniform(shape, rng.seed(0, "real"), -1.0, 1.0)

    def sampler(index: tf.Tensor) -> tf.Tensor:
        return real

    def play(count: int) -> None:
        trainer.rounds(sampler, count * config.penalty_every)

    times = rows.windows(play, devices.drain, options["windows"])
    memory, memory_of = devices.peak_memory(kind)
    return {
        **rows.of_one_part(times, config.penalty_every),
        "memory_before_bytes": before,
        "memory_bytes": memory,
        "memory_of": memory_of,
        "state_bytes": bytes_of_state(trainer),
        "machine": devices.machine(options["device"]),
    }


def bytes_of_state(trainer: GANTrainer) -> int:
    """Of both networks, their optimizers and the average: what a checkpoint holds."""
    total = 0
    for variable in trainer.state().values():
        total += variable.shape.num_elements() * variable.dtype.size
    return total


if __name__ == "__main__":
    rows.main(measure)
