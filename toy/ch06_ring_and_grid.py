# %% [markdown]
r"""
@OPENING@
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
import time
from pathlib import Path

import tensorflow as tf

from gan_core import augment, checks, losses, penalties, rng
from gan_core.app import command_line, plots, tables
from gan_core.data import stream
from gan_core.latent import NormalAndBits
from gan_core.nn.initializers import he_normal
from gan_core.nn.mlp import mlp, standardise, unstandardise
from gan_core.nn.sequential import Sequential
from gan_core.optim import schedules
from gan_core.optim.optimizers import Adam
from gan_core.runs.loop import every, fit
from gan_core.trainer import GANTrainer
from toy.measures import coverage, coverage_table, published
from toy.targets import by_name

SAMPLES = 2_500


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides a run. The defaults are the full recipe; `OFF` removes all of it."""

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
    """coin flips of -1 or 1 that z has besides; 0: none"""
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
    seeds: int = 1
    """seeds of the last table; more than 1: every recipe on ring and grid, one to two hours for 10"""
    mode: str = "xla"
    """xla, graph, or eager for stepping through in a debugger"""
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
        for name in ("gamma", "noise"):
            checks.number(owner, name, getattr(self, name), 0.0)
        for name in ("learning_rate", "gamma_end", "noise_end"):
            checks.number(owner, name, getattr(self, name), above=0.0)
        checks.number(owner, "average", self.average, 0.0, below=1.0)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config,
        "Chapter 6, ring and grid: mode collapse, and a recipe against it.",
        "python -m toy.ch06_ring_and_grid",
    )

# %% [markdown]
r"""
@PLAIN@
"""


# %%
def networks(config, mean, scale):
    """G: z [B, latent_dim + bits] -> [B, 2]; D: [B, 2] -> logits [B, 1]; both in the data's units."""
    hidden = [config.width] * 3
    inputs_of_g = config.latent_dim + config.bits
    g_layers = mlp([inputs_of_g, *hidden, 2], seed=config.seed, name="G", initializer=he_normal)
    d_layers = mlp([2, *hidden, 1], seed=config.seed, name="D", initializer=he_normal)
    generator = Sequential([g_layers, unstandardise(mean, scale)], name="generator")
    discriminator = Sequential([standardise(mean, scale), d_layers], name="discriminator")
    return generator, discriminator


def mean_and_scale(distribution, seed):
    """The mean [2] of 10,000 samples, and the root of the mean variance of their coordinates."""
    known = distribution.sample(10_000, rng.seed(seed, "scale"))
    mean = tf.reduce_mean(known, axis=0)
    variances = tf.math.reduce_variance(known, axis=0)
    return mean, float(tf.sqrt(tf.reduce_mean(variances)))


# %% [markdown]
r"""
@TRAIN@
"""


# %%
def train(distribution, config: Config, hooks=()) -> GANTrainer:
    """Fit any distribution of the plane (`sample(n, seed) -> [n, 2]`).

    -> the trainer, whose samples have the data's units.
    """
    mean, scale = mean_and_scale(distribution, config.seed)
    generator, discriminator = networks(config, mean, scale)
    rate = learning_rate(config)
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


def learning_rate(config):
    """Constant for a fifth of the run, then half a cosine down to 0; constant without `decay`."""
    if not config.decay:
        return config.learning_rate
    return schedules.cosine_decay(config.learning_rate, config.steps, start=config.steps // 5)


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
@WATCH@
"""


# %%
def watch(distribution, config, times: int = 40):
    """Train, and look about `times` times at 2,500 samples.

    -> the trainer, and a list of looks: (round, samples, Coverage or None).
    """
    looks = []

    def look(trainer, row):
        samples = trainer.sample(SAMPLES)
        looks.append((int(row["step"]), samples, coverage.of(samples, distribution)))

    hook = every(max(1, config.steps // times), look)
    trainer = train(distribution, config, hooks=[hook])
    return trainer, looks


def train_and_tell(title, config):
    """`watch` on the config's target, and a line about the last look. -> what `watch` gives."""
    distribution = by_name.BY_NAME[config.target]()
    start = time.perf_counter()
    trainer, looks = watch(distribution, config)
    seconds = time.perf_counter() - start
    print(f"{config.target}, {title}: {config.steps:,} rounds in {seconds:.0f} s")
    _, samples, counts = looks[-1]
    print(f"  {counts or ''}")
    print(f"  {by_name.distance(samples, distribution)}")
    return trainer, looks


# %% [markdown]
r"""
@RECIPES@
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


def recipes_of(config: Config) -> dict[str, Config]:
    """From everything off to the config itself, one ingredient after the other."""
    off = dict(OFF)
    recipes = {"plain GAN": dataclasses.replace(config, **off)}
    for name, fields in INGREDIENTS:
        for field in fields:
            del off[field]
        recipes[name] = dataclasses.replace(config, **off)
    return recipes


# %%
if __name__ == "__main__":
    recipes = recipes_of(config)
    target = by_name.BY_NAME[config.target]()
    real = target.sample(SAMPLES, rng.seed(config.seed, "shown")).numpy()
    runs = {"plain GAN": train_and_tell("plain GAN", recipes["plain GAN"])}

# %%
if __name__ == "__main__":
    from toy.figures import plane_plots  # drawing libraries are slow to import

    plots.show(
        plane_plots.over_time(runs, real),
        config.out / "plain_over_time.png",
        caption="@CAP1@",
        alt="@ALT1@",
    )

# %% [markdown]
r"""
@COUNT@
"""

# %% [markdown]
r"""
@PENALTY@
"""

# %%
if __name__ == "__main__":
    runs["+ R1 and R2"] = train_and_tell("+ R1 and R2", recipes["+ R1 and R2"])
    pair = {name: runs[name] for name in ("plain GAN", "+ R1 and R2")}
    plots.show(
        plane_plots.fields_of_d(pair, real),
        config.out / "penalty_field_of_d.png",
        caption="@CAP2@",
        alt="@ALT2@",
    )

# %% [markdown]
r"""
@RELATIVISTIC@
"""

# %%
if __name__ == "__main__":
    name = "+ relativistic loss"
    runs[name] = train_and_tell(name, recipes[name])
    pair = {name: runs[name] for name in ("+ R1 and R2", "+ relativistic loss")}
    plots.show(
        plane_plots.last_samples(pair, real),
        config.out / "relativistic.png",
        caption="@CAP3@",
        alt="@ALT3@",
    )

# %% [markdown]
r"""
@AVERAGE@
"""

# %%
if __name__ == "__main__":
    name = "+ falling rates, average"
    runs[name] = train_and_tell(name, recipes[name])
    pair = {name: runs[name] for name in ("+ relativistic loss", "+ falling rates, average")}
    plots.show(
        plane_plots.around_a_point(pair, real, real[0], half_width=0.1 * plane_plots.span_of(real)),
        config.out / "average.png",
        caption="@CAP4@",
        alt="@ALT4@",
    )

# %% [markdown]
r"""
@NOISE@
"""

# %%
if __name__ == "__main__":
    name = "+ fading noise"
    runs[name] = train_and_tell(name, recipes[name])
    noise = fading_noise(config, mean_and_scale(target, config.seed)[1])
    rounds = [0, config.steps // 8, config.steps // 4, config.steps // 2]
    seed = rng.seed(config.seed, "noise that is shown")
    seen_by_d = {f"round {step:,}": noise(real, seed, step).numpy() for step in rounds}
    plots.show(
        plane_plots.clouds(seen_by_d, plane_plots.span_of(real)),
        config.out / "noise.png",
        caption="@CAP5@",
        alt="@ALT5@",
    )

# %% [markdown]
r"""
@BITS@
"""

# %%
if __name__ == "__main__":
    name = "+ coin flips (full)"
    runs[name] = train_and_tell(name, recipes[name])
    pair = {name: runs[name] for name in ("+ fading noise", "+ coin flips (full)")}
    plots.show(
        plane_plots.last_samples(pair, real),
        config.out / "coin_flips.png",
        caption="@CAP6@",
        alt="@ALT6@",
    )

# %% [markdown]
r"""
@WHOLE@
"""

# %%
if __name__ == "__main__":
    ends = {name: runs[name] for name in ("plain GAN", "+ coin flips (full)")}
    plots.show(
        plane_plots.over_time(ends, real),
        config.out / f"{config.target}_over_time.png",
        caption="@CAP7@",
        alt="@ALT7@",
    )

# %%
if __name__ == "__main__":
    _, looks = runs["+ coin flips (full)"]
    frames = [(step, samples[:1000]) for step, samples, _ in looks]
    film = config.out / f"{config.target}.gif"
    plane_plots.save_animation(plane_plots.animation(frames, real), film)
    plots.show_file(
        film,
        caption="@CAP8@",
        alt="@ALT8@",
    )

# %% [markdown]
r"""
@ABLATION@
"""


# %%
def measure(config: Config) -> dict:
    """Train on config.target and count.

    -> the Coverage's values, and the seconds it took, compiling included.
    """
    distribution = by_name.BY_NAME[config.target]()
    start = time.perf_counter()
    samples = train(distribution, config).sample(SAMPLES)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, **dataclasses.asdict(coverage.of(samples, distribution))}


def table_over_seeds(config: Config) -> None:
    """Every recipe on ring and grid over all seeds; what was measured before is not run again."""
    places = []  # of each run in the table
    configs = []
    for name, recipe in reversed(recipes_of(config).items()):  # the full recipe first
        for target in ("grid", "ring"):
            for seed in range(config.seeds):
                places.append((name, target))
                configs.append(dataclasses.replace(recipe, target=target, seed=seed))
    measured = coverage_table.run_all(measure, configs, config.out / "table.jsonl")

    rows = {name: {"ring": [], "grid": []} for name in recipes_of(config)}
    for (name, target), line in zip(places, measured, strict=True):
        rows[name][target].append(line)
    perfect = {
        target: coverage.perfect_sampler(by_name.BY_NAME[target](), SAMPLES)
        for target in ("ring", "grid")
    }
    coverage_table.show(rows, perfect)


# %%
if __name__ == "__main__":
    tables.show(
        coverage_table.HEADINGS,
        coverage_table.last_looks(runs, target, SAMPLES),
        caption="@CAPT1@",
    )
    if config.seeds > 1:
        table_over_seeds(config)

# %% [markdown]
r"""
@AFTER@
"""

# %%
if __name__ == "__main__":
    tables.show(
        published.HEADINGS,
        published.cells_of(published.PACGAN),
        caption="@CAPT2@",
    )

# %% [markdown]
r"""
@END@
"""
