"""One round of a small GAN on one number: this project and JAX's scan, in turn in one run.

    python -m benchmarks.toy_step

Both play the whole round (a real batch drawn, z drawn, a step of D, a step of G through the new D,
Adam twice, the losses kept), `rounds` of them in one compiled call, on whatever device their
library finds. JAX comes with `pip install -e '.[peers]'`.
"""

import dataclasses

from rich.console import Console
from rich.table import Table

from benchmarks import harness
from gan_core import checks
from gan_core.command_line import run


@dataclasses.dataclass(frozen=True)
class Config:
    hidden: int = 32
    """units in each of the 2 hidden layers"""
    batch: int = 128
    """samples in a batch"""
    rounds: int = 1000
    """rounds in one compiled call, which is one window"""
    windows: int = 20
    """windows measured of each contestant, after one to warm up"""
    peers: bool = True
    """measure JAX too"""

    def __post_init__(self):
        for name in ("hidden", "batch", "rounds", "windows"):
            checks.integer("Config", name, getattr(self, name), 1)


def main(config: Config) -> None:
    sizes = [str(config.hidden), str(config.batch)]
    contestants = {"gan_core": ["-m", "benchmarks.ours_toy_step", *sizes]}
    if config.peers:
        contestants["JAX scan + Optax"] = ["-m", "benchmarks.peers.jax_toy_step", *sizes]
    results = harness.in_turn(contestants, config.rounds, config.windows)
    table = Table("", "µs a round (median)", "quartiles", "ratio to gan_core", "first call, s",
                  title=f"Toy round, 2 × {config.hidden} units, batch {config.batch}, {config.rounds:,} rounds a call")
    for result in results:
        low, high = result.quartiles
        table.add_row(result.name, f"{result.median * 1e6:.0f}", f"{low * 1e6:.0f} – {high * 1e6:.0f}",
                      f"{result.median / results[0].median:.2f}", f"{result.first_call:.1f}")
    Console().print(table)


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.toy_step")
