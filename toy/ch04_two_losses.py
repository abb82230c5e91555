# %% [markdown]
r"""
# 4. Two losses: where a gradient dies, and what no loss tells

| | |
|---|---|
| **You need** | chapter 1 (the two losses of $G$, their gradients), chapter 3 (the trainer, Adam) |
| **You get** | $G$ with hidden layers on data with three modes, from a bad start: which loss gets away, and why |
| **New in gan_core** | `gradient_norms`, `metrics.wasserstein_1`, a learning rate that is a schedule |
| **Run it** | `python -m toy.ch04_two_losses`, or with `--head-start 0`, `--seeds 5`; `--help` lists the flags |
| **Time** | about 40 s on two CPU cores; each further seed as much again |

The data are three normals of sd 0.4, around 7, 10 and 13. $G$ starts near 0, far from all of them, and $D$ has
played 800 rounds alone before $G$ may move. So $D$ is sure, $D(G(z)) = 0.00006$: a bad start, made on purpose, of
the kind that a $D$ which learns faster than $G$ makes by itself.

$G$ minimises either the **minimax** loss, mean $\log(1 - D(G(z)))$, or the **non-saturating** one,
mean $-\log D(G(z))$; and it moves by plain gradient descent (SGD) or by Adam.

**Where the lab that this book replaces went wrong** (by numbers, below): it displays the first formula and trains
with the second (section 2); it says that minimax saturates where $D(G(z))$ is near 1, and it is near **0** (2);
and that a GAN fits "any distribution": its affine $G$ of a normal $z$ makes normals and nothing else, and no
continuous $G$ can leave a gap (section 4).
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
import math
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table

from gan_core import checks, data, game, latent, losses, metrics, rng
from gan_core.app import command_line
from gan_core.nn.mlp import mlp, standardise
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import SGD, Adam
from gan_core.runs import loop
from gan_core.trainer import GANTrainer
from toy.measures.coverage import coverage
from toy.targets.distributions import gaussian_mixture


@dataclasses.dataclass(frozen=True)
class Config:
    """The data, the losses that are compared, and how the players learn."""

    centers: tuple[float, ...] = (7.0, 10.0, 13.0)
    """of the data's normals, which all have one weight; each from -100 to 100"""
    sd: float = 0.4
    """standard deviation of each of them, from 0.01 to 100"""
    loss: tuple[str, ...] = ("minimax", "non-saturating")
    (
        "losses of G that are compared: minimax, non-saturating, least-squares, hinge, wasserstein or "
        "relativistic"
    )
    head_start: int = 800
    """rounds in which D alone learns, from 0 to 100,000"""
    steps: int = 4000
    """rounds after that, in which both learn, from 1 to 1,000,000"""
    batch: int = 128
    """samples in a batch, real and generated each, from 1 to 100,000"""
    hidden: int = 64
    """units in each of the two hidden layers, of G and of D, from 1 to 4,096"""
    latent_dim: int = 1
    """how many numbers z has, from 1 to 1,000"""
    sgd_learning_rate: float = 0.02
    """of G where it moves by SGD, from 0 to 1"""
    adam_learning_rate: float = 0.001
    """of G where it moves by Adam, from 0 to 1"""
    d_learning_rate: float = 0.0005
    """of D, which always moves by Adam, from 0 to 1"""
    seed: int = 0
    """of weights, data and z, from 0 to 2^32"""
    seeds: int = 1
    """how many seeds the table of section 3 is over, counted from `seed`; from 1 to 1,000"""
    out: Path = Path("runs/ch04")
    """folder for the figures"""

    def __post_init__(self):
        target(self)
        checks.number("Config", "sd", self.sd, 0.01, 100.0)
        for center in self.centers:
            checks.number("Config", "centers", center, -100.0, 100.0)
        for name in self.loss or ("",):
            losses.by_name(name)
        for name, least, most in (
            ("head_start", 0, 10**5),
            ("steps", 1, 10**6),
            ("batch", 1, 10**5),
            ("hidden", 1, 4096),
            ("latent_dim", 1, 1000),
            ("seed", 0, 2**32),
            ("seeds", 1, 1000),
        ):
            checks.integer("Config", name, getattr(self, name), least, most)
        for name in ("sgd_learning_rate", "adam_learning_rate", "d_learning_rate"):
            checks.number("Config", name, getattr(self, name), 0.0, 1.0)


def target(config):
    """The data's distribution."""
    return gaussian_mixture(config.centers, config.sd)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config,
        "Chapter 4, two losses: a mixture of normals, from a bad start.",
        "python -m toy.ch04_two_losses",
    )

# %% [markdown]
r"""
## 1. The players, and the head start

Both networks are multilayer perceptrons: weighted sums, with leaky rectifiers between. A learning rate may be any
function of the round, so the head start is a rate of $G$ that is 0 at first. `gradient_norms=True` makes the
trainer report the size of $G$'s gradient, over all of its weights, round by round.
"""


# %%
def build(config, loss, optimizer):
    """The trainer for one of G's losses, with G moved by "SGD" or "Adam".

    -> the trainer, and the sampler of real batches.
    """
    points = target(config).sample(5000, rng.seed(config.seed, "5,000 points")).numpy()
    layers = [config.hidden, config.hidden, 1]
    generator = mlp([config.latent_dim, *layers], seed=config.seed, name="generator")
    features = standardise(points.mean(), points.std())
    hidden_layers = mlp([1, *layers], seed=config.seed, name="discriminator")
    discriminator = Sequential([features, hidden_layers])
    full = config.adam_learning_rate if optimizer == "Adam" else config.sgd_learning_rate

    def rate(step):
        return tf.where(step < config.head_start, 0.0, full)

    if optimizer == "Adam":
        g_optimizer = Adam(rate, beta_1=0.5, beta_2=0.99)
    else:
        g_optimizer = SGD(rate)
    trainer = GANTrainer(
        generator,
        discriminator,
        latent=latent.Normal(config.latent_dim),
        loss=losses.by_name(loss),
        g_optimizer=g_optimizer,
        d_optimizer=Adam(config.d_learning_rate, beta_1=0.5, beta_2=0.99),
        gradient_norms=True,
        seed=config.seed,
    )
    return trainer, data.stream(target(config).sample, config.batch, config.seed)


def play(config, loss, optimizer):
    """Train, and look every 50 rounds. -> name -> its value at every look."""
    trainer, sampler = build(config, loss, optimizer)
    real = target(config).sample(5000, rng.seed(config.seed, "look"))[:, 0].numpy()
    z = trainer.latent(5000, rng.seed(config.seed, "look at z"))
    low = min(-3.0, *config.centers) - 1.0
    high = max(3.0, *config.centers) + 3.0
    x = np.linspace(low, high, 400, dtype=np.float32)
    looks = []

    def look(trainer, row):
        fake = trainer.generator(z)[:, 0].numpy()
        d = tf.sigmoid(trainer.discriminator(x[:, np.newaxis]))[:, 0]
        one = {**row, "fake": fake, "d": d, "distance": metrics.wasserstein_1(real, fake)}
        if "d_fake" not in row:  # a loss whose logits are no log-odds, as hinge, reports none
            one["d_fake"] = np.mean(tf.sigmoid(trainer.discriminator(fake[:, np.newaxis])))
        looks.append(one)

    rounds = config.head_start + config.steps
    hook = loop.every(max(1, min(50, rounds // 4)), look)
    loop.fit(trainer, sampler, rounds, hooks=[hook])
    over_looks = {name: np.array([one[name] for one in looks]) for name in looks[0]}
    over_looks["x"] = x
    over_looks["real"] = real
    return over_looks


def play_games(config):
    """Every loss with every optimizer. Draws what became of samples, gradients and losses.

    -> "loss, optimizer" -> looks.
    """
    from toy.figures import line_plots  # here: importing the chapter loads no plotting library

    games = {}
    for optimizer in ("SGD", "Adam"):
        for loss in config.loss:
            games[f"{loss}, {optimizer}"] = play(config, loss, optimizer)
    line_plots.densities_over_time(
        config.out / "densities.png", games, config.centers, config.head_start
    )
    line_plots.what_is_reported(config.out / "gradients.png", games, config.head_start)
    return games


# %%
if __name__ == "__main__":
    games = play_games(config)

# %% [markdown]
r"""
## 2. Where the gradient dies

Chapter 1: over the logit $b$ of a fake sample the minimax gradient is $-\sigma(b)$, the non-saturating one
$-(1 - \sigma(b))$. At $D(G(z)) = \sigma(b) = 0.00006$ they differ by a factor of 16,000. What does $G$ make of that?

*Notice* in the figures (the numbers in brackets are of five seeds):

- **By gradient descent minimax never leaves** (5 of 5). Its gradient is 0.0002 when $G$ may move at last, and falls
  to $10^{-10}$, as $D$ gets surer still. The non-saturating one has 3.7, and is there in no time.
- **With Adam minimax gets away as well** (5 of 5), now sooner (300 to 1,000 rounds), now later than the other loss
  (400 to 750). Adam scales each weight's step by the recent size of that weight's gradient, so a constant factor on
  all gradients changes nothing (epsilon apart). As long as all samples look equally fake, such a factor is all that
  the two losses differ by. So with Adam saturation hardly shows, which is worth knowing before one
  blames it. Not showing is not gone: with `--head-start 8000` the gradient is below Adam's epsilon of
  $10^{-8}$, and minimax stays with Adam too (3 of 3; exercise 2).
- Is the head start to blame? With `--head-start 0` minimax by gradient descent stays all the same (5 of 5), and with
  Adam both losses need *longer* (1,100 to 3,800 rounds, one run more than 4,000): $D$ must know something before it
  can teach. In this experiment a $D$ that is ahead does no harm to the loss that does not saturate; in larger ones it
  can (chapter 9).

## 3. What the losses do not say

`metrics.wasserstein_1` is the least mean distance by which the samples can be moved to become the data: it needs no $D$
and has the unit of $x$. Below, over `--seeds`, the medians: $D(G(z))$ and the size of $G$'s gradient when the head
start ends; in how many rounds $W_1$ falls to a tenth; $W_1$ at the end, with its range; the rank correlation of
$G$'s loss with $W_1$ over the rounds that $G$ plays (1: they fall together; 0: the loss says nothing); and the share
of samples in the gaps, more than 3 sd from each mode.
"""


# %%
def summary(looks, config):
    """One run in numbers.

    -> D(G(z)) and G's gradient when the head start ends, rounds until W1 is a tenth, W1 at the end,
    rank correlation of G's loss with W1, share of samples in the gaps.
    """
    after_head_start = np.searchsorted(looks["step"], config.head_start, side="right")
    start = max(0, after_head_start - 1)
    w1 = looks["distance"][start:]
    g_loss = looks["g_loss"][start:]
    near = np.flatnonzero(w1 <= 0.1 * w1[0])
    if len(near):
        rounds = looks["step"][start + near[0]] - looks["step"][start]
    else:
        rounds = np.inf
    correlation = np.corrcoef(ranks(g_loss), ranks(w1))[0, 1] if len(w1) > 2 else np.nan
    last = looks["fake"][-1][:, np.newaxis]
    within_3_sd = coverage(last, target(config).modes, config.sd).high_quality
    return [
        looks["d_fake"][start],
        looks["g_gradient_norm"][start],
        rounds,
        np.median(w1[-10:]),
        correlation,
        1 - within_3_sd,
    ]


def ranks(values):
    """The place of each value in the order of all: 0 for the smallest."""
    return np.argsort(np.argsort(values))


def judge_seeds(config, games):
    """A row for each loss and optimizer, over the seeds; the first seed's games are there already.

    -> "loss, optimizer" -> the summaries of all seeds.
    """
    rows = {title: [summary(looks, config)] for title, looks in games.items()}
    for seed in range(config.seed + 1, config.seed + config.seeds):
        one = dataclasses.replace(config, seed=seed)
        for title, row in rows.items():
            loss, optimizer = title.rsplit(", ", 1)
            row.append(summary(play(one, loss, optimizer), one))
    columns = ("D(G(z))", "gradient", "rounds", "W₁", "range", "corr.", "gaps")
    table = Table(
        Column("G's loss, optimizer", no_wrap=True),
        *columns,
        box=SIMPLE,
        pad_edge=False,
        collapse_padding=True,
    )
    for title, row in rows.items():
        d_fake, gradient, rounds, w1, correlation, gap = np.median(row, axis=0)
        w1_of_seeds = np.array(row)[:, 3]
        table.add_row(
            title,
            f"{d_fake:.0e}",
            f"{gradient:.0e}",
            f"{rounds:.0f}" if np.isfinite(rounds) else "never",
            f"{w1:.2f}",
            f"{w1_of_seeds.min():.2g}–{w1_of_seeds.max():.2g}",
            f"{correlation:.2f}",
            f"{gap:.1%}",
        )
    Console().print(table)
    return rows


def floor(config):
    """W1 for a perfect G (two samples of the data), and for the best affine G of a normal z."""
    first = target(config).sample(5000, rng.seed(config.seed, "1"))[:, 0].numpy()
    second = target(config).sample(5000, rng.seed(config.seed, "2"))[:, 0].numpy()
    z = rng.normal([5000], rng.seed(config.seed, "z")).numpy()
    mean = np.mean(first)
    sd = np.std(first)
    of_affine = [
        metrics.wasserstein_1(first, mean + scale * sd * z) for scale in np.linspace(0.5, 1.5, 41)
    ]
    return metrics.wasserstein_1(first, second), min(of_affine)


# %%
if __name__ == "__main__":
    judge_seeds(config, games)
    of_data, of_normal = floor(config)
    print(
        f"W1 of two samples of the data {of_data:.3f}; "
        f"of the data and the nearest normal {of_normal:.3f}"
    )

# %% [markdown]
r"""
*Notice.* Of the four runs the stuck one has the calmest and the smallest losses, $10^{-10}$ in size for $G$ and for
$D$, and $W_1 = 10$. In the others $G$'s loss is flat from round 1,200 on, while $W_1$ goes on to fall by a
third or more. Over five seeds the correlation is −0.4 for the non-saturating loss by SGD and +0.3 by Adam: not even
its sign is sure. A GAN's loss tells how one player does against the other, never how far both have come. Plot a
distance.

## 4. What G cannot be

- **Affine.** "Any distribution", says the lab, of $G(z) = \mu + wz$. That is a normal, and the nearest normal is at
  $W_1 = 0.62$ from these data. The networks get to 0.4 or 0.5: better, and far from the 0.03 of a perfect $G$.
- **In pieces.** 3 to 9 % of the samples lie in the gaps, where the data have 0.27 %. $D$ sees that (its dips in the
  lower row of `densities.png`), and $G$ cannot help it: the values of a normal $z$ are an unbroken line, a continuous
  $G$ maps them to an unbroken line, and whoever serves two modes serves the gap between them. $G$ can only hurry
  across (exercise 3), or be given a $z$ that is in pieces itself (chapter 6).

## Exercises

1. Why does the ratio of the two gradients, over all weights of $G$, come out as $1/D(G(z))$? Check it on a linear $D$.
2. Adam divides a gradient by its size. So where does it stop moving? Feed it gradients from $10^{-2}$ to $10^{-12}$.
3. $G(z)$ with $z \sim N(0, 1)$ is nowhere steeper than $L$, and as many of its samples lie below a gap of width 0.8 as
   above it. At least what share falls into the gap? Does it matter that $z$ is *normal*?
"""


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_1():
    """A sample's gradient is one direction times sigma(b) or 1 - sigma(b): if all b are alike, the
    ratio of the norms is (1 - sigma(b)) / sigma(b) = e^(-b), about 1 / D(G(z)) for a small D.

    -> (ratio, e^(-mean b)) of 3 D."""
    generator = mlp([1, 32, 32, 1], seed=0, name="generator")
    variables = generator.trainable_variables
    z = rng.normal([256, 1], rng.seed(0, "z"))
    found = []
    for shift in (2.0, 5.0, 10.0):

        def critic(x, shift=shift):
            return 0.1 * x[:, 0] - shift

        norms = {}
        for loss in (losses.NON_SATURATING, losses.MINIMAX):
            fake, tape = game.generate(generator, z)
            _, row = game.generator_gradients(
                loss, critic, None, fake, tape, variables, gradient_norm=True
            )
            norms[loss.name] = float(row["g_gradient_norm"])
        ratio = norms["non-saturating"] / norms["minimax"]
        found.append((ratio, float(np.exp(shift - 0.1 * np.mean(fake)))))
    return found


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_2():
    """Where the gradient is as small as epsilon = 1e-8: the step is learning_rate g / (g + epsilon). A
    saturated minimax gradient has that size for each weight after a long head start.

    -> gradients, steps / learning rate."""
    gradients = 10.0 ** np.arange(-2, -13, -2)
    steps = []
    for gradient in gradients:
        weight = tf.Variable(0.0)
        Adam(0.001).bind([weight]).apply([tf.constant(gradient, tf.float32)])
        steps.append(-float(weight) / 0.001)
    return gradients, np.array(steps)


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_3():
    """The z that land in the gap fill a piece at least 0.8 / L wide between the z of the one mode and
    those of the other, for a continuous G cannot jump it. If G rises from mode to mode, as below, that
    piece is an interval around 0, the middle of N(0, 1): a share of erf(0.4 / (L sqrt 2)), about
    0.32 / L. No other G does with less: of all ways to cut N(0, 1) into two equal halves, one cut at 0
    has the smallest border (Gaussian isoperimetry; Borell 1975). A z with a gap of its own (coin flips,
    as in chapter 6) needs no steepness.

    -> (measured, predicted) for L = 2, 8, 32."""
    z = rng.normal([200_000], rng.seed(0, "z"))
    found = []
    for steepness in (2.0, 8.0, 32.0):
        x = tf.clip_by_value(0.5 + steepness * z, 0.0, 1.0)
        measured = float(np.mean((x > 0.1) & (x < 0.9)))
        predicted = math.erf(0.4 / steepness / math.sqrt(2.0))
        found.append((measured, predicted))
    return found
