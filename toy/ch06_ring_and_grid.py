# %% [markdown]
r"""
# 6. Ring and grid: a generator that drops modes, and one that does not

| | |
|---|---|
| **You need** | chapters 1 to 4 |
| **You get** | mode collapse seen and measured, five remedies with their reasons, $D$ as a field |
| **New in gan_core** | `augment.instance_noise`, `latent.NormalAndBits`, penalties with a schedule |
| **Run it** | `python -m toy.ch06_ring_and_grid`, `--target ring`; `--table` for the table (two hours) |
| **Time** | about two minutes on two CPU cores |

The lab that this book replaces ends its toys with one normal, which one affine $G$ can be. Real data have islands, and
a $G$ that drops some suffers from *mode collapse*. On two targets of Lin et al. 2018 (PacGAN) it can be counted: the
*ring*, 8 normals of sd 0.01 on a circle of radius 1, and the *grid*, 25 of sd 0.05 at $\{-4, -2, 0, 2, 4\}^2$.

Count, over 2,500 samples, the **modes** with a sample within 3 sd; the share of samples within 3 sd of a mode (**high
quality**: 98.89 % for a perfect sampler, and more is no merit); the **reverse KL** of the modes' shares $q_k$ of these
from the true $w_k$, $\sum q_k \log(q_k / w_k)$; and the **sd ratio**, a mode's spread over the true one.
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

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
    """Everything that decides a run. The defaults are the full recipe; `OFF` takes all of it away."""

    target: str = "grid"
    (
        "ring, grid, ring-of-12, grid-4x4, unequal-ring, unequal-grid, two-moons, swiss-roll or "
        "checkerboard"
    )
    steps: int = 10_000
    """rounds, each a step of D, then one of G; at least 1"""
    batch: int = 128
    """samples in a batch, real and generated each, at least 1"""
    loss: str = "relativistic"
    """minimax, non-saturating, least-squares, hinge, wasserstein or relativistic"""
    latent_dim: int = 2
    """normal numbers in z, at least 1"""
    bits: int = 12
    """coin flips of -1 or 1 that stand behind them in z; 0: none"""
    width: int = 128
    """units of each of the 3 hidden layers, in G and in D, at least 1"""
    learning_rate: float = 1e-3
    """of both networks for the first fifth of the run, then along half a cosine down to 0; above 0"""
    gamma: float = 0.03
    """weight of R1 and R2 at the start, for data of sd 1; at least 0, 0: no penalty"""
    gamma_end: float = 1e-4
    """the same from four fifths of the run on; above 0"""
    noise: float = 0.5
    """sd of the noise on all that D sees at the start, in sd of the data; at least 0, 0: none"""
    noise_end: float = 0.01
    """the same at half of the run, from where on there is none; above 0"""
    average: float = 0.995
    """decay of the moving average of G that is sampled, at least 0, below 1; 0: G itself"""
    decay: bool = True
    """whether the learning rate falls"""
    seed: int = 0
    """of weights, data, z and noise"""
    mode: str = "xla"
    """xla, graph, or eager for stepping through in a debugger"""
    table: bool = False
    """run every ingredient on ring and grid over `seeds` seeds, and print the table"""
    seeds: int = 10
    """seeds of the table, at least 1"""
    out: Path = Path("runs/ch06")
    """folder for the figures and the table's runs"""

    def __post_init__(self):
        owner = "Config"
        checks.one_of(owner, "target", self.target, by_name.BY_NAME)
        checks.one_of(owner, "loss", self.loss, losses.LOSSES)
        checks.one_of(owner, "mode", self.mode, ["xla", "graph", "eager"])
        for name in ("steps", "batch", "latent_dim", "width", "seeds"):
            checks.integer(owner, name, getattr(self, name), 1)
        checks.integer(owner, "bits", self.bits, 0)
        checks.number(owner, "learning_rate", self.learning_rate, above=0.0)
        for start, end in (("gamma", "gamma_end"), ("noise", "noise_end")):
            checks.number(owner, start, getattr(self, start), 0.0)
            checks.number(owner, end, getattr(self, end), above=0.0)
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
    """Fit any distribution of the plane (`sample(n, seed) -> [n, 2]`).

    -> the trainer, whose samples have the data's units.
    """
    known = distribution.sample(10_000, rng.seed(config.seed, "scale"))
    mean = tf.reduce_mean(known, axis=0)
    mean_variance = tf.reduce_mean(tf.math.reduce_variance(known, axis=0))
    scale = float(tf.sqrt(mean_variance))
    generator, discriminator = networks(config, mean, scale)
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
    sampler = stream(distribution.sample, config.batch, config.seed)
    fit(trainer, sampler, config.steps, log_every=config.steps, hooks=hooks)
    return trainer


def networks(config, mean, scale):
    """G: z [B, latent_dim + bits] -> [B, 2]; D: [B, 2] -> logits [B, 1]; both in the data's units."""
    hidden = [config.width] * 3
    inputs_of_g = config.latent_dim + config.bits
    g_layers = mlp([inputs_of_g, *hidden, 2], seed=config.seed, name="G", initializer=he_normal)
    d_layers = mlp([2, *hidden, 1], seed=config.seed, name="D", initializer=he_normal)
    generator = Sequential([g_layers, unstandardise(mean, scale)], name="generator")
    discriminator = Sequential([standardise(mean, scale), d_layers], name="discriminator")
    return generator, discriminator


def falling_penalties(config, scale):
    """R1 and R2 for data of this scale: gradients there are 1/scale those at unit scale."""
    if config.gamma == 0.0:
        return None
    end = max(1, config.steps * 4 // 5)
    first = config.gamma * scale**2
    last = config.gamma_end * scale**2
    gamma = schedules.geometric_decay(first, end, final=last)
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
    """Train. -> the trainer and about `times` looks, each (round, samples, Coverage or None)."""
    seen = []

    def look(trainer, row):
        samples = trainer.sample(SAMPLES)
        seen.append((int(row["step"]), samples, coverage.of(samples, distribution)))

    hook = every(max(1, config.steps // times), look)
    trainer = train(distribution, config, hooks=[hook])
    return trainer, seen


# %% [markdown]
r"""
## Adding one ingredient at a time

Each row of the table (it is in the README) adds to the row before it. The penalties find more of the grid's modes; that
the relativistic loss finds more still, ten seeds do not show (20.6 ± .9 against 21.0 ± .9, and the high quality falls
from 26.0 to 23.7 %). Falling rates and the average stop the circling around the modes (24 to 51 % high quality); coin
flips take the threads away (98 %). That the noise helps, ten seeds do not show either. What no ingredient mends: the
full recipe's sd ratio is .88 to .90, so its modes are about a tenth too narrow, which its high quality does not tell.
(Others' rows: `toy.measures.published`.)
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
    """Train on config.target and count.

    -> the Coverage's values, and the seconds it took, compiling included.
    """
    distribution = by_name.BY_NAME[config.target]()
    start = time.perf_counter()
    samples = train(distribution, config).sample(SAMPLES)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, **dataclasses.asdict(coverage.of(samples, distribution))}


def table(config: Config) -> None:
    """Every row on ring and grid over all seeds; what was measured before is not run again."""
    places = []  # of each run in the table
    configs = []
    for name, row in reversed(ablation(config).items()):  # the full recipe first
        for target in ("grid", "ring"):
            for seed in range(config.seeds):
                places.append((name, target))
                configs.append(dataclasses.replace(row, target=target, seed=seed))
    measured = coverage_table.run_all(measure, configs, config.out / "table.jsonl")

    rows = {name: {"ring": [], "grid": []} for name in ablation(config)}
    for (name, target), line in zip(places, measured, strict=True):
        rows[name][target].append(line)
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
    recipes = {"plain GAN": ablation(config)["plain GAN"], "full recipe": config}
    runs = {}
    for name, recipe in recipes.items():
        start = time.perf_counter()
        runs[name] = watch(distribution, recipe)
        seconds = time.perf_counter() - start
        print(f"{config.target}, {name}: {recipe.steps:,} rounds in {seconds:.0f} s")
        _, seen = runs[name]
        _, samples, counts = seen[-1]
        print(f"  {counts or ''}")
        print(f"  {by_name.distance(samples, distribution)}")
    plots.save(plane.over_time(runs, real), config.out / f"{config.target}_over_time.png")
    plots.save(plane.fields_of_d(runs, real), config.out / f"{config.target}_field_of_d.png")
    _, seen = runs["full recipe"]
    frames = [(step, samples[:1000]) for step, samples, _ in seen]
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
    """The count alone, 24. The reverse KL is log(25/24) = 0.041, that of the best published; the others
    are perfect."""
    grid = distributions.grid()
    one_lost = distributions.gaussian_mixture(grid.modes[:-1], grid.sd)
    return coverage.of(one_lost.sample(n, rng.seed(0, "24")), grid)


def solution_2(n: int = 20_000) -> coverage.Coverage:
    """High quality goes up to 100 %, and the sd ratio down to 0.5 / 0.9744 = 0.51 (3 sd cut nothing
    off now)."""
    grid = distributions.grid()
    shrunken = distributions.gaussian_mixture(grid.modes, grid.sd / 2)
    return coverage.of(shrunken.sample(n, rng.seed(0, "half")), grid)


def solution_3(config: Config) -> float:
    """On threads between neighbouring modes.

    -> the share of bad samples within 0.2 of a line of the grid."""
    grid = distributions.grid()
    samples = train(grid, dataclasses.replace(config, bits=0)).sample(SAMPLES)
    nearest = 2.0 * np.round(samples / 2.0)
    off = np.abs(samples - nearest)  # how far from a mode, each way
    distance = np.hypot(off[:, 0], off[:, 1])
    bad = distance > 3.0 * grid.sd
    from_line = off[bad].min(axis=1)
    return float(np.mean(from_line < 0.2))


# %%
if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[1].lstrip("# "), "python -m toy.ch06_ring_and_grid")
