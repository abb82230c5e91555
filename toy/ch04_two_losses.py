# %% [markdown]
r"""
# 4. Two losses: where a gradient dies, and what each loss minimises

After this chapter you can say which of $G$'s two losses escapes from a bad start, which divergence each of them
minimises, and why neither tells you how good $G$ is.

## The question

Suppose that $D$ has learned faster than $G$, as it often does. It is sure: real samples get probabilities near 1,
generated ones near 0. Chapter 1 gave $G$ two losses for this moment:

- the **minimax** loss, the mean of $\log(1 - D(G(z)))$, which comes from the value of the game;
- the **non-saturating** loss, the mean of $-\log D(G(z))$, which people use.

On paper the first one's gradient vanishes here. Does that stop a real training run? And if both pull $G$ towards the
data, do they pull it towards the same thing?

| | |
|---|---|
| **You need** | chapter 1 (both losses, their gradients, the best $D$, Jensen–Shannon), chapter 2 (the trainer), chapter 3 (Adam) |
| **You will learn** | what saturation does to plain gradient descent and to Adam; which f-divergence each loss minimises; why a perfect $D$ can teach nothing; what a continuous $G$ cannot make |
| **New in gan_core** | `gradient_norms=True`, a learning rate that is a schedule, `metrics.wasserstein_1` |
| **Run it** | `python -m toy.ch04_two_losses`; `--help` lists the flags |
| **Time** | about two minutes on two CPU cores; `--seeds 1` takes half a minute |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__, threads=1)  # housekeeping; one thread, because networks are small

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import checks, data, latent, losses, metrics, rng
from gan_core.app import command_line, plots, tables
from gan_core.nn.mlp import mlp, standardise
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import SGD, Adam
from gan_core.runs import loop
from gan_core.trainer import GANTrainer
from toy.figures import loss_plots
from toy.measures.coverage_table import mean_and_error
from toy.measures.quadrature import at, cells, integrate, jensen_shannon
from toy.targets.distributions import Normal, gaussian_mixture

JUDGED = 5_000  # samples with which a run is judged


@dataclasses.dataclass(frozen=True)
class Config:
    """The data, the losses that are compared, and how the players learn."""

    centers: tuple[float, ...] = (7.0, 10.0, 13.0)
    """of the data's normals, which all have the same weight; each from -100 to 100"""
    sd: float = 0.4
    """standard deviation of each of them, from 0.01 to 100"""
    loss: tuple[str, ...] = ("minimax", "non-saturating")
    """of G, compared: minimax, non-saturating, least-squares, hinge, wasserstein, relativistic"""
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
    seeds: int = 5
    """how many seeds the tables are over, counted from `seed`; from 1 to 1,000"""
    out: Path = Path("runs/ch04")
    """folder for the figures"""

    def __post_init__(self):
        target(self)  # refuses centers of which there are none
        checks.number("Config", "sd", self.sd, 0.01, 100.0)
        for center in self.centers:
            checks.number("Config", "centers", center, -100.0, 100.0)
        if not self.loss:
            checks.fail("Config", "loss", "one loss or more", "none")
        for name in self.loss:
            checks.one_of("Config", "loss", name, losses.LOSSES)
        checks.integer("Config", "head_start", self.head_start, 0, 10**5)
        checks.integer("Config", "steps", self.steps, 1, 10**6)
        checks.integer("Config", "batch", self.batch, 1, 10**5)
        checks.integer("Config", "hidden", self.hidden, 1, 4096)
        checks.integer("Config", "latent_dim", self.latent_dim, 1, 1000)
        checks.integer("Config", "seed", self.seed, 0, 2**32)
        checks.integer("Config", "seeds", self.seeds, 1, 1000)
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
## 4.1 A bad start, made on purpose

The data are three normals of standard deviation 0.4, around 7, 10 and 13. Each of these places where the data are dense
is called a **mode**. $G$ starts near 0, far from all of them.
For the first 800 rounds only $D$ learns. We call these rounds the **head start** of $D$.

Both networks are multilayer perceptrons with two hidden layers of 64 units with leaky ReLU (like ReLU, but
with a small slope in place of 0 for negative inputs). The head start needs no new code: a learning rate may
be any function of the round, so $G$'s learning rate is 0 at first. With `gradient_norms=True` the trainer reports the
norm of $G$'s gradient with respect to all of its weights.
"""


# %%
def networks(config):
    """G: z [B, latent_dim] -> [B, 1]; D: [B, 1] -> logits [B, 1]."""
    points = target(config).sample(JUDGED, rng.seed(config.seed, "5,000 points")).numpy()
    hidden = config.hidden
    generator = mlp([config.latent_dim, hidden, hidden, 1], seed=config.seed, name="generator")
    judge = mlp([1, hidden, hidden, 1], seed=config.seed, name="discriminator")
    discriminator = Sequential([standardise(points.mean(), points.std()), judge])
    return generator, discriminator


def optimizer_of_g(config, name):
    """SGD or Adam, with a learning rate that is 0 during the head start."""
    full = config.adam_learning_rate if name == "Adam" else config.sgd_learning_rate

    def rate(step):
        return tf.where(step < config.head_start, 0.0, full)

    if name == "Adam":
        return Adam(rate, beta_1=0.5, beta_2=0.99)
    return SGD(rate)


def build(config, loss, optimizer):
    """The trainer for one of G's losses and "SGD" or "Adam", and the sampler of real batches."""
    generator, discriminator = networks(config)
    trainer = GANTrainer(
        generator,
        discriminator,
        latent=latent.Normal(config.latent_dim),
        loss=losses.by_name(loss),
        g_optimizer=optimizer_of_g(config, optimizer),
        d_optimizer=Adam(config.d_learning_rate, beta_1=0.5, beta_2=0.99),
        gradient_norms=True,
        seed=config.seed,
    )
    return trainer, data.stream(target(config).sample, config.batch, config.seed)


# %% [markdown]
r"""
We also want to know how far $G$ is from the data. `metrics.wasserstein_1`, written $W_1$, is the smallest mean distance
by which the generated samples have to be moved to become the real ones. It needs no $D$, it has the unit of $x$, and
chapter 5 is about it.

`play` trains one game and *looks* at it every 50 rounds. A look keeps what the trainer reports of the round (the losses,
the mean of $D(G(z))$, the gradient's norm), 5,000 generated samples, $D$ along the line, and $W_1$.
"""


# %%
def play(config, loss, optimizer):
    """Train, and look every 50 rounds; gives by name an array of what was seen."""
    trainer, sampler = build(config, loss, optimizer)
    real = target(config).sample(JUDGED, rng.seed(config.seed, "look"))[:, 0].numpy()
    z = trainer.latent(JUDGED, rng.seed(config.seed, "look at z"))
    x = places_to_ask(config)
    looks = []

    def logits_of(points):
        """D's logits of points [n], as an array [n]."""
        column = tf.reshape(points, [-1, 1])
        return trainer.discriminator(column)[:, 0].numpy()

    def look(trainer, row):
        seen = dict(row)
        seen["fake"] = trainer.generator(z)[:, 0].numpy()
        seen["fake_logits"] = logits_of(seen["fake"])
        seen["real_logits"] = logits_of(real)
        seen["d"] = tf.sigmoid(logits_of(x)).numpy()
        seen["distance"] = metrics.wasserstein_1(real, seen["fake"])
        if "d_fake" not in row:  # hinge and others do not speak of probabilities, and report none
            seen["d_fake"] = np.mean(tf.sigmoid(seen["fake_logits"]))
        looks.append(seen)

    rounds = config.head_start + config.steps
    rounds_between_looks = max(1, min(50, rounds // 4))  # fewer than 50 in a very short run
    hook = loop.every(rounds_between_looks, look)
    loop.fit(trainer, sampler, rounds, hooks=[hook])
    over_looks = {}  # from a list of dictionaries to a dictionary of arrays
    for name in looks[0]:
        over_looks[name] = np.array([seen[name] for seen in looks])
    over_looks["x"] = x
    over_looks["real"] = real
    return over_looks


def places_to_ask(config):
    """400 places from left of G's start to right of the data."""
    low = min(-3.0, *config.centers) - 1.0
    high = max(3.0, *config.centers) + 3.0
    return np.linspace(low, high, 400, dtype=np.float32)


# %% [markdown]
r"""
Two losses and two optimizers make four games. Each is played with five seeds; the figures show the first seed, the
tables all of them.
"""


# %%
def play_all(config):
    """Every loss with SGD and with Adam; gives by title a list of what was seen, one a seed."""
    games = {}
    for optimizer in ("SGD", "Adam"):
        for loss in config.loss:
            looks_of_seeds = []
            for seed in range(config.seed, config.seed + config.seeds):
                one_config = dataclasses.replace(config, seed=seed)
                looks_of_seeds.append(play(one_config, loss, optimizer))
            games[f"{loss}, {optimizer}"] = looks_of_seeds
    return games


def end_of_head_start(looks, config):
    """The index of the last look at which G has not moved yet."""
    looks_before = np.sum(looks["step"] <= config.head_start)
    return max(0, int(looks_before) - 1)


# %%
if __name__ == "__main__":
    games = play_all(config)
    first_seed = {title: looks_of_seeds[0] for title, looks_of_seeds in games.items()}

# %% [markdown]
r"""
## 4.2 Where the samples are on the sigmoid

First a picture of the moment when $G$ may start to move. Write $b$ for the logit of a generated sample, so that
$D(G(z)) = \sigma(b)$. Chapter 1 derived the derivative of each loss with respect to $b$:

$$\frac{\partial}{\partial b} \log(1 - \sigma(b)) = -\sigma(b), \qquad
\frac{\partial}{\partial b} \bigl(-\log \sigma(b)\bigr) = -(1 - \sigma(b)). \tag{4.1}$$

So the curve $\sigma$ itself shows the size of the minimax gradient, and its distance from 1 that of the
non-saturating gradient.
"""

# %%
if __name__ == "__main__":
    looks = next(iter(first_seed.values()))
    start = end_of_head_start(looks, config)
    print(f"mean D(G(z)) after the head start: {looks['d_fake'][start]:.6f}")
    some = slice(500)  # of the 5,000 samples
    real = {"x": looks["real"][some], "logit": looks["real_logits"][start][some]}
    fake = {"x": looks["fake"][start][some], "logit": looks["fake_logits"][start][some]}
    plots.show(
        loss_plots.samples_on_the_sigmoid(looks["x"], looks["d"][start], real, fake),
        config.out / "sigmoid.png",
        caption=f"Figure 4.1. The end of the head start (seed {config.seed}). Left: real and "
        "generated samples, and D along x. Right: the logits of the same samples on the curve σ. "
        "The curve's height is the size of the minimax gradient, the dashed curve's that of the "
        "non-saturating one.",
        alt="Generated samples near 0, where D is 0, real ones from 6 to 14, where D is 1. On the "
        "sigmoid the generated samples lie at its flat lower left end, the real ones at its upper "
        "right end; the dashed curve is 1 where the generated samples are.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - All generated samples lie at the far left of $\sigma$, where its height is about 0.00006 (this is the run of seed 0).
>   The minimax gradient of every sample is multiplied by this number.
> - The dashed curve is at 1 there. The non-saturating gradient is about 16,000 times as large.
> - In the left picture $D$ looks flat where the generated samples are, but its *logit* still slopes there. Both losses
>   send their gradient through the logit, so there is something to follow. Only the factor in equation (4.1) decides
>   how strongly.

## 4.3 What happens next
"""

# %%
if __name__ == "__main__":
    plots.show(
        loss_plots.densities_over_time(first_seed, config.centers, config.head_start),
        config.out / "densities.png",
        caption=f"Figure 4.2. The games (seed {config.seed}). Above: where G's samples lie, round "
        "after round; dashed lines mark the data's modes, the dotted line the end of the head "
        "start. Below: samples and D after the last round.",
        alt="With minimax and SGD the samples stay near 0 for all rounds. In the other three games "
        "they move to the data within about 1,000 rounds and cover all three modes.",
    )

# %%
if __name__ == "__main__":
    plots.show(
        loss_plots.what_is_reported(first_seed, config.head_start),
        config.out / "gradients.png",
        caption="Figure 4.3. What the same games report: the norm of G's gradient, the mean of "
        "D(G(z)), G's loss, and W₁ from the data. The dotted line is the end of the head start.",
        alt="For minimax with SGD the gradient's norm falls to about 1e-10 and W1 stays at 10. In "
        "the other games W1 falls below 1 while G's loss levels off.",
    )


# %%
def rounds_to_a_tenth(looks, start):
    """Rounds after look `start` until W1 is a tenth of what it was; infinite if it never is."""
    w1 = looks["distance"][start:]
    near = np.flatnonzero(w1 <= 0.1 * w1[0])
    if len(near) == 0:
        return np.inf
    return looks["step"][start + near[0]] - looks["step"][start]


def row_of_escape(title, looks_of_seeds, config):
    """One game over its seeds: D(G(z)) and the gradient at the start, and when G arrives."""
    d_fake = []
    gradients = []
    rounds = []
    ends = []
    for looks in looks_of_seeds:
        start = end_of_head_start(looks, config)
        d_fake.append(looks["d_fake"][start])
        gradients.append(looks["g_gradient_norm"][start])
        rounds.append(rounds_to_a_tenth(looks, start))
        ends.append(np.median(looks["distance"][-10:]))
    rounds = np.array(rounds)
    arrived = rounds[np.isfinite(rounds)]
    when = "never"
    if len(arrived) > 0:
        when = mean_and_error(arrived, digits=0)
    arrivals = f"{len(arrived)} of {len(rounds)}"
    at_the_start = [f"{np.median(d_fake):.1g}", f"{np.median(gradients):.1g}"]
    return [title, *at_the_start, arrivals, when, mean_and_error(ends)]


# %%
if __name__ == "__main__":
    tables.show(
        ["loss, optimizer", "D(G(z))", "gradient", "arrived", "after rounds", "W₁ at the end"],
        [row_of_escape(title, runs, config) for title, runs in games.items()],
        caption="Table 4.1. Medians of D(G(z)) and of the norm of G's gradient at the end of the "
        "head start; in how many runs W₁ fell to a tenth, and how many rounds after the head start; "
        "W₁ at the end. "
        "Mean ± standard error over the seeds.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - **Minimax with plain gradient descent stays where it is**, in all five runs. The norm of its gradient is 0.0002
>   when $G$ may move (the median of the runs), and it falls further, because $D$ keeps getting surer.
> - **The non-saturating loss with plain gradient descent** has a gradient of norm 4 at the same moment, and $W_1$ falls
>   to a tenth within 380 ± 41 rounds after the head start.
> - **With Adam minimax escapes as well**, in all five runs, after 630 ± 134 rounds. The non-saturating loss needs
>   570 ± 64. The difference is smaller than its standard error.

**Why does Adam hide the saturation?** Chapter 3: Adam divides the step of each weight by the recent size of that
weight's gradient. Multiply all gradients by one constant, and the steps stay the same. While all generated samples look
equally fake, the gradients of the two losses differ by the same factor, $\sigma(b) / (1 - \sigma(b))$, for every sample.
This factor changes slowly from round to round. So Adam makes nearly the same steps for both.

The saturation is hidden and not gone. Adam divides by the gradient's size *plus* $\epsilon = 10^{-8}$. With a longer head
start, `python -m toy.ch04_two_losses --head-start 8000`, the minimax gradient of each weight falls below this epsilon,
and then minimax stays where it is with Adam too (exercise 6).

## 4.4 What each loss minimises: f-divergences

The two losses differ in more than the size of their gradients. To see it, let $D$ be the best one,
$D^* = p / (p + q)$, where $p$ is the density of the data and $q$ that of $G$. We hold $D^*$ fixed, ask for the gradient
of each loss with respect to $G$'s weights $\theta$, and look for a divergence that has the same gradient.

**An f-divergence** compares two densities through their ratio. For a convex function $f$ with $f(1) = 0$,

$$D_f(p, q) = \mathbb{E}_{x \sim q}\, f\!\left(\frac{p(x)}{q(x)}\right) \ge f\!\left(\mathbb{E}_{x \sim q} \frac{p(x)}{q(x)}\right) = f(1) = 0. \tag{4.2}$$

The inequality is Jensen's. (This is the proof for $q > 0$ wherever $p > 0$. Elsewhere one defines $q f(p / q)$ by its
limit as $q \to 0$, and the result still holds.) With $f(t) = t \log t$ it is $\mathrm{KL}(p \,\|\, q)$, with
$f(t) = -\log t$ it is $\mathrm{KL}(q \,\|\, p)$. [Nowozin et al. 2016] make a GAN of each convex $f$.

**Two gradients.** Chapter 1 found the gradients of $\mathrm{KL}(q \,\|\, p)$ and of $2\,\mathrm{JS}(p, q)$ by an argument
about maxima. Here is a direct calculation. Let $u(x)$ be any function that stays as it is while $G$ moves. Then
$\mathbb{E}_z u(G(z))$ depends on $\theta$ only through the samples $G(z)$. We call its gradient the gradient of $u$
*through the samples*. A training step of $G$ is exactly that: $u$ is the loss with $D$ held fixed.

- *Claim:* the gradient of $\mathrm{KL}(q \,\|\, p) = \mathbb{E}_q[\log q - \log p]$ is the gradient through the samples of
  $u = \log (q / p)$, with the present $q$. *Reason:* $\theta$ enters in two ways, through the samples and through the
  function $\log q$. The second way contributes $\int q\, \nabla_\theta \log q\, dx = \int \nabla_\theta q\, dx$, since
  $\nabla \log q = \nabla q / q$. The integral of a density is always 1, so this is $\nabla_\theta 1 = 0$.
- *Claim:* the gradient of $2\,\mathrm{JS}(p, q) = \mathbb{E}_p \log \frac{p}{m} + \mathbb{E}_q \log \frac{q}{m}$ with
  $m = (p + q) / 2$ is the gradient through the samples of $u = \log (q / m)$. *Reason:* besides the samples of $q$,
  $\theta$ enters through $\log q$, which contributes 0 as before, and through $\log m$ in both terms. That contributes
  $-\int (p + q)\, \nabla_\theta \log m\, dx = -2 \int \nabla_\theta m\, dx = 0$, because $p + q = 2m$.

**Minimax.** Its loss is $\mathbb{E}_q \log(1 - D^*) = \mathbb{E}_q \log \frac{q}{p + q}$. Since $p + q = 2m$, this is the
mean of $u = \log (q / m)$, less the constant $\log 2$. So the minimax loss follows the gradient of
$2\,\mathrm{JS}(p, q)$, as chapter 1 said.

**Non-saturating.** Divide $D^*$ by $1 - D^*$: the ratio is $p / q$, so

$$-\log D^* = \log\frac{q}{p} - \log(1 - D^*).$$

The first term on the right is the $u$ of $\mathrm{KL}(q \,\|\, p)$. The second is minus the $u$ of $2\,\mathrm{JS}$, up to
the constant $\log 2$. Hence the gradient is that of $\mathrm{KL}(q \,\|\, p) - 2\,\mathrm{JS}(p, q)$
[Arjovsky and Bottou 2017]. Now insert the two terms of $2\,\mathrm{JS}$:

$$\mathrm{KL}(q \,\|\, p) - 2\,\mathrm{JS}(p, q)
= \mathbb{E}_q \log\frac{q}{p} - \mathbb{E}_q \log\frac{q}{m} - \mathbb{E}_p \log\frac{p}{m}
= \mathbb{E}_q \log\frac{m}{p} + \mathbb{E}_p \log\frac{m}{p}
= 2\,\mathrm{KL}(m \,\|\, p). \tag{4.3}$$

A Kullback–Leibler divergence is never negative, and 0 only for equal densities; $m = p$ means $p = q$. (It is also an
f-divergence of $p$ and $q$; exercise 2 finds $f$.) In words: **with the best $D$, minimax minimises
$2\,\mathrm{JS}(p, q)$, and the non-saturating loss minimises $2\,\mathrm{KL}(m \,\|\, p)$** [Shannon et al. 2020].

The next cell checks this for two normals $q = N(0, 1)$ and $p = N(w, 1)$. It takes the gradient of both losses through
samples and a fixed $D^*$, and the slope of both divergences by numerical integration. Only the distance $w$ of the two
means matters, and moving $G$ towards the data lowers $w$. So each loss should fall, as $G$ moves, at a rate equal to
the slope of its divergence in $w$. The table compares these two numbers.
"""


# %%
def two_js(p, q):
    """2 JS(p, q), by numerical integration."""
    return 2.0 * jensen_shannon(p, q)


def two_kl(p, q):
    """2 KL(m | p) with m = (p + q) / 2, by numerical integration."""
    x, widths = cells(p, q)
    log_p = p.log_density(x).numpy().astype(np.float64)
    middle = 0.5 * (at(p, x) + at(q, x))
    log_ratio = np.log(np.maximum(middle, 1e-300)) - log_p  # far out, middle is rounded to 0
    return 2.0 * integrate(middle, log_ratio, widths)


def slope(divergence, shift, h=0.01):
    """The central difference of divergence(N(w, 1), N(0, 1)) at w = shift."""
    above = divergence(Normal(shift + h, 1.0), Normal(0.0, 1.0))
    below = divergence(Normal(shift - h, 1.0), Normal(0.0, 1.0))
    return (above - below) / (2.0 * h)


def pull_of_loss(loss, shift, n=200_000):
    """How fast the loss falls as G = theta + z moves towards N(shift, 1), with the best D at theta = 0."""
    p = Normal(shift, 1.0)
    q = Normal(0.0, 1.0)
    z = rng.normal([n, 1], rng.seed(0, "z"))
    theta = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        fake = theta + z
        logits = p.log_density(fake) - q.log_density(fake)
        value = losses.by_name(loss).generator(None, logits)  # it needs no logits of real samples
    return -float(tape.gradient(value, theta))


def row_of_pulls(shift):
    """The gradient of each loss beside the slope of its divergence, for one shift."""
    values = [
        pull_of_loss("minimax", shift),
        slope(two_js, shift),
        pull_of_loss("non-saturating", shift),
        slope(two_kl, shift),
    ]
    return [f"{shift:g}", *(f"{value:.4f}" for value in values)]


# %%
if __name__ == "__main__":
    tables.show(
        ["w", "minimax", "slope of 2 JS", "non-saturating", "slope of 2 KL(m ‖ p)"],
        [row_of_pulls(shift) for shift in (0.5, 1.0, 2.0, 4.0, 8.0)],
        caption="Table 4.2. The pull on G for two normals of sd 1 whose means are w apart: how fast "
        "each loss falls under the best D, from 200,000 samples, and the slope of the divergence "
        "that it should equal.",
    )

# %%
if __name__ == "__main__":
    shifts = np.linspace(0.0, 8.0, 81)
    pairs = [(Normal(shift, 1.0), Normal(0.0, 1.0)) for shift in shifts]
    plots.show(
        loss_plots.divergences(
            shifts,
            np.array([two_js(p, q) for p, q in pairs]),
            np.array([two_kl(p, q) for p, q in pairs]),
        ),
        config.out / "divergences.png",
        caption="Figure 4.4. Left: what the two losses minimise, for two normals of sd 1. Right: "
        "the slopes of the two curves. 2 JS is bounded and becomes flat; 2 KL(m ‖ p) keeps growing.",
        alt="2 JS rises to 2 log 2 by a distance of about 6 and stays there; its slope returns to 0. "
        "2 KL(m, p) grows like a parabola; its slope grows along a straight line.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - Columns two and three of Table 4.2 agree, and so do columns four and five: equation (4.3) holds in code.
> - The two slopes of a row add up to $w$. That is the slope of $\mathrm{KL}(q \,\|\, p) = w^2 / 2$, which by
>   equation (4.3) is the sum of the two divergences.
> - At $w = 8$ the slope of JS is practically 0. That is saturation again, now as a property of the divergence: once $p$
>   and $q$ hardly overlap, JS has no more to lose.
> - The smaller $w$ is, the closer the two slopes are to each other; both approach $w / 2$. Close to the data a single
>   step is nearly the same with both losses; chapter 2 showed that over many steps the two losses still lead to
>   different paths.

What does it mean for $G$ that $2\,\mathrm{KL}(m \,\|\, p)$ is what falls?

- *Samples in a gap are expensive.* Where $p \approx 0$ and $q > 0$, the ratio $m / p$ is huge.
- *Missing a mode is cheap.* Where $q = 0$, $m = p / 2$, so the integrand is $m \log\frac12$: bounded, even negative.
  (Elsewhere $q$ is then too large, which more than makes up for it. To miss one of three modes costs 0.14; exercise 1.)

So the loss of everyday use punishes wrong samples hard and missing modes mildly. When a generator leaves out modes, one
speaks of *mode collapse*. This does not yet explain mode collapse, since in practice $D$ is never the best one. But it
shows that the loss does little to prevent it. Chapter 6 cures it.

## 4.5 "A perfect discriminator teaches nothing"

There is a theorem that seems to contradict section 4.3. If $p$ and $q$ live on disjoint compact sets, there is a $D$
that is exactly 1 on the first set and exactly 0 on the second, with $\nabla_x D = 0$ on both
[Arjovsky and Bottou 2017]. Such a $D$ gives $G$ no gradient under *any* loss. Yet here $D$ was nearly perfect, and the
non-saturating $G$ found the data in every run. Two points reconcile them.

- The theorem's $D$ is a limit. Its logit is $-\infty$ on all generated samples, so it has no slope. A network that has
  been trained for 800 rounds has finite logits. By the chain rule the non-saturating gradient is
  $-(1 - \sigma(b))\, \nabla_x b \approx -\nabla_x b$, so what matters is the slope of the *logit*. Saturation of
  $\sigma$ costs nothing.
- Is that slope useful? On a line it is: a logit that is low at 0 and high at 7 must rise somewhere in between, and this
  network, which is nearly linear over such distances, rises already at 0. In many dimensions nothing forces the slope to
  point towards the data.

So in this 1-D experiment a $D$ that is ahead does no harm to the non-saturating loss. Chapter 9 has two trainings on
images: in one $D$ stays ahead while the faces get better (section 9.2), in the other it learns a hundred times as fast
as $G$, and $G$ stays at noise (section 9.5).

You can check that the head start is not to blame for what happened in section 4.3: run
`python -m toy.ch04_two_losses --head-start 0`. Minimax with plain gradient descent stays where it is all the same. With
Adam both losses then need 1,100 to 3,800 rounds of play, against about 600 after a head start: $D$ has to know something
before it can teach.

## 4.6 What the losses do not say

Figure 4.3 has a curve for $G$'s loss and one for $W_1$. Can we read the quality of $G$ off the first? Replace each value
of a series by its place in the sorted list, its *rank*. The **rank correlation** of two series is the correlation of
their two lists of ranks. It is 1 if both always rise and fall together, −1 if one always rises where the other falls,
and near 0 if there is no such trend. We also count the share of samples in the gaps: those more than three standard
deviations from every mode, between two modes or outside.
"""


# %%
def ranks(values):
    """The place of each value in the sorted list: 0 for the smallest."""
    places = np.empty(len(values))
    places[np.argsort(values)] = np.arange(len(values))
    return places


def correlation_with_w1(looks, config):
    """Rank correlation of G's loss with W1 over the rounds in which G moves; NaN for too few."""
    start = end_of_head_start(looks, config)
    if len(looks["step"]) - start < 3:
        return np.nan
    both = np.corrcoef(ranks(looks["g_loss"][start:]), ranks(looks["distance"][start:]))
    return both[0, 1]


def share_in_gaps(looks, config):
    """The share of the last samples that lie more than 3 sd from every mode."""
    last = looks["fake"][-1]
    centers = np.array(config.centers)
    from_nearest_mode = np.abs(last[:, np.newaxis] - centers).min(axis=1)
    return np.mean(from_nearest_mode > 3.0 * config.sd)


def row_of_ends(title, looks_of_seeds, config):
    """One game over its seeds: what G's loss says of W1, and what lies in the gaps."""
    correlations = [correlation_with_w1(looks, config) for looks in looks_of_seeds]
    in_gaps = [100.0 * share_in_gaps(looks, config) for looks in looks_of_seeds]
    losses_at_the_end = [np.median(looks["g_loss"][-10:]) for looks in looks_of_seeds]
    return [
        title,
        f"{np.median(losses_at_the_end):.2g}",
        mean_and_error(correlations),
        mean_and_error(in_gaps, digits=1),
    ]


# %%
if __name__ == "__main__":
    tables.show(
        ["loss, optimizer", "G's loss at the end", "rank correlation with W₁", "% in the gaps"],
        [row_of_ends(title, runs, config) for title, runs in games.items()],
        caption="Table 4.3. G's loss at the end (median), its rank correlation with W₁ over the "
        "rounds in which G moves, and the share of the last samples in the gaps. Mean ± standard "
        "error over the seeds.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - The run that never moves has the calmest loss. It ends at $-3 \cdot 10^{-11}$, which is nearly 0, and $W_1$ stays at
>   10. (A minimax loss is never positive, and $G$ wants it low. So a calm loss near 0 is here the *worst* one that $G$
>   can have.)
> - The correlation of the first row means nothing: $W_1$ hardly changes there, and ranks do not see how small a change
>   is. In the other three games it is −0.45, 0.26 and 0.28, in the order of the table. Not even its sign agrees.
> - In Figure 4.3, in the three games where $G$ moves, its loss is flat from about round 1,200 on. $W_1$ goes on
>   falling: for 300 more rounds with minimax, for a thousand and more with the non-saturating loss.

A player's loss tells how it does against *this* opponent. If both improve together, both losses stay where they are.

> **Common mistake.** To stop training, or to choose a checkpoint, where a loss is low or has come to rest. Plot a
> distance from the data.

## 4.7 What a continuous G cannot make

The last column of Table 4.3 does not come down to the data's own 0.3 %. How close could $G$ come? Two yardsticks help:
$W_1$ of two samples of the data, which is what a perfect $G$ would get, and $W_1$ of the data and the nearest normal of
the same mean, which is about the best that an affine $G(z) = \mu + wz$ can do.
"""


# %%
def yardsticks(config):
    """W1 for a perfect G (two samples of the data), and for the best affine G with the right mean."""
    first = target(config).sample(JUDGED, rng.seed(config.seed, "1"))[:, 0].numpy()
    second = target(config).sample(JUDGED, rng.seed(config.seed, "2"))[:, 0].numpy()
    z = rng.normal([JUDGED], rng.seed(config.seed, "z")).numpy()
    mean = np.mean(first)
    sd = np.std(first)
    of_affine = []
    for scale in np.linspace(0.5, 1.5, 41):
        of_affine.append(metrics.wasserstein_1(first, mean + scale * sd * z))
    return metrics.wasserstein_1(first, second), min(of_affine)


# %%
if __name__ == "__main__":
    of_data, of_normal = yardsticks(config)
    print(f"W1 of two samples of the data            {of_data:.3f}")
    print(f"W1 of the data and the nearest normal    {of_normal:.3f}")

# %% [markdown]
r"""
The three games that arrive end at $W_1 \approx 0.4$ (Table 4.1). That is better than any affine $G$ (0.62), and far from
what a perfect $G$ would have (0.03). Between 5.6 and 8.4 % of the samples lie in the gaps, where the data have 0.3 %. $D$
sees them: in the lower row of Figure 4.2 it dips between the modes. Why does $G$ not remove them?

**Why samples must fall into the gaps.** The values of a normal $z$ form an unbroken line. By the intermediate value
theorem, a continuous $G$ that reaches both the mode at 7 and the mode at 10 takes every value in between. So some $z$
are mapped into the gap.

How many? Suppose that $G$ is nowhere steeper than $L$, that is, $|G(z) - G(z')| \le L\,|z - z'|$. Let $A$ be the set of
all $z$ that land below a gap of width $g$, and $B$ the set of those that land above it. Any point of $A$ and any point
of $B$ differ by at least $g / L$. How little mass can lie between two such sets?

- If $G$ is monotone and puts equal mass on both sides of the gap, then $A$ and $B$ are half-lines. Between them is an
  interval of width at least $g / L$ around 0. The density of $z$ at 0 is $1 / \sqrt{2\pi} \approx 0.4$, so its
  probability is at least about $0.4\, g / L$, for small $g / L$.
- If $G$ is not monotone, $A$ and $B$ may consist of many pieces, and it is not obvious that this does not help. It does
  not. Take any set of a given probability (½ here, a third below), and add all points within a given distance of it. Of
  all sets of that probability a half-line gains the least. Apply this to $A$ and the distance $g / L$. No added point
  can be in $B$, since $B$ is at least that far away. So every added point is one that $G$ sends into the gap, and a
  half-line makes them as few as possible. This is the **Gaussian isoperimetric inequality** [Borell 1975]. It holds for
  $z$ of any dimension, with a half-space in place of the half-line.

In our experiment the gap between the modes at 7 and 10 reaches from $7 + 3 \cdot 0.4 = 8.2$ to
$10 - 3 \cdot 0.4 = 8.8$, so $g = 0.6$. A third of the mass lies on its one side; there the density of $z$ is 0.36
instead of 0.4. There are two such gaps. In the non-saturating games about 6 % of the samples lie outside of the modes,
so one of the two gaps holds at most 3 %. Then the largest slope of $G$ is at least
$L = 0.36 \cdot 0.6 / 0.03 \approx 7$, about three times the slope of an affine $G$ with the data's spread. For 0.3 % in
that gap it would have to be ten times steeper still.

There are two ways out: a steep $G$, which crosses the gap quickly and leaves little there (exercise 5), or a $z$ that
comes in pieces itself, which is one ingredient of chapter 6.

> **Common mistake.** "A GAN can learn any distribution." An affine $G$ of a normal $z$ makes normals and nothing else. A
> deep continuous $G$ can come close to any distribution, but it never leaves a gap empty.

## Summary

- Where $D$ is sure, the minimax gradient is $\sigma(b) \approx 0$ times the gradient of the logit, the non-saturating one
  $1 - \sigma(b) \approx 1$ times.
- With plain gradient descent this decides whether $G$ moves at all. Adam hides most of the difference, because it is
  invariant to a constant factor on all gradients, until the gradient falls below its epsilon.
- With the best $D$, minimax minimises $2\,\mathrm{JS}(p, q)$ and the non-saturating loss $2\,\mathrm{KL}(m \,\|\, p)$,
  $m = (p + q)/2$. The second is not bounded, punishes samples in gaps, and is mild about missing modes.
- A perfect $D$ teaches nothing if its logit has no slope. A $D$ that is merely far ahead still has one.
- A GAN's loss tells how one player does against the other. It does not measure the distance from the data.
- A continuous $G$ of a connected $z$ cannot leave a gap empty.

## Exercises

1. ★ The data have three modes of equal weight, far apart. Compute $2\,\mathrm{JS}$ and $2\,\mathrm{KL}(m \,\|\, p)$ by
   hand if $G$ makes two of the modes perfectly and never the third. Then: what is each if $G$ puts a third of its
   samples where $p = 0$?
2. ★ Find the $f$ for which $D_f(p, q) = 2\,\mathrm{KL}(m \,\|\, p)$. Show that $f(1) = 0$ and that $f$ is convex.
3. ★ Draw a continuous $G$ on paper that maps a normal $z$ to two far modes with equal weights. Where does it have to be
   steep, and why does it not help to use two crossings?
4. ★★ Show that for a linear $D$ the norms of the two gradients, with respect to all weights of $G$, have the ratio
   $1/D(G(z)) - 1$ if all logits are equal. Check it in code for three $D$.
5. ★★ Let $G(z)$ rise from 0 to 1 with slope $L$ around $z = 0$, and count samples between 0.1 and 0.9. Compare the count
   for $L = 2, 8, 32$ with the bound of section 4.7.
6. ★★ Feed Adam constant gradients from $10^{-2}$ to $10^{-12}$. At which size does it stop moving, and what does that
   mean for the minimax loss after a long head start?
7. ★★★ Build a GAN loss for $\mathrm{KL}(p \,\|\, q)$ as a `GANLoss`: $D$ minimises
   $-\mathbb{E}_p T + \mathbb{E}_q e^{T - 1}$. Show that the best $T$ is $1 + \log(p/q)$ and that the loss is then
   $-\mathrm{KL}(p \,\|\, q)$. Check it for $N(0, 1)$ and $N(1, 1)$, where it is ½.

## Further reading

- `python -m toy play` (`pip install -e '.[explore]'`), lesson *Saturation*: a bad start
  like that of section 4.1, with one mode, under your hands in the browser.
- [Goodfellow et al. 2014], section 3: both losses, in one paragraph.
- [Arjovsky and Bottou 2017]: the theorems of section 4.5, and the gradient of the non-saturating loss.
- [Nowozin et al. 2016]: every f-divergence as a GAN, with the variational bound of exercise 7.
- [Shannon et al. 2020]: equation (4.3), and what it means for training.
- [Fedus et al. 2018]: experiments in which the non-saturating loss learns where JS gives no gradient.
"""
