"""Write the compiled DCGAN round to files that JAX runs without TensorFlow, on any accelerator.

    python -m benchmarks.export_round --out round --batch-size 64 256 --precision float32 bfloat16
    python benchmarks/run_exported.py round          on the other machine: JAX and NumPy alone

A machine with a GPU does not always have a TensorFlow that uses it. The round is written as XLA's
module (in StableHLO), a function of the real batch and of all training state. There is one for each
combination of batch size and precision, with stored values for a check: the module's results here,
on the CPU, after one and after ten rounds. On the CPU tf32 is computed in float32.

    OUT/rounds.json             a list: what is in the other files
    OUT/initial.npz             the state before the first round, by variable
    OUT/float32-64.mlir         the module
    OUT/float32-64.npz          the real batch; `rows_1` [1, rows] and `rows_10` [10, rows]; and of
                                each variable after one and ten rounds, `1/NAME` and `10/NAME`, at
                                most 4,096 numbers (`run_exported.some_of`)
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.measure import devices, rows
from benchmarks.measure.command import check_not_empty, check_picture_size, check_whole_numbers
from benchmarks.run_exported import CHECKED_AFTER, some_of
from gan_core import checks, files
from gan_core.app.command_line import run

LOCATION = re.compile(r' loc\((?:#loc\d*|"[^"]*")\)')
UPDATED = re.compile(r"parameter_number = (\d+) : i64\}, output_index = array<i64: (\d+)>")


@dataclasses.dataclass(frozen=True)
class Config:
    out: Path
    """folder for the files"""
    batch_size: tuple[int, ...] = (128,)
    """images in a batch, real and generated each"""
    precision: tuple[Literal["float32", "tf32", "bfloat16"], ...] = ("float32",)
    """precision of the convolutions"""
    convolution: Literal["native", "subpixel", "winograd"] = "native"
    """how a convolution is computed: native is meant for a GPU"""
    size: int = 64
    """height and width of a picture in pixels: 32, 64, 96 or 128"""
    width: int = 64
    """channels of both networks at full picture size"""
    latent_dim: int = 100
    """numbers in z"""
    overwrite: bool = False
    """replace the folder if it is there"""

    def __post_init__(self):
        check_not_empty(self, "batch_size", "precision")
        for batch in self.batch_size:
            checks.integer("Config", "batch_size", batch, 2, 2**20)
        check_picture_size(self)
        check_whole_numbers(self, "width", "latent_dim")


def main(config: Config) -> None:
    """Write one round after the other, and the list of them last.

    Raises:
        ValueError: there is something at config.out, or another process writes there.
    """
    devices.use("cpu")
    console = rows.console()
    with files.folder_atomically(config.out, config.overwrite) as folder:
        unfinished = dataclasses.replace(config, out=folder)
        exported = []
        for precision, batch in itertools.product(config.precision, config.batch_size):
            with console.status(f"{precision}, batch {batch}"):
                exported.append(export(unfinished, precision, batch))
            rows.say(console, f"{exported[-1]['name']}: {config.out / exported[-1]['module']}")
        about = {"machine": devices.machine("cpu"), "rounds": exported}
        files.text_atomically(folder / "rounds.json", json.dumps(about, indent=1) + "\n")


def export(config: Config, precision: str, batch: int) -> dict[str, Any]:
    """Write one round: its module, the initial state, and the values to check it by.

    Args:
        config: the networks, and the folder.
        precision: the precision of the convolutions.
        batch: images in a batch.

    Returns:
        What `run_exported` has to know: the names of files, the arguments in order, which outputs
        are the row, and which output is the new value of which argument.
    """
    import tensorflow as tf

    from gan_core import rng

    devices.set_precision(precision)  # it is a property of the module's products
    trainer = _trainer(config, precision, batch)
    shape = [batch, config.size, config.size, 3]
    real = rng.uniform(shape, rng.seed(0, "real"), -1.0, 1.0)

    @tf.function(jit_compile=True, autograph=False)
    def one_round(real: tf.Tensor) -> list[tf.Tensor]:
        return trainer._round(real[tf.newaxis], None)

    state = trainer.state()
    arguments = _arguments(one_round.get_concrete_function(real), state)
    module = without_places(one_round.experimental_get_compiler_ir(real)("stablehlo"))
    name = f"{precision}-{batch}"
    (config.out / f"{name}.mlir").write_text(module, encoding="utf-8", newline="\n")
    np.savez(config.out / "initial.npz", **{key: v.numpy() for key, v in state.items()})

    values = {"real": real.numpy()}
    seen = []
    for number in range(1, max(CHECKED_AFTER) + 1):
        seen.append([float(value) for value in one_round(real)])
        if number in CHECKED_AFTER:
            values[f"rows_{number}"] = np.array(seen, np.float32)
            for key, variable in state.items():
                values[f"{number}/{key}"] = some_of(variable.numpy())
    np.savez(config.out / f"{name}.npz", **values)
    return {
        "name": name,
        "precision": precision,
        "batch_size": batch,
        "convolution": config.convolution,
        "size": config.size,
        "width": config.width,
        "latent_dim": config.latent_dim,
        "module": f"{name}.mlir",
        "values": f"{name}.npz",
        "arguments": arguments,
        "row_names": list(trainer.row_names),
        "updated": updated(module),
    }


def _trainer(config: Config, precision: str, batch: int) -> Any:
    """The bare round's trainer, as `train_step` measures it."""
    from benchmarks.measure import ours
    from dcgan import training
    from dcgan.config import Config as DCGANConfig

    return training.build(
        DCGANConfig(
            batch_size=batch,
            size=config.size,
            width=config.width,
            latent_dim=config.latent_dim,
            precision=precision,
            convolution=config.convolution,
            mode="xla",
            **ours.BARE_ROUND,
        )
    )


def _arguments(concrete: Any, state: dict[str, Any]) -> list[str]:
    """The name of each argument of the module: "real", and the variables that the round uses.

    Raises:
        ValueError: the round uses something that is not in the trainer's state.
    """
    by_handle = {id(variable.handle): name for name, variable in state.items()}
    names = ["real"]
    for captured in concrete.captured_inputs:
        if id(captured) not in by_handle:
            checks.fail(
                "benchmarks.export_round",
                "what a round uses",
                "the real batch and variables of trainer.state()",
                repr(captured),
            )
        names.append(by_handle[id(captured)])
    return names


def without_places(module: str) -> str:
    """The module without the names of the source files that its ops come from."""
    lines = [line for line in module.splitlines() if not line.startswith("#loc")]
    return LOCATION.sub("", "\n".join(lines)) + "\n"


def updated(module: str) -> list[tuple[int, int]]:
    """Which output is the new value of which argument: [(output, argument)], from XLA's aliases."""
    pairs = [(int(output), int(argument)) for argument, output in UPDATED.findall(module)]
    return sorted(pairs)


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.export_round")
