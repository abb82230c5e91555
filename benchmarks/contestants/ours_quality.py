"""This project's recipes, trained for a given time: `dcgan.training` with its own defaults."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.measure import budget
from dcgan import training
from dcgan.config import Config
from dcgan.data.batches import face_batches
from dcgan.data.pixels import to_uint8
from gan_core.trainer import GANTrainer

FACES_AT_A_TIME = 100
ROUNDS_TO_MEASURE_SPEED = 40


def main(options: dict[str, Any]) -> None:
    """Train `network` with its recipe.

    The learning rates fall in the last part of a training, so it must be known how many rounds fit
    into the time. A first trainer plays a few rounds to find out; its time counts.
    """
    start = budget.clock()
    images = np.load(options["faces"])
    config = Config(
        network=options["network"],
        size=images.shape[1],
        precision=options["precision"],
        seed=options["seed"],
        fall=options["fall"],
    )
    training.choose_arithmetic(config)
    sampler = face_batches(images, config.batch_size, seed=config.seed, flip=True)
    a_round = seconds_a_round(training.build(config), sampler)
    spent = budget.clock() - start
    left = 60.0 * options["minutes"] - spent
    rounds = max(1, math.floor(left / a_round))
    trainer = training.build(config, rounds=rounds)

    def sample(count: int) -> np.ndarray:
        made = trainer.sample(count, seed=config.seed + 1)
        parts = []
        for first in range(0, count, FACES_AT_A_TIME):
            parts.append(to_uint8(made[first : first + FACES_AT_A_TIME]).numpy())
        return np.concatenate(parts)

    facts = {
        "library": f"TensorFlow {tf.__version__}, no Keras",
        "note": f"{rounds:,} rounds planned",
        "config": dataclasses.asdict(config),
    }
    play = _player(trainer, sampler)
    options["batch"] = config.batch_size
    budget.train(play, sample, options, _plain(facts), spent)


def seconds_a_round(trainer: GANTrainer, sampler: Any) -> float:
    """How long a round takes once it is compiled."""
    play = _player(trainer, sampler)
    play(2)
    start = budget.clock()
    play(ROUNDS_TO_MEASURE_SPEED)
    return (budget.clock() - start) / ROUNDS_TO_MEASURE_SPEED


def _player(trainer: GANTrainer, sampler: Any) -> Any:
    def play(rounds: int) -> None:
        trainer.rounds(sampler, rounds)  # its rows are arrays: the device is done with them

    return play


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """The same with paths as text, for JSON."""
    config = {name: str(value) for name, value in facts["config"].items()}
    return {**facts, "config": config}


if __name__ == "__main__":
    main(budget.of_the_command_line())
