# %% [markdown]
r"""
# 5. Ring and grid: a generator that drops modes, and one that does not

| | |
|---|---|
| **You need** | chapters 1 to 4 |
| **You get** | mode collapse seen and measured, five remedies with their reasons, $D$ as a field |
| **New in gan_core** | `augment.instance_noise`, `latent.NormalAndBits`, penalties with a schedule |
| **Run it** | `python -m toy.ch05_ring_and_grid`, `--target ring`; `--table` for the table (two hours) |
| **Time** | about two minutes on two CPU cores |

The lab that this book replaces ends its toys with one normal, which one affine $G$ can be. Real data have islands, and
a $G$ that drops some suffers from *mode collapse*. On two targets of Lin et al. 2018 (PacGAN) it can be counted: the
*ring*, 8 normals of sd 0.01 on a circle of radius 1, and the *grid*, 25 of sd 0.05 at $\{-4, -2, 0, 2, 4\}^2$.

Count, over 2,500 samples, the **modes** with a sample within 3 sd; the share of samples within 3 sd of a mode (**high
quality**: 98.89 % for a perfect sampler, and more is no merit); the **reverse KL** of the modes' shares $q_k$ of these
from the true $w_k$, $\sum q_k \log(q_k / w_k)$; and the **sd ratio**, a mode's spread over the true one.
"""

# %%
import dataclasses
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import augment, checks, losses, penalties, rng
from gan_core.app.command_line import run
from gan_core.data import stream
from gan_core.latent import NormalAndBits
from gan_core.nn.initializers import he_normal
from gan_core.nn.mlp import mlp, standardise, unstandardise
from gan_core.nn.sequential import Sequential
from gan_core.optim import schedules
from gan_core.optim.optimizers import Adam
from gan_core.runs.loop import every, fit
from gan_core.trainer import GANTrainer
from toy.measures import coverage, coverage_table
from toy.targets import by_name, distributions

SAMPLES = 2_500


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides a run. The defaults are the full recipe; `PLAIN` has none of it."""

    target: str = "grid"
    """ring, grid, ring-of-12, grid-4x4, unequal-ring, unequal-grid, two-moons, swiss-roll or checkerboard"""
    steps: int = 10_000
    """rounds: each a step of D, then one of G"""
    batch: int = 128
    """samples in a batch, real and generated each"""
    loss: str = "relativistic"
    """minimax, non-saturating, least-squares, hinge, wasserstein or relativistic"""
    latent_dim: int = 2
    """normal numbers in z"""
    bits: int = 12
    """coin flips of -1 or 1 that stand behind them"""
    width: int = 128
    """units of each of the 3 hidden layers, in G and in D"""
    learning_rate: float = 1e-3
    """of both networks, for the first fifth of the run; then half a cosine down to 0"""
    gamma: float = 0.03
    """R1 and R2 on the data at unit scale, at the start; 0: no penalty"""
    gamma_end: float = 1e-4
    """... and from four fifths of the run on"""
    noise: float = 0.5
    """sd of the noise on all that D sees, at unit scale, at the start; 0: none"""
    noise_end: float = 0.01
    """... and at half of the run, from where on there is none"""
    average: float = 0.995
    """decay of the moving average of G that is sampled; 0: G itself"""
    decay: bool = True
    """whether the learning rate falls"""
    seed: int = 0
    """of weights, data, z and noise"""
    mode: str = "xla"
    """xla, graph, or eager for stepping through in a debugger"""
    table: bool = False
    """run every ingredient on ring and grid over `seeds` seeds, and print the table"""
    seeds: int = 10
    """seeds of the table"""
    out: Path = Path("runs/ch05")
    """folder for the figures and the table's runs"""

    def __post_init__(self):
        owner = "Config"
        checks.one_of(owner, "target", self.target, by_name.BY_NAME)
        checks.one_of(owner, "loss", self.loss, losses.LOSSES)
        checks.one_of(owner, "mode", self.mode, ["xla", "graph", "eager"])
        for name, low in (
            ("steps", 1),
            ("batch", 1),
            ("latent_dim", 1),
            ("bits", 0),
            ("width", 1),
            ("seeds", 1),
        ):
            checks.integer(owner, name, getattr(self, name), low)
        for name in ("learning_rate", "gamma", "gamma_end", "noise", "noise_end"):
            checks.number(owner, name, getattr(self, name), 0.0, above=None if name in OFF else 0.0)
        checks.number(owner, "average", self.average, 0.0, below=1.0)


# %% [markdown]
r"""
## The recipe

Nothing in it knows the target's modes, their number or their sd; the data's mean and size, measured
on a sample, are all it is told. The plain GAN is the same networks with every ingredient off. Each is
there against one failure:

* **R1 and R2, falling**, against a D that turns into a cliff and play that circles (chapter 2):
  $\frac\gamma2 E\lVert\nabla D\rVert^2$ on real and on generated points.
* **The relativistic loss**, against G crowding where D's score is highest: G must beat the *real*
  logits and not a fixed bar, $\operatorname{mean} s(-(b - a))$.
* **Falling rates and an averaged G**, against the jitter of the last steps: a cosine to 0, and the
  average of G's last few hundred rounds.
* **Noise that fades**, against modes far apart, where G has no sample and so no gradient: both sides are
  blurred alike until they overlap, then sharpened.
* **Coin flips in z**, against bridges: a continuous G cannot tear what hangs together, as all values of a
  normal z do (chapter 4); 12 bits cut them into 4,096 pieces.
"""


# %%
def train(distribution, config: Config, hooks=()) -> GANTrainer:
    """Fit any distribution of the plane (`sample(n, seed) -> [n, 2]`). -> the trainer, sampling in its units."""
    known = distribution.sample(10_000, rng.seed(config.seed, "scale"))
    mean, scale = (
        tf.reduce_mean(known, axis=0),
        float(tf.sqrt(tf.reduce_mean(tf.math.reduce_variance(known, axis=0)))),
    )
    hidden = [config.width] * 3
    generator = Sequential(
        [
            mlp(
                [config.latent_dim + config.bits, *hidden, 2],
                seed=config.seed,
                name="G",
                initializer=he_normal,
            ),
            unstandardise(mean, scale),
        ],
        name="generator",
    )
    discriminator = Sequential(
        [
            standardise(mean, scale),
            mlp([2, *hidden, 1], seed=config.seed, name="D", initializer=he_normal),
        ],
        name="discriminator",
    )

    rate = config.learning_rate
    if config.decay:
        rate = schedules.cosine_decay(rate, config.steps, start=config.steps // 5)
    trainer = GANTrainer(
        generator,
        discriminator,
        loss=losses.by_name(config.loss),
        seed=config.seed,
        latent=NormalAndBits(config.latent_dim, config.bits),
        g_optimizer=Adam(rate, beta_1=0.0, beta_2=0.999),
        d_optimizer=Adam(rate, beta_1=0.0, beta_2=0.999),
        penalty=falling_penalties(config, scale),
        augment=fading_noise(config, scale),
        average=config.average or None,
        mode=config.mode,
    )
    fit(
        trainer,
        stream(distribution.sample, config.batch, config.seed),
        config.steps,
        log_every=config.steps,
        hooks=hooks,
    )
    return trainer


def falling_penalties(config, scale):
    """R1 and R2 for data of this scale: gradients there are 1/scale those at unit scale."""
    if config.gamma == 0.0:
        return None
    gamma = schedules.geometric_decay(
        config.gamma * scale**2, max(1, config.steps * 4 // 5), final=config.gamma_end * scale**2
    )
    return [penalties.r1(gamma), penalties.r2(gamma)]


def fading_noise(config, scale):
    """Instance noise that falls by the same factor each round, and ends at half of the run."""
    if config.noise == 0.0:
        return None
    end = max(1, config.steps // 2)
    falling = schedules.geometric_decay(config.noise * scale, end, final=config.noise_end * scale)
    return augment.instance_noise(lambda step: tf.where(step < end, falling(step), 0.0))


# %% [markdown]
r"""
## Seeing it

`watch` counts what the samples cover while G trains. A mode that was found can be lost again, and a lost one come
back: nothing in G's loss at the samples it has now speaks of the places where it has none.
"""


# %%
def watch(distribution, config, times: int = 40):
    """Train; -> the trainer and a list of (round, samples, Coverage or None), `times` of them."""
    seen = []

    def look(trainer, row):
        samples = trainer.sample(SAMPLES)
        seen.append((int(row["step"]), samples, coverage.of(samples, distribution)))

    trainer = train(distribution, config, hooks=[every(max(1, config.steps // times), look)])
    return trainer, seen


# %% [markdown]
r"""
## Adding one ingredient at a time

Each row of the table (it is in the README) adds to the row before it. Penalties and the relativistic loss find more of
the grid's modes; falling rates and the average stop the circling around them (24 to 51 % high quality); coin flips take
the threads away (98 %). That the noise helps, ten seeds do not show. (Others' rows: `toy.measures.published`.)
"""

# %%
OFF = {
    "loss": "non-saturating",
    "gamma": 0.0,
    "average": 0.0,
    "decay": False,
    "noise": 0.0,
    "bits": 0,
}
INGREDIENTS = (
    ("+ R1 and R2", ["gamma"]),
    ("+ relativistic loss", ["loss"]),
    ("+ falling rates, average", ["decay", "average"]),
    ("+ fading noise", ["noise"]),
    ("+ coin flips (full)", ["bits"]),
)


def ablation(config: Config) -> dict[str, Config]:
    """The rows of the table: from everything off to the config itself, one ingredient after the other."""
    off = dict(OFF)
    rows = {"plain GAN": dataclasses.replace(config, **off)}
    for name, fields in INGREDIENTS:
        for field in fields:
            del off[field]
        rows[name] = dataclasses.replace(config, **off)
    return rows


def measure(config: Config) -> dict:
    """Train on config.target and count. -> the Coverage's values, and the seconds it took, compiling included."""
    start, distribution = time.perf_counter(), by_name.BY_NAME[config.target]()
    samples = train(distribution, config).sample(SAMPLES)
    return {
        "seconds": time.perf_counter() - start,
        **dataclasses.asdict(coverage.of(samples, distribution)),
    }


def table(config: Config) -> None:
    """Every row on ring and grid over all seeds; what was measured before is not run again."""
    cells = {
        (name, target): [
            dataclasses.replace(row, target=target, seed=seed) for seed in range(config.seeds)
        ]
        for name, row in ablation(config).items()
        for target in ("ring", "grid")
    }
    wanted = [one for runs in reversed(cells.values()) for one in runs]  # the full recipe first
    found = dict(
        zip(
            wanted, coverage_table.run_all(measure, wanted, config.out / "table.jsonl"), strict=True
        )
    )
    rows = {
        name: {target: [found[one] for one in cells[name, target]] for target in ("ring", "grid")}
        for name in ablation(config)
    }
    perfect = {
        target: coverage.perfect_sampler(by_name.BY_NAME[target](), SAMPLES)
        for target in ("ring", "grid")
    }
    coverage_table.show(rows, perfect)


# %% [markdown]
r"""
## Run it

Two runs: the plain GAN and the full recipe. *Notice* in the first figure the plain GAN's threads between modes, and
that its count of modes goes up and *down*; in the second (arrows: where $D$ pushes samples) that $D$ is all but flat
wherever the full recipe is right. It need not say one half there: the relativistic loss knows differences alone.
"""


# %%
def main(config: Config) -> None:
    """What the chapter shows, or the table alone."""
    if config.table:
        table(config)
        return
    from gan_core.app import plots  # drawing libraries are slow to import
    from toy.figures import plane_plots as plane

    distribution = by_name.BY_NAME[config.target]()
    real = distribution.sample(SAMPLES, rng.seed(config.seed, "shown")).numpy()
    runs = {}
    for name, one in {"plain GAN": ablation(config)["plain GAN"], "full recipe": config}.items():
        start = time.perf_counter()
        runs[name] = watch(distribution, one)
        print(
            f"{config.target}, {name}: {one.steps:,} rounds in {time.perf_counter() - start:.0f} s"
        )
        _, samples, counts = runs[name][1][-1]
        print(f"  {counts or ''}\n  {by_name.distance(samples, distribution)}")
    plots.save(plane.over_time(runs, real), config.out / f"{config.target}_over_time.png")
    plots.save(plane.fields_of_d(runs, real), config.out / f"{config.target}_field_of_d.png")
    frames = [(step, samples[:1000]) for step, samples, _ in runs["full recipe"][1]]
    plane.save_animation(plane.animation(frames, real), config.out / f"{config.target}.gif")


# %% [markdown]
r"""
## Exercises

1. A sampler is perfect but for one mode of the grid, which it never makes. Which of the four numbers tell?
2. Shrink a perfect sampler's samples half way to their modes. Which number praises it, which finds it out?
3. Take the coin flips away (`--bits 0`). Where do the samples lie that are not of high quality?
"""


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_1(n: int = 20_000) -> coverage.Coverage:
    """The count alone, 24. The reverse KL is log(25/24) = 0.041, that of the best published; the others are perfect."""
    grid = distributions.grid()
    return coverage.of(
        distributions.gaussian_mixture(grid.modes[:-1], grid.sd).sample(n, rng.seed(0, "24")), grid
    )


def solution_2(n: int = 20_000) -> coverage.Coverage:
    """High quality goes up to 100 %, and the sd ratio down to 0.5 / 0.9744 = 0.51 (3 sd cut nothing off now)."""
    grid = distributions.grid()
    return coverage.of(
        distributions.gaussian_mixture(grid.modes, grid.sd / 2).sample(n, rng.seed(0, "half")), grid
    )


def solution_3(config: Config) -> float:
    """On threads between neighbouring modes. -> the share of bad samples within 0.2 of a line of the grid."""
    grid = distributions.grid()
    samples = train(grid, dataclasses.replace(config, bits=0)).sample(SAMPLES)
    off = np.abs(samples - 2.0 * np.round(samples / 2.0))  # how far from a mode, each way
    bad = np.hypot(*off.T) > 3.0 * grid.sd
    return float(np.mean(off[bad].min(axis=1) < 0.2))


# %%
if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[1].lstrip("# "), "python -m toy.ch05_ring_and_grid")
