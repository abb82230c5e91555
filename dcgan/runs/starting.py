"""A new run that starts from the networks of another run's best epoch."""

from __future__ import annotations

from pathlib import Path

from dcgan.config import Config, of_run
from dcgan.data import labels
from dcgan.runs import widening
from gan_core import checks, rng
from gan_core.runs import checkpoint
from gan_core.runs.run_folder import RunFolder
from gan_core.trainer import GANTrainer

NETWORKS = ("generator/", "average/model/", "discriminator/")  # how a checkpoint's names begin
OF_NETWORKS = ("network", "size", "latent_dim", "minibatch_std", "filtered", "styled", "colours")
SAME_NETWORKS = f"a run of the same {', '.join(OF_NETWORKS[:-1])} and {OF_NETWORKS[-1]}"
LEAVE_OUT = "Leave out these options; then they are that run's."


def check_networks(config: Config) -> None:
    """Check that a new run has the networks of the run that it starts from, or wider ones.

    Args:
        config: the new run's.

    Raises:
        ValueError: if it has others, or a width that is no multiple of that run's.
    """
    if config.start_from is None or config.resume is not None:
        return
    there = of_run(config.start_from)
    other = [
        f"{name} {getattr(there, name)} and not {getattr(config, name)}"
        for name in OF_NETWORKS
        if getattr(there, name) != getattr(config, name)
    ]
    if other:
        came = f"{config.start_from}, which has {', '.join(other)}"
        checks.fail("Config", "start_from", SAME_NETWORKS, came, LEAVE_OUT)
    for option, network, old, new in (
        ("width", "D", there.width, config.width),
        ("g_width", "G", there.width_of_g, config.width_of_g),
    ):
        if new % old:
            wanted = f"a multiple of {old}, the width of {network} in {config.start_from}"
            checks.fail("Config", option, wanted, str(new))


def check_labels(config: Config, label_set: labels.LabelSet | None) -> None:
    """Check that both runs have the same labels: networks know only the labels of their run."""
    if config.start_from is None or config.resume is not None:
        return
    there = labels.read(config.start_from)
    if _identity(there) == _identity(label_set):
        return
    wanted = f"a run with the labels of this one: {_in_words(label_set)}"
    came = f"{config.start_from}, which has {_in_words(there)}"
    checks.fail("Config", "start_from", wanted, came, "Start a new run without it.")


def start_from(config: Config, trainer: GANTrainer, run: RunFolder | None) -> None:
    """Set G, D and G's average to those of another run's best epoch.

    Adam's moments and the count of rounds start at 0. If a network is wider than that run's, its
    channels are copies (`dcgan.runs.widening`), and it computes the same up to rounding.

    Args:
        config: the new run's config; start_from names the other run, None: nothing is done.
        trainer: the new run's trainer.
        run: the new run's folder; nothing is done if it has a checkpoint already. None: a worker
            that writes no files.

    Raises:
        ValueError: if the other run has no best epoch, or other networks.
    """
    if config.start_from is None or (run is not None and run.latest() is not None):
        return
    file = Path(config.start_from) / "checkpoints" / "best.npz"
    if not file.exists():
        checks.fail("Config", "start_from", "a run with a best epoch", str(config.start_from))
    arrays, _ = checkpoint.read(file)
    readings = {
        "generator/": widening.readings(trainer.generator),
        "discriminator/": widening.readings(trainer.discriminator),
    }
    readings["average/model/"] = readings["generator/"]
    for name, variable in trainer.state().items():
        if not name.startswith(NETWORKS):
            continue
        there = name
        if there not in arrays:  # a run that kept no average
            there = name.replace("average/model/", "generator/")
        owner = next(prefix for prefix in NETWORKS if name.startswith(prefix))
        path = name.removeprefix(owner)
        reading = readings[owner].get(path)
        array = arrays.get(there)
        shape = tuple(variable.shape)
        if array is None or not widening.fits(array.shape, shape, reading):
            checks.fail("Config", "start_from", SAME_NETWORKS, str(config.start_from), LEAVE_OUT)
        shares = rng.seed(config.seed, f"widening {path}")  # those of the average are G's
        variable.assign(widening.widened(array, shape, reading, shares))


def _identity(label_set: labels.LabelSet | None) -> list:
    """Factors and values in order; the networks' embedding tables depend on the order."""
    return [] if label_set is None else list(label_set.identity().items())


def _in_words(label_set: labels.LabelSet | None) -> str:
    if label_set is None:
        return "none"
    factors = label_set.identity().items()
    return "; ".join(f"{name} ({', '.join(values[:20])})" for name, values in factors)
