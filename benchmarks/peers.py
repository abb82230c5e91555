"""One round of training here and in other libraries, in turn in one run.

    python -m benchmarks.peers                          the DCGAN, about 6 minutes on two CPU cores
    python -m benchmarks.peers --step toy               two small perceptrons on one number
    python -m benchmarks.peers --only keras             this project and Keras alone

The networks, batch, data, and optimizer are the same, and every contestant plays both steps of a
round; the numbers of trainable parameters are compared. Each runs in a process of its own, and they
are asked for one window after the other, A B C A B C ... What counts is the ratio: how many times as
long the other takes. The peers come with `pip install -e '.[peers]'`; one that is not there is a
row that says so.
"""

import dataclasses
import importlib.util
import json
from pathlib import Path
from typing import Literal

from rich.table import Column, Table

from benchmarks.measure import devices, harness, rows
from benchmarks.measure.ratios import ratio
from dcgan.config import SIZES
from gan_core import checks
from gan_core.app.command_line import run

PACKAGES = {
    "keras": ["keras", "tensorflow"],
    "pytorch": ["torch"],
    "pytorch-best": ["torch"],
    "pytorch-compiled": ["torch"],
    "jax-jit": ["jax", "optax"],
    "jax-scan": ["jax", "optax"],
}  # name -> needs
TOY_ONLY = ("jax-jit", "jax-scan")


@dataclasses.dataclass(frozen=True)
class Config:
    step: Literal["dcgan", "toy"] = "dcgan"
    """dcgan: the networks of Radford et al. 2015; toy: two hidden layers each, on numbers"""
    only: tuple[str, ...] = ()
    (
        "peers to measure, of keras, pytorch, pytorch-best, pytorch-compiled and, for the toy step, jax-jit, jax-scan; "
        "none named: all"
    )
    batch_size: int = 128
    """samples in a batch, real and generated each"""
    size: int = 64
    """dcgan: pixels of a picture, each way: 32, 64 or 128"""
    width: int = 64
    """dcgan: channels at the pictures' end of both networks"""
    latent_dim: int = 100
    """dcgan: numbers in z"""
    hidden: int = 32
    """toy: units in each hidden layer"""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    """dcgan: of the convolutions, in all libraries"""
    mode: Literal["xla", "graph", "eager"] | None = None
    """how this project's round is compiled; none: what it does by itself"""
    convolution: Literal["auto", "native", "subpixel", "winograd"] | None = None
    """dcgan: this project's convolutions; none: what it does by itself"""
    rounds: int | None = None
    """rounds in one window; none: 500 for toy, 1 for dcgan (on a GPU 100)"""
    windows: int = 20
    """windows measured of each contestant, after one to warm up"""
    out: Path = rows.RESULTS
    """folder; a line of JSON with all numbers is added to its peers.jsonl"""

    def __post_init__(self):
        for name in ("batch_size", "width", "latent_dim", "hidden", "windows"):
            checks.integer("Config", name, getattr(self, name), 1)
        checks.one_of("Config", "size", self.size, SIZES)
        if self.rounds is not None:
            checks.integer("Config", "rounds", self.rounds, 1)
        for name, default in (("precision", "float32"), ("convolution", None)):
            if self.step == "toy" and getattr(self, name) != default:
                raise ValueError(f"Config: {name} is for --step dcgan; the toy step is float32.")
        for name in self.only:
            checks.one_of("Config", "only", name, peers_of(self.step))


def peers_of(step: str) -> list[str]:
    return [name for name in PACKAGES if step == "toy" or name not in TOY_ONLY]


def commands(config: Config) -> dict[str, list[str]]:
    """name -> arguments after the Python interpreter, of all that --only asks for; ours first."""
    names = ["hidden"] if config.step == "toy" else ["size", "width", "latent_dim", "precision"]
    same = {"batch": config.batch_size, **{name: getattr(config, name) for name in names}}
    own = {
        name: getattr(config, name)
        for name in ("mode", "convolution")
        if getattr(config, name) is not None
    }
    peer = {**same, "step": config.step}
    found = {
        "ours": (f"contestants.ours_{config.step}_step", {**same, **own}),
        "keras": ("contestants.keras_step", peer),
        "pytorch": ("contestants.pytorch_step", {**peer, "tuned": "example"}),
        "pytorch-best": ("contestants.pytorch_step", {**peer, "tuned": "best"}),
        "pytorch-compiled": ("contestants.pytorch_step", {**peer, "tuned": "compiled"}),
        "jax-jit": ("contestants.jax_toy_step", {**same, "loop": "jit"}),
        "jax-scan": ("contestants.jax_toy_step", {**same, "loop": "scan"}),
    }
    wanted = {"ours", *(config.only or peers_of(config.step))}
    return {
        name: ["-m", f"benchmarks.{module}", json.dumps(options)]
        for name, (module, options) in found.items()
        if name in wanted
    }


def missing(name: str) -> str:
    """The package that this contestant needs and that is not installed; "" if it can run."""
    return next(
        (
            package
            for package in PACKAGES.get(name, [])
            if importlib.util.find_spec(package) is None
        ),
        "",
    )


def measure(config: Config) -> list[harness.Result]:
    """Ours first. ValueError if ours cannot run, or if the networks are not of one size."""
    # On a GPU each process would otherwise take all of the memory at once.
    shared = {
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "KERAS_BACKEND": "tensorflow",
    }
    present = {name: command for name, command in commands(config).items() if not missing(name)}
    rounds = devices.rounds_a_window(config.step, config.rounds)
    results = harness.in_turn(
        present,
        rounds,
        config.windows,
        with_facts=True,
        keep_going=True,
        environments=dict.fromkeys(present, shared),
    )
    if results[0].failed:
        raise ValueError(results[0].failed)
    for result in results:
        if not result.failed and result.facts["parameters"] != results[0].facts["parameters"]:
            checks.fail(
                "benchmarks.peers",
                f"{result.name}'s trainable parameters [G, D]",
                str(results[0].facts["parameters"]),
                str(result.facts["parameters"]),
            )
    return results


def main(config: Config) -> None:
    console, machine = rows.console(), devices.machine("auto")
    if reason := devices.why_not(config.precision, devices.find("auto")):
        raise ValueError(f"benchmarks.peers: {reason}.")
    rows.check_writable(config.out / "peers.jsonl")
    results = measure(config)
    ours = results[0]
    what = (
        f"two hidden layers of {config.hidden}"
        if config.step == "toy"
        else f"{config.size} x {config.size} pixels, width {config.width}, {config.precision}"
    )
    table = Table(
        *(
            Column(name, no_wrap=True)
            for name in (
                "",
                "ms a round",
                "times ours",
                "quartiles",
                "samples/s",
                "first window, s",
            )
        ),
        title=f"One round, {what}, batch {config.batch_size}, on {machine['device']}",
    )
    lines, notes = [], []
    for result in results:
        if result.failed:
            table.add_row(result.name, "cannot run")
            notes.append(result.failed)
            continue
        where = result.facts.get("device", "")
        if (where == "cpu") != (
            ours.facts.get("device", "") == "cpu"
        ):  # packages for a CPU beside packages for a GPU
            table.add_row(result.name, f"on {where or 'another device'}")
            notes.append(
                f"{result.name}: {result.facts['library']} sees {where} and ours {ours.facts.get('device')}; "
                "no ratio. Install them for one device: '.[gpu]' for TensorFlow, 'jax[cuda12]' for JAX."
            )
            continue
        versus = ratio(result.seconds, ours.seconds)
        table.add_row(
            result.name,
            f"{result.median * 1e3:.4g}",
            f"{versus.of_medians:.2f}",
            f"{versus.quartiles[0]:.2f} – {versus.quartiles[1]:.2f}",
            f"{config.batch_size / result.median:,.0f}",
            f"{result.first_call:.1f}",
        )
        told = [
            result.facts[fact] for fact in ("library", "device", "note") if fact in result.facts
        ]
        notes.append(f"{result.name}: {', '.join(told)}")
        lines.append(
            {
                "name": result.name,
                "median_seconds": result.median,
                "times_ours": versus.of_medians,
                "ratio_quartiles": versus.quartiles,
                "first_call_seconds": result.first_call,
                "window_seconds": result.seconds.tolist(),
                **{key: value for key, value in result.facts.items() if key != "from"},
            }
        )
    for name in commands(config):
        if missing(name):
            table.add_row(name, "not installed")
            notes.append(
                f"{name}: there is no {missing(name)} here. Get it with: pip install -e '.[peers]'"
            )
    console.print(table)
    options = {
        name: value
        for name, value in dataclasses.asdict(config).items()
        if name != "out" and value not in (None, ())
    }
    rows.keep(
        {"options": options, "machine": machine, "contestants": lines}, config.out / "peers.jsonl"
    )
    for note in [*notes, f"added to {config.out / 'peers.jsonl'}"]:
        console.print(note, highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.peers")
