"""Show what a command would measure, without measuring it: `--dry-run`.

Before you use a GPU for an hour, you can see which rows there will be, and whether an op of the
round would silently run on the CPU. The rounds are only traced, on the CPU, and not run.
"""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Iterable
from typing import Any

from rich.console import Console

from benchmarks.measure import rows


def command_line(arguments: list[str]) -> str:
    """What a user would type to start a contestant by hand.

    Args:
        arguments: after the Python interpreter.
    """
    return f"python {shlex.join(arguments)}"


def row_command(module: str, options: dict[str, Any]) -> str:
    """What a user would type for one row of `rows.ask`."""
    return command_line(["-m", module, json.dumps(options)])


def check_dcgan(
    console: Console,
    owner: str,
    networks: dict[str, int],
    kinds: Iterable[tuple[str, str]],
) -> None:
    """Say of each kind of DCGAN round whether all its ops have a GPU kernel.

    Args:
        console: where it is said.
        owner: the command, for errors.
        networks: size, width, latent_dim and batch_size of the round.
        kinds: (precision, convolution) of each.

    Raises:
        ValueError: an op has none.
    """
    import tensorflow as tf

    from benchmarks.measure import ours
    from dcgan import training
    from dcgan.config import Config

    batch_shape = [1, networks["batch_size"], networks["size"], networks["size"], 3]
    found = {}
    for precision, convolution in kinds:
        trainer = training.build(
            Config(
                **networks,
                precision=precision,
                convolution=convolution,
                mode="graph",
                **ours.BARE_ROUND,
            )
        )
        name = f"the DCGAN round, {precision}, {convolution}"
        found[name] = (functools.partial(_unlabelled, trainer), tf.TensorSpec(batch_shape))
    _check(console, owner, found)


def check_toy(console: Console, owner: str, hidden: int, batch: int) -> None:
    """Say whether all ops of the toy round, its sampler's too, have a GPU kernel.

    Args:
        console: where it is said.
        owner: the command, for errors.
        hidden: units in a layer.
        batch: samples in a batch.

    Raises:
        ValueError: an op has none.
    """
    import tensorflow as tf

    from benchmarks.contestants import ours_toy_step

    trainer, sampler = ours_toy_step.game(hidden, batch, mode="graph")

    def one_round():
        return _unlabelled(trainer, tf.stack([sampler(trainer.step)]))

    _check(console, owner, {"the toy round": (one_round,)})


def _unlabelled(trainer: Any, reals: Any) -> Any:
    """A round without labels; reals [1, B, ...]."""
    return trainer._round(reals, None)


def _check(console: Console, owner: str, functions: dict[str, tuple]) -> None:
    """functions: name -> (function, specs of its arguments ...)."""
    from benchmarks.limits import gpu_kernels

    if not gpu_kernels.are_known():
        rows.say(console, "GPU kernels: this TensorFlow was built without, so nothing was checked.")
        return
    lacking = []
    for name, (function, *specs) in functions.items():
        missing = gpu_kernels.missing(function, *specs)
        if not missing:
            rows.say(console, f"GPU kernels: every op of {name} has one.")
            continue
        ops = ", ".join(f"{kind}({', '.join(dtypes)})" for kind, dtypes in sorted(missing))
        rows.say(console, f"GPU kernels: in {name} there is none for {ops}.")
        lacking.append(name)
    if lacking:
        raise ValueError(
            f"{owner}: on a GPU, ops of {lacking[0]} would run on the CPU. (Modes graph and eager; "
            "XLA has kernels of its own.)"
        )
