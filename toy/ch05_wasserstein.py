# %% [markdown]
r"""
@OPENING@
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import checks, data, latent, losses, metrics, penalties, rng
from gan_core.app import command_line, plots, tables
from gan_core.nn.mlp import mlp, standardise
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import Adam
from gan_core.runs import loop
from gan_core.trainer import GANTrainer
from toy.measures.coverage_table import mean_and_error
from toy.targets.distributions import gaussian_mixture

JUDGED = 5_000  # samples with which a critic is judged


@dataclasses.dataclass(frozen=True)
class Config:
    """The data, the networks, and how the critic is kept from becoming too steep."""

    centers: tuple[float, ...] = (7.0, 10.0, 13.0)
    """of the data's normals, which all have one weight; each from -100 to 100"""
    sd: float = 0.4
    """standard deviation of each of them, from 0.01 to 100"""
    penalty: float = 10.0
    """weight of the gradient penalty, from 0 to 1,000"""
    d_steps: int = 5
    """steps of the critic in a round, from 1 to 100"""
    steps: int = 1500
    """rounds, each with one step of G, from 1 to 1,000,000"""
    critic_steps: int = 1000
    """training steps of a critic against samples that stay fixed, from 1 to 1,000,000"""
    batch: int = 128
    """samples in a batch, real and generated each, from 1 to 100,000"""
    hidden: int = 64
    """units in each of the two hidden layers, of G and of the critic, from 1 to 4,096"""
    learning_rate: float = 0.001
    """of both networks, which move by Adam, from 0 to 1"""
    seed: int = 0
    """of weights, data and z, from 0 to 2^32"""
    seeds: int = 5
    """how many seeds the tables are over, counted from `seed`; from 1 to 1,000"""
    out: Path = Path("runs/ch05")
    """folder for the figures"""

    def __post_init__(self):
        gaussian_mixture(self.centers, self.sd)
        checks.number("Config", "sd", self.sd, 0.01, 100.0)
        for center in self.centers:
            checks.number("Config", "centers", center, -100.0, 100.0)
        for name in ("steps", "critic_steps"):
            checks.integer("Config", name, getattr(self, name), 1, 10**6)
        checks.integer("Config", "d_steps", self.d_steps, 1, 100)
        checks.integer("Config", "batch", self.batch, 1, 10**5)
        checks.integer("Config", "hidden", self.hidden, 1, 4096)
        checks.integer("Config", "seed", self.seed, 0, 2**32)
        checks.integer("Config", "seeds", self.seeds, 1, 1000)
        checks.number("Config", "penalty", self.penalty, 0.0, 1000.0)
        checks.number("Config", "learning_rate", self.learning_rate, 0.0, 1.0)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 5, Wasserstein: a distance that never saturates.", "python -m toy.ch05_wasserstein"
    )

# %% [markdown]
r"""
@TWOLINES@
"""

# %%
if __name__ == "__main__":
    from toy.figures import transport_plots  # drawing libraries are slow to import

    shifts = np.linspace(-2.0, 2.0, 201)
    js = np.where(shifts == 0.0, 0.0, np.log(2.0))
    plots.show(
        transport_plots.two_lines(shifts, js, np.abs(shifts)),
        config.out / "two_lines.png",
        caption="@CAP1@",
        alt="@ALT1@",
    )

# %% [markdown]
r"""
@TRANSPORT@
"""


# %%
def cheapest_pairing(x, y):
    """The smallest mean distance over all n! ways to pair the numbers x [n] with y [n]."""
    costs = [np.mean(np.abs(x - np.array(order))) for order in itertools.permutations(y)]
    return min(costs)


def w1_by_sorting(x, y):
    """The mean distance when the smallest is paired with the smallest, and so on: x [n], y [n]."""
    return np.mean(np.abs(np.sort(x) - np.sort(y)))


# %%
if __name__ == "__main__":
    x = rng.normal([7], rng.seed(config.seed, "seven points")).numpy()
    y = 3.0 + 2.0 * rng.normal([7], rng.seed(config.seed, "seven other points")).numpy()
    print(f"best of 5,040 pairings  {cheapest_pairing(x, y):.6f}")
    print(f"sorted pairing          {w1_by_sorting(x, y):.6f}")
    print(f"metrics.wasserstein_1   {metrics.wasserstein_1(x, y):.6f}")

# %% [markdown]
r"""
@CDF@
"""


# %%
def share_below(samples, x):
    """The share of the samples [n] that lie at or below each x [k]: the distribution function F."""
    return np.searchsorted(np.sort(samples), x, side="right") / len(samples)


def best_critic(real, fake, x):
    """The critic of slope sign(F_fake - F_real) on the grid x [k], with the value 0 at x[0]."""
    slope = np.sign(share_below(fake, x) - share_below(real, x))
    steps = slope[:-1] * np.diff(x)
    return np.concatenate([[0.0], np.cumsum(steps)])


def gap_of(f, x, real, fake):
    """mean f(real) - mean f(fake) for a critic that is given by its values f on the grid x."""
    return np.mean(np.interp(real, x, f)) - np.mean(np.interp(fake, x, f))


# %%
if __name__ == "__main__":
    real = gaussian_mixture(config.centers, config.sd).sample(JUDGED, rng.seed(config.seed, "real"))
    real = real[:, 0].numpy()
    wide = gaussian_mixture([float(np.mean(real))], 3.0)
    fake = wide.sample(JUDGED, rng.seed(config.seed, "wide"))[:, 0].numpy()
    x = np.linspace(min(real.min(), fake.min()), max(real.max(), fake.max()), 20_001)
    f = best_critic(real, fake, x)
    print(f"W1 of the samples                {metrics.wasserstein_1(real, fake):.4f}")
    print(f"mean f(real) - mean f(fake)      {gap_of(f, x, real, fake):.4f}")
    plots.show(
        transport_plots.distribution_functions(
            x, share_below(real, x), share_below(fake, x), f
        ),
        config.out / "best_critic.png",
        caption="@CAP2@",
        alt="@ALT2@",
    )

# %% [markdown]
r"""
@PENALTY@
"""


# %%
def networks(config, real, seed):
    """G: z [B, 1] -> [B, 1], and the critic: [B, 1] -> scores [B, 1]; real [n] sets its scale."""
    layers = [config.hidden, config.hidden, 1]
    generator = mlp([1, *layers], seed=seed, name="generator")
    hidden_layers = mlp([1, *layers], seed=seed, name="critic")
    critic = Sequential([standardise(real.mean(), real.std()), hidden_layers])
    return generator, critic


def train_critic(config, real, fake, seed):
    """A critic that learns to tell real [n, 1] from fake [n, 1]; both stay as they are."""
    _, critic = networks(config, real, seed)
    variables = critic.trainable_variables
    optimizer = Adam(config.learning_rate, beta_1=0.0, beta_2=0.9).bind(variables)
    penalty = penalties.wasserstein_gradient_penalty(config.penalty)

    @tf.function
    def training_step(step):
        real_batch = batch_of(real, config.batch, rng.seed(seed, "real batch", step))
        fake_batch = batch_of(fake, config.batch, rng.seed(seed, "fake batch", step))
        with tf.GradientTape() as tape:
            tracked = penalties.Critic(critic)
            loss = losses.wasserstein_discriminator_loss(tracked(real_batch), tracked(fake_batch))
            loss += penalty(tracked, real_batch, fake_batch, rng.seed(seed, "between", step), step)
        optimizer.apply(tape.gradient(loss, variables), step)

    for step in tf.range(config.critic_steps, dtype=tf.int64):
        training_step(step)
    return critic


def batch_of(samples, size, seed):
    """`size` of the samples [n, 1], drawn with replacement."""
    return tf.gather(samples, rng.integers([size], seed, len(samples)))


def estimate(critic, real, fake):
    """mean f(real) - mean f(fake): what the critic takes for the distance."""
    return float(tf.reduce_mean(critic(real)) - tf.reduce_mean(critic(fake)))


def mean_slope(critic, real, fake):
    """The mean slope of the critic at random points between real and fake samples."""
    u = rng.uniform(real.shape, rng.seed(0, "between"))
    between = u * real + (1.0 - u) * fake
    squared = penalties.Critic(critic).squared_slopes(between)
    return float(tf.reduce_mean(tf.sqrt(squared)))


# %% [markdown]
r"""
@BIAS@
"""


# %%
def judge_critics(config, shifts):
    """For each shift w, critics of N(0, 1) and N(w, 1) over the seeds.

    -> rows: w, exact W1, estimate, prediction w (1 + w / (2 penalty)), estimate / mean slope.
    """
    rows = []
    for shift in shifts:
        estimates = []
        corrected = []
        exact = []
        for seed in range(config.seed, config.seed + config.seeds):
            fake = rng.normal([JUDGED, 1], rng.seed(seed, "around 0"))
            real = shift + rng.normal([JUDGED, 1], rng.seed(seed, "around the shift"))
            critic = train_critic(config, real.numpy(), fake.numpy(), seed)
            estimates.append(estimate(critic, real, fake))
            corrected.append(estimates[-1] / mean_slope(critic, real, fake))
            exact.append(metrics.wasserstein_1(real[:, 0], fake[:, 0]))
        predicted = shift * (1.0 + shift / (2.0 * config.penalty))
        rows.append(
            [
                f"{shift:g}",
                mean_and_error(exact),
                mean_and_error(estimates),
                f"{predicted:.2f}",
                mean_and_error(corrected),
            ]
        )
    return rows


# %%
if __name__ == "__main__":
    tables.show(
        ["shift w", "exact W₁", "critic's estimate", "w (1 + w / 2λ)", "estimate / mean slope"],
        judge_critics(config, [1.0, 4.0, 10.0]),
        caption="@CAPT1@",
    )

# %% [markdown]
r"""
@GAN@
"""


# %%
@dataclasses.dataclass(frozen=True)
class Game:
    """One way to train: a loss, steps of D in a round, and whether D is penalised."""

    loss: str
    d_steps: int
    penalised: bool


def games_of(config):
    """The three games that are compared."""
    return {
        f"Wasserstein, {config.d_steps} critic steps": Game("wasserstein", config.d_steps, True),
        "Wasserstein, 1 critic step": Game("wasserstein", 1, True),
        "non-saturating": Game("non-saturating", 1, False),
    }


def build(config, game, seed):
    """The trainer of one game, and the sampler of real batches."""
    target = gaussian_mixture(config.centers, config.sd)
    points = target.sample(JUDGED, rng.seed(seed, "5,000 points")).numpy()
    generator, discriminator = networks(config, points, seed)
    penalty = penalties.wasserstein_gradient_penalty(config.penalty) if game.penalised else None
    trainer = GANTrainer(
        generator,
        discriminator,
        latent=latent.Normal(1),
        loss=losses.by_name(game.loss),
        penalty=penalty,
        d_steps=game.d_steps,
        g_optimizer=Adam(config.learning_rate, beta_1=0.0, beta_2=0.9),
        d_optimizer=Adam(config.learning_rate, beta_1=0.0, beta_2=0.9),
        seed=seed,
    )
    return trainer, data.stream(target.sample, config.batch, seed)


def play(config, game, seed):
    """Train, and look every 25 rounds at 5,000 samples.

    -> name -> an array: `step`, the exact `w1`, minus D's loss as `reported`, the samples `fake`.
    """
    trainer, sampler = build(config, game, seed)
    target = gaussian_mixture(config.centers, config.sd)
    real = target.sample(JUDGED, rng.seed(seed, "real samples to look at"))
    z = trainer.latent(JUDGED, rng.seed(seed, "z to look at"))
    looks = []

    def look(trainer, row):
        fake = trainer.generator(z)
        d_loss = trainer.loss.discriminator(trainer.discriminator(real), trainer.discriminator(fake))
        looks.append(
            {
                "step": int(row["step"]),
                "w1": metrics.wasserstein_1(real[:, 0], fake[:, 0]),
                "reported": -float(d_loss),
                "fake": fake[:, 0].numpy(),
            }
        )

    loop.fit(trainer, sampler, config.steps, hooks=[loop.every(max(1, min(25, config.steps // 4)), look)])
    over_looks = {name: np.array([one[name] for one in looks]) for name in looks[0]}
    over_looks["real"] = real[:, 0].numpy()
    return over_looks


# %%
if __name__ == "__main__":
    seeds = range(config.seed, config.seed + config.seeds)
    runs = {
        name: [play(config, game, seed) for seed in seeds] for name, game in games_of(config).items()
    }
    plots.show(
        transport_plots.reported_and_true({name: looks[0] for name, looks in runs.items()}),
        config.out / "reported.png",
        caption="@CAP3@",
        alt="@ALT3@",
    )

# %% [markdown]
r"""
@READ@
"""


# %%
def rank_correlation(x, y):
    """The correlation of the ranks of x [n] and y [n]: 1 if they always rise and fall together."""
    return np.corrcoef(np.argsort(np.argsort(x)), np.argsort(np.argsort(y)))[0, 1]


def row_of(name, looks_of_seeds):
    """One game over its seeds, as a row of the table."""
    correlations = [rank_correlation(looks["reported"], looks["w1"]) for looks in looks_of_seeds]
    errors = [np.median(np.abs(looks["reported"] - looks["w1"])[-20:]) for looks in looks_of_seeds]
    ends = [np.median(looks["w1"][-20:]) for looks in looks_of_seeds]
    return [name, mean_and_error(correlations), mean_and_error(errors), mean_and_error(ends)]


# %%
if __name__ == "__main__":
    tables.show(
        ["game", "rank correlation of −(D's loss) with W₁", "|−(D's loss) − W₁| at the end", "W₁ at the end"],
        [row_of(name, looks) for name, looks in runs.items()],
        caption="@CAPT2@",
    )
    for name, looks_of_seeds in runs.items():
        print(name)
        for looks in looks_of_seeds:
            print([f"{int(s)}: {w:.2f}/{r:.2f}" for s, w, r in zip(looks["step"], looks["w1"], looks["reported"])][::6])

# %% [markdown]
r"""
@END@
"""
