"""One round of training here and in other libraries, in turn in one run.

    python -m benchmarks.peers                  the DCGAN, about 6 minutes on two CPU cores
    python -m benchmarks.peers --step toy       two small perceptrons on one number
    python -m benchmarks.peers --only keras     this project and Keras alone
    python -m benchmarks.peers --dry-run        which contestants there would be; measures nothing

The networks, batch, data, and optimizer are the same, and every contestant makes both steps of a
round; the numbers of trainable parameters are checked to be equal. Each contestant runs in its own
process, and they are measured in turn, A B C A B C ... The result is the ratio: how many times as
long the other takes. The peers come with `pip install -e '.[peers]'`; one that is not installed has
a row that says so.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from rich.table import Column, Table

from benchmarks.measure import devices, harness, rows
from benchmarks.measure.command import check_picture_size, check_whole_numbers
from benchmarks.measure.ratios import Ratio, ratio
from gan_core import checks
from gan_core.app.command_line import run

PACKAGES = {
    "keras": ["keras", "tensorflow"],
    "pytorch": ["torch"],
    "pytorch-best": ["torch"],
    "pytorch-compiled": ["torch"],
    "jax-jit": ["jax", "optax"],
    "jax-scan": ["jax", "optax"],
}
"""What each peer needs."""
TOY_ONLY = ("jax-jit", "jax-scan")
ENVIRONMENT = {
    # On a GPU each process would otherwise take all of the memory at once.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "KERAS_BACKEND": "tensorflow",
}
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1"}
"""Of our small networks, as in chapters 3 to 5; PyTorch at its best has one thread for them too."""
SMALL = 64
"""Units of a hidden layer up to which one thread is faster than two: docs/benchmarks.md."""
COLUMNS = ("", "ms a round", "times ours", "quartiles", "samples/s", "first window, s")


@dataclasses.dataclass(frozen=True)
class Config:
    step: Literal["dcgan", "toy"] = "dcgan"
    """dcgan: the networks of Radford et al. 2015; toy: two perceptrons on numbers"""
    only: tuple[str, ...] = ()
    (
        "peers to measure, of keras, pytorch, pytorch-best, pytorch-compiled and, for the toy "
        "step, jax-jit, jax-scan; none named: all"
    )
    batch_size: int = 128
    """samples in a batch, real and generated each"""
    size: int = 64
    """dcgan: height and width of a picture in pixels: 32, 64, 96 or 128"""
    width: int = 64
    """dcgan: channels of both networks at full picture size"""
    latent_dim: int = 100
    """dcgan: numbers in z"""
    hidden: int = 32
    """toy: units in each hidden layer"""
    hidden_layers: int = 2
    """toy: hidden layers of each network"""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    """dcgan: precision of the convolutions, in all libraries"""
    mode: Literal["xla", "graph", "eager"] | None = None
    """how this project's round is compiled; none: its default"""
    convolution: Literal["auto", "native", "subpixel", "winograd"] | None = None
    """dcgan: this project's convolutions; none: its default"""
    rounds: int | None = None
    """rounds in one window; none: 500 for toy, 1 for dcgan (on a GPU 100)"""
    windows: int = 20
    """windows measured of each contestant, after one to warm up"""
    dry_run: bool = False
    (
        "measure nothing: print which contestants there would be, and check that every op of this "
        "project's round has a kernel for a GPU"
    )
    out: Path = rows.RESULTS
    """folder; a line of JSON with all numbers is added to its peers.jsonl"""

    def __post_init__(self):
        check_whole_numbers(
            self,
            "batch_size",
            "width",
            "latent_dim",
            "hidden",
            "windows",
            "rounds",
        )
        check_whole_numbers(self, "hidden_layers", high=100)
        check_picture_size(self)
        for name, default in (("precision", "float32"), ("convolution", None)):
            if self.step == "toy" and getattr(self, name) != default:
                raise ValueError(f"Config: {name} is for --step dcgan; the toy step is float32.")
        for name in self.only:
            checks.one_of("Config", "only", name, peers_of(self.step))


def peers_of(step: str) -> list[str]:
    """The names of the peers that have this step."""
    return [name for name in PACKAGES if step == "toy" or name not in TOY_ONLY]


def commands(config: Config) -> dict[str, list[str]]:
    """The contestants that --only asks for, ours first.

    Returns:
        name -> arguments after the Python interpreter.
    """
    names = ["size", "width", "latent_dim", "precision"]
    if config.step == "toy":
        names = ["hidden", "hidden_layers"]
    same = {"batch": config.batch_size}
    for name in names:
        same[name] = getattr(config, name)
    ours = dict(same)
    for name in ("mode", "convolution"):
        if getattr(config, name) is not None:
            ours[name] = getattr(config, name)
    peer = {**same, "step": config.step}
    every = {
        "ours": (f"ours_{config.step}_step", ours),
        "keras": ("keras_step", peer),
        "pytorch": ("pytorch_step", {**peer, "tuned": "example"}),
        "pytorch-best": ("pytorch_step", {**peer, "tuned": "best"}),
        "pytorch-compiled": ("pytorch_step", {**peer, "tuned": "compiled"}),
        "jax-jit": ("jax_toy_step", {**same, "loop": "jit"}),
        "jax-scan": ("jax_toy_step", {**same, "loop": "scan"}),
    }
    wanted = {"ours", *(config.only or peers_of(config.step))}
    found = {}
    for name, (module, options) in every.items():
        if name in wanted:
            found[name] = ["-m", f"benchmarks.contestants.{module}", json.dumps(options)]
    return found


def missing(name: str) -> str:
    """The package that a contestant needs and that is not installed; "" if it can run."""
    for package in PACKAGES.get(name, []):
        if importlib.util.find_spec(package) is None:
            return package
    return ""


def how_to_get(name: str) -> str:
    """What is said of a contestant whose package is not installed."""
    return f"{name}: there is no {missing(name)} here. Get it with: pip install -e '.[peers]'"


def measure(config: Config) -> list[harness.Result]:
    """All contestants that are installed, ours first.

    Raises:
        ValueError: ours cannot run, or the networks are not of one size.
    """
    present = {name: command for name, command in commands(config).items() if not missing(name)}
    results = harness.in_turn(
        present,
        devices.rounds_a_window(config.step, config.rounds),
        config.windows,
        with_facts=True,
        keep_going=True,
        environments=environments(config, present),
    )
    ours = results[0]
    if ours.failed:
        raise ValueError(ours.failed)
    for result in results:
        if not result.failed and result.facts["parameters"] != ours.facts["parameters"]:
            checks.fail(
                "benchmarks.peers",
                f"{result.name}'s trainable parameters [G, D]",
                str(ours.facts["parameters"]),
                str(result.facts["parameters"]),
            )
    return results


def environments(config: Config, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """The environment variables that each of these contestants gets."""
    found = dict.fromkeys(names, ENVIRONMENT)
    if config.step == "toy" and config.hidden <= SMALL:
        found["ours"] = {**ENVIRONMENT, **ONE_THREAD}
    return found


def main(config: Config) -> None:
    """Measure all contestants and show the table, or print which there would be."""
    if config.dry_run:
        show_plan(config)
        return
    console = rows.console()
    machine = devices.machine("auto")
    reason = devices.why_not(config.precision, devices.find("auto"))
    if reason is not None:
        raise ValueError(f"benchmarks.peers: {reason}.")
    path = config.out / "peers.jsonl"
    rows.check_writable(path)

    results = measure(config)
    ours = results[0]
    headings = [Column(name, no_wrap=True) for name in COLUMNS]
    table = Table(*headings, title=_title(config, machine["device"]))
    notes = []
    kept = []
    for result in results:
        if result.failed:
            table.add_row(result.name, "cannot run")
            notes.append(result.failed)
        elif not _on_like_devices(result, ours):
            table.add_row(result.name, f"on {result.facts.get('device') or 'another device'}")
            notes.append(_no_ratio(result, ours))
        else:
            versus = ratio(result.seconds, ours.seconds)
            table.add_row(result.name, *_cells(result, versus, config.batch_size))
            notes.append(_what_it_is(result))
            kept.append(_as_json(result, versus))
    for name in commands(config):
        if missing(name):
            table.add_row(name, "not installed")
            notes.append(how_to_get(name))
    console.print(table)
    rows.keep({"options": _options(config), "machine": machine, "contestants": kept}, path)
    for note in [*notes, f"added to {path}"]:
        rows.say(console, note)


def show_plan(config: Config) -> None:
    """Print the contestants that there would be, and check our round's ops for GPU kernels."""
    from benchmarks.contestants import dry_run

    console = rows.console()
    rounds = devices.rounds_a_window(config.step, config.rounds)
    rows.say(console, f"{config.windows} windows of each in turn, with rounds in each: {rounds}")
    for name, arguments in commands(config).items():
        if missing(name):
            rows.say(console, how_to_get(name))
        else:
            rows.say(console, f"{name}: {dry_run.command_line(arguments)}")
    if config.step == "toy":
        dry_run.check_toy(console, "benchmarks.peers", config.hidden, config.batch_size)
        return
    networks = {
        "size": config.size,
        "width": config.width,
        "latent_dim": config.latent_dim,
        "batch_size": config.batch_size,
    }
    convolution = config.convolution
    if convolution in (None, "auto"):
        convolution = "native"  # what auto is on a GPU
    kinds = [(config.precision, convolution)]
    dry_run.check_dcgan(console, "benchmarks.peers", networks, kinds)


def _title(config: Config, device: str) -> str:
    what = f"{config.size} x {config.size} pixels, width {config.width}, {config.precision}"
    if config.step == "toy":
        what = f"hidden layers: {config.hidden_layers} of {config.hidden}"
    return f"One round, {what}, batch {config.batch_size}, on {device}"


def _on_like_devices(result: harness.Result, ours: harness.Result) -> bool:
    """False where packages for a CPU were installed beside packages for a GPU."""
    on_a_cpu = result.facts.get("device", "") == "cpu"
    ours_on_a_cpu = ours.facts.get("device", "") == "cpu"
    return on_a_cpu == ours_on_a_cpu


def _no_ratio(result: harness.Result, ours: harness.Result) -> str:
    return (
        f"{result.name}: {result.facts['library']} sees {result.facts.get('device', '')} and ours "
        f"{ours.facts.get('device')}; no ratio. Install them for one device: "
        "pip install -e '.[gpu]' for TensorFlow, pip install 'jax[cuda12]' for JAX."
    )


def _cells(result: harness.Result, versus: Ratio, batch: int) -> list[str]:
    """What the table shows of a contestant after its name."""
    low, high = versus.quartiles
    return [
        rows.plain(1e3 * result.median),
        f"{versus.of_medians:.2f}",
        f"{low:.2f} – {high:.2f}",
        f"{batch / result.median:,.0f}",
        f"{result.first_call:.1f}",
    ]


def _what_it_is(result: harness.Result) -> str:
    known = [result.facts[fact] for fact in ("library", "device", "note") if fact in result.facts]
    return f"{result.name}: {', '.join(known)}"


def _as_json(result: harness.Result, versus: Ratio) -> rows.Row:
    facts = {key: value for key, value in result.facts.items() if key != "from"}
    return {
        "name": result.name,
        "median_seconds": result.median,
        "times_ours": versus.of_medians,
        "ratio_quartiles": versus.quartiles,
        "first_call_seconds": result.first_call,
        "window_seconds": result.seconds.tolist(),
        **facts,
    }


def _options(config: Config) -> rows.Row:
    """The config as it is kept: without what was not asked for."""
    kept = {}
    for name, value in dataclasses.asdict(config).items():
        if name not in ("out", "dry_run") and value not in (None, ()):
            kept[name] = value
    return kept


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.peers")
