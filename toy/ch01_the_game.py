# %% [markdown]
r"""
# 1. The game: what the two players want, and what the best discriminator knows

| | |
|---|---|
| **You need** | densities, expectations, and the cross-entropy of a classifier |
| **You get** | the value $V(D, G)$, the best $D$, what its loss says about the generator, and why $G$ has two losses |
| **New in gan_core** | `losses`: the players' losses, on logits |
| **Run it** | `python -m toy.ch01_the_game`, or with `--fake-mean 12 --fake-sd 0.5`; `--help` lists the flags |
| **Time** | about 10 s on two CPU cores |

The **generator** $G$ turns noise $z$ into a *fake* sample $G(z)$. The **discriminator** $D$ says of a sample $x$ how
probable it is that $x$ is *real*, one of the data. $D$ wants to be right, $G$ wants $D$ to be wrong:

$$\min_G \max_D V(D, G), \qquad V(D, G) = \mathbb{E}_{x \sim p} \log D(x) + \mathbb{E}_{x \sim q} \log(1 - D(x)),$$

with $p$ the density of the data and $q$ that of $G$'s samples (Goodfellow et al. 2014, equation 1). In this chapter
nobody learns: we write $p$ and $q$ down, and so know exactly what $D$ *ought* to say.

**Where the lab that this book replaces (a course's, in Keras) went wrong**, each shown below by a number. It put a
sigmoid before a loss that has one, and left a factor ½ unexplained (section 2); showed minimax's formula for the
non-saturating loss, and took the wrong end for the one where minimax saturates (4); cut logits at ½, called an average
of $D$ its accuracy, chose the model for which it is ½ (5); spoke of density estimation without a density (exercise 2).
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import checks, losses, rng
from gan_core.app import command_line
from toy.measures.quadrature import at, cells, integrate, jensen_shannon
from toy.targets.distributions import Normal, Uniform


@dataclasses.dataclass(frozen=True)
class Config:
    """Two normal densities: that of the data, and that of the generated samples."""

    real_mean: float = 10.0
    """mean of the data's density p, from -100 to 100"""
    real_sd: float = 1.0
    """standard deviation of the data's density p, from 0.01 to 100"""
    fake_mean: float = 7.0
    """mean of the generated samples' density q, from -100 to 100"""
    fake_sd: float = 2.0
    """standard deviation of the generated samples' density q, from 0.01 to 100"""
    samples: int = 200_000
    """how many numbers are drawn from each density, from 2 to 10,000,000"""
    seed: int = 0
    """of these draws, any 64-bit integer"""
    out: Path = Path("runs/ch01")
    """folder for the figures"""

    def __post_init__(self):
        for name in ("real_mean", "fake_mean"):
            checks.number("Config", name, getattr(self, name), -100.0, 100.0)
        for name in ("real_sd", "fake_sd"):
            checks.number("Config", name, getattr(self, name), 0.01, 100.0)
        checks.integer("Config", "samples", self.samples, 2, 10_000_000)
        checks.integer("Config", "seed", self.seed, -(2**63), 2**63 - 1)


def densities(config):
    """p of the data and q of the generated samples."""
    return Normal(config.real_mean, config.real_sd), Normal(config.fake_mean, config.fake_sd)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 1: the game, without networks.", "python -m toy.ch01_the_game"
    )

# %% [markdown]
r"""
## 1. The best discriminator

At one point $x$, $D$ collects $p(x) \log D + q(x) \log(1 - D)$, and the derivative over $D$ is 0 at
$D^*(x) = p(x) / (p(x) + q(x))$. A network gives out not $D$ but its **logit** $a$, any real number, with
$D = \sigma(a) = 1 / (1 + e^{-a})$, so $a = \log D - \log(1 - D)$: the best logit is simply $a^* = \log p - \log q$.
"""


# %%
def best_logit(p, q, x):
    """a* = log p - log q at x [n, 1] -> [n]. Infinite where only one of them has mass, NaN where none has."""
    return p.log_density(x) - q.log_density(x)


def draw_best_discriminators(config):
    """Three games: p and q above, D* below."""
    from toy.figures import game_plots  # here: importing the chapter loads no plotting library

    games = {
        "the game you chose": densities(config),
        "same mean, other spread": (Normal(10.0, 1.0), Normal(10.0, 2.0)),
        "no overlap": (Uniform(0.0, 1.0), Uniform(2.0, 3.0)),
    }
    game_plots.best_discriminators(config.out / "best_discriminator.png", best_logit, games)


# %%
if __name__ == "__main__":
    draw_best_discriminators(config)

# %% [markdown]
r"""
*Notice.* $D^* = ½$ where the two curves cross. On the left $D^*$ is no slope from "fake" to "real": far out to the
*right* the wide $q$ wins again. In the middle $D^*$ is a hill, and logits on a straight line make no hill
(chapter 3). On the right $D^*$ is 0 or 1, and undefined where neither has mass: nobody asks there.

## 2. What the best discriminator's loss is

$D$ minimises $-V$. By the softplus $s(t) = \log(1 + e^t)$, as $-\log\sigma(a) = s(-a)$, $-\log(1-\sigma(a)) = s(a)$:

$$L_D(a) = \int p\, s(-a) + q\, s(a) \; dx \;\approx\; \text{mean}_{real}\, s(-a) + \text{mean}_{fake}\, s(a).$$

The integral on the left we can do, as $p$ and $q$ are known. The means over a batch on the right are all a GAN
ever has: `losses.discriminator_loss`. The two must agree, up to the standard error of the sample.
"""


# %%
def loss_by_integration(p, q, change=tf.identity):
    """L_D of the discriminator with logits change(a*)."""
    x, widths = cells(p, q)
    a = tf.cast(change(best_logit(p, q, x)), tf.float64)
    real_part = integrate(at(p, x), tf.nn.softplus(-a), widths)
    fake_part = integrate(at(q, x), tf.nn.softplus(a), widths)
    return real_part + fake_part


def draw_logits(p, q, config):
    """a* of real samples and of generated ones, [samples] each."""
    real = p.sample(config.samples, rng.seed(config.seed, "real"))
    fake = q.sample(config.samples, rng.seed(config.seed, "fake"))
    return best_logit(p, q, real), best_logit(p, q, fake)


def compare_discriminators(config):
    """The loss of D* and of four others, on the game you chose and on one without overlap.

    -> name -> L_D by integration, by the library on samples, by integration without overlap.
    """
    p, q = densities(config)
    real_logits, fake_logits = draw_logits(p, q, config)
    left = Uniform(0.0, 1.0)
    right = Uniform(2.0, 3.0)
    changes = {
        "D*": tf.identity,
        "twice as sure": lambda a: 2.0 * a,
        "half as sure": lambda a: 0.5 * a,
        "one half always": tf.zeros_like,
        "sigmoid twice": tf.sigmoid,
    }
    rows = {}
    print(f"D's loss           integral   mean of {config.samples:,} samples   no overlap")
    for name, change in changes.items():
        a = change(real_logits)
        b = change(fake_logits)
        by_integral = loss_by_integration(p, q, change)
        on_samples = float(losses.discriminator_loss(a, b))
        variance = np.var(tf.nn.softplus(-a)) + np.var(tf.nn.softplus(b))
        error = np.sqrt(variance / config.samples)
        apart = loss_by_integration(left, right, change)
        rows[name] = (by_integral, on_samples, apart)
        print(f"  {name:16} {by_integral:8.4f}   {on_samples:8.4f} +- {error:.4f} {apart:15.4f}")
    return rows


# %%
if __name__ == "__main__":
    compare_discriminators(config)

# %% [markdown]
r"""
*Notice.*

- $D^*$ has the smallest loss. Being *too sure* costs as well as not being sure enough, unless there is no overlap.
- "One half always" costs $2 \log 2 = \log 4 = 1.386$. The lab halves the loss: there it is $\log 2 = 0.693$.
- "Sigmoid twice": the lab's $D$ ends in a sigmoid, and its loss, told `from_logits=True`, applies another. Keras
  repairs that behind the scenes; TensorFlow does as it is told. Logits from 0 to 1 say "real with a chance of
  50 to 73 %", so even without overlap the loss is $s(-1) + s(0) = 1.006$ at best, where $D^*$ has 0.

## 3. What that loss says about the generator

Put in $a^*$, and compare with the mixture $m = (p + q)/2$ by the divergence $KL(r \| m) = \int r \log (r / m)$:

$$L_D(a^*) = \int p \log \frac{p+q}{p} + q \log \frac{p+q}{q} \; dx
= \log 4 - KL(p \| m) - KL(q \| m) = \log 4 - 2\, JS(p, q).$$

The Jensen–Shannon divergence $JS$, the mean of both KL, is 0 if $p = q$ and at most $\log 2$. So a $G$ that plays
against the *best* $D$ minimises $JS$: a *high* loss of the best $D$ means that $G$ is good. (The loss of a $D$ that is
still learning may be high because $D$ is bad.) `jensen_shannon` needs no logits.
"""


# %%
def compare_values(config):
    """log 4 - 2 JS both ways, while q moves away from p; and JS for three pairs of densities."""
    from toy.figures import game_plots

    p, q = densities(config)
    js = jensen_shannon(p, q)
    print(
        f"the game you chose: JS = {js:.6f}, log 4 - 2 JS = {np.log(4.0) - 2.0 * js:.6f}, "
        f"D*'s loss = {loss_by_integration(p, q):.6f}"
    )
    shifts = np.linspace(0.0, 6.0, 49)
    shifted = [Normal(p.mean + shift * p.sd, q.sd) for shift in shifts]
    loss = np.array([loss_by_integration(p, other) for other in shifted])
    by_js = np.array([np.log(4.0) - 2.0 * jensen_shannon(p, other) for other in shifted])
    difference = np.abs(loss - by_js).max()
    print(f"over {len(shifts)} such games the two ways differ by at most {difference:.0e}")
    pairs = {
        "normals, sd 1": lambda c: (Normal(0.0, 1.0), Normal(c, 1.0)),
        "normals, sd 0.1": lambda c: (Normal(0.0, 0.1), Normal(c, 0.1)),
        "uniforms, width 1": lambda c: (Uniform(0.0, 1.0), Uniform(c, c + 1.0)),
    }
    divergences = {name: [jensen_shannon(*pair(c)) for c in shifts] for name, pair in pairs.items()}
    game_plots.value(config.out / "value.png", shifts, loss, by_js, divergences)
    return loss, by_js


# %%
if __name__ == "__main__":
    compare_values(config)

# %% [markdown]
r"""
*Notice.* On the left, the equation. On the right: once the densities part, $JS$ is $\log 2 = 0.693$, whether they are
2 apart or 6. A constant has no gradient, so **a perfect $D$ teaches $G$ nothing** where samples and data do not
overlap. What helps is to make them overlap, by noise on both (chapter 6), or a loss that measures how far apart they
are (Wasserstein's); and, to judge $G$ by, a *distance* (chapter 4).

## 4. Two losses for the generator

$G$ changes only the second part of $V$. On the logits $b$ of fake samples it minimises either $\log(1 - D(G(z)))$,
which is $-s(b)$: **minimax**; or $-\log D(G(z))$, which is $s(-b)$: **non-saturating**. The lab displays the first
formula and trains with the second. Let TensorFlow differentiate both.
"""


# %%
def generator_gradients(b):
    """d loss / d b of each sample by itself, b [n] -> minimax's [n], non-saturating's [n]."""
    b = tf.convert_to_tensor(b, tf.float32)
    gradients = []
    for loss in (losses.minimax_generator_loss, losses.non_saturating_generator_loss):
        with tf.GradientTape() as tape:
            tape.watch(b)
            value = loss(b)
        gradient = tape.gradient(value, b) * len(b)  # a loss is a mean: times n
        gradients.append(gradient.numpy())
    return gradients


def compare_gradients(config):
    """Both gradients over the logit, and what the samples of the game feel."""
    from toy.figures import game_plots

    print("     b    D(G(z))   minimax  non-sat.     ratio    e^(-b)")
    table = np.array([-12.0, -8.0, -4.0, 0.0, 4.0], np.float32)
    for b, minimax, non_saturating in zip(table, *generator_gradients(table), strict=True):
        print(
            f"  {b:4.0f}  {tf.sigmoid(b):9.6f} {minimax:9.6f} {non_saturating:9.6f} "
            f"{non_saturating / minimax:9.2f} {np.exp(-b):9.2f}"
        )
    p, q = densities(config)
    _, fake = draw_logits(p, q, config)
    minimax, non_saturating = generator_gradients(fake)
    print(
        f"under D* the fakes of your game have median D(G(z)) {np.median(tf.sigmoid(fake)):.4f}, "
        f"mean gradients {minimax.mean():.4f} and {non_saturating.mean():.4f}"
    )
    b = np.linspace(-10.0, 10.0, 401, dtype=np.float32)
    minimax, non_saturating = generator_gradients(b)
    path = config.out / "generator_gradients.png"
    game_plots.generator_gradients(path, b, minimax, non_saturating, fake.numpy())


# %%
if __name__ == "__main__":
    compare_gradients(config)

# %% [markdown]
r"""
*Notice.* Both gradients are negative: each loss pushes $b$ up, towards "real". They are $-\sigma(b)$ and
$-(1 - \sigma(b))$, equal at $b = 0$ alone, and their ratio is $e^{-b}$. Early in training $D(G(z))$ is near **0**,
and that is where minimax *saturates*: at $b = -8$ its pull is 3000 times weaker, on the very samples that need it
most. At the end of the game, $b \approx 0$, both gradients are about ½. They are equal to first order only: near the
goal minimax may still spiral out where the non-saturating loss closes in (chapter 2).

## 5. "D averages one half" is no proof

With $p = q$ the best $D$ says ½ everywhere. The lab turns that around: it averages $D$ over the real and the fake
samples, calls it the accuracy, and keeps the model for which it is nearest ½. But for $D^*$ that average is

$$\tfrac12 \int p D^* + q D^* \; dx = \tfrac12 \int (p + q) \frac{p}{p + q} \; dx = \tfrac12 \quad\text{for every } q.$$

*Accuracy* is another thing: the share of right answers, $\tfrac12 [P(a > 0) + P(b \le 0)]$. Its threshold is ½ on
$D$ and so **0 on the logit**; the lab, which has dropped the sigmoid there, compares the logit with ½.
"""


# %%
def judge(config):
    """Four generators under D*: q's mean, D averaged over both sets and over the fakes, accuracy, JS.

    -> [4, 5]
    """
    p, _ = densities(config)
    rows = []
    print(
        "mean of q  average of D  ... over fake  accuracy      JS   fake called real: b > 0, b > 1/2"
    )
    for sds_away in (0.0, 1.0, 3.0, 10.0):
        q = Normal(p.mean + sds_away * p.sd, p.sd)
        real_logits, fake_logits = draw_logits(p, q, config)
        a = real_logits.numpy()
        b = fake_logits.numpy()
        d_real = float(tf.reduce_mean(tf.sigmoid(a)))
        d_fake = float(tf.reduce_mean(tf.sigmoid(b)))
        average = 0.5 * (d_real + d_fake)
        accuracy = 0.5 * (np.mean(a > 0.0) + np.mean(b <= 0.0))
        js = jensen_shannon(p, q)
        print(
            f"{q.mean:9.2f} {average:13.3f} {d_fake:14.3f} {accuracy:9.3f} {js:7.3f} "
            f"{np.mean(b > 0.0):24.3f} {np.mean(b > 0.5):8.3f}"
        )
        rows.append([q.mean, average, d_fake, accuracy, js])
    return np.array(rows)


# %%
if __name__ == "__main__":
    judge(config)

# %% [markdown]
r"""
*Notice.* The average of $D$ is 0.500 for the perfect generator, and for one that is ten standard deviations off.
Accuracy goes from ½ to 1, $JS$ from 0 to $\log 2$. In line 2 the lab's threshold calls 16 % of the fakes real, not 31.

## Exercises

1. Show by hand that $JS$ of the uniforms on $[0, 1]$ and $[c, 1 + c]$ is $c \log 2$ for $0 \le c \le 1$; check it.
2. "Density estimation", says the lab. Find two games with *different* $p$ and the *same* best $D$. What does $D$ know?
3. Is the average of $D^*$ over the fake samples alone a better proof than that over both? Show that it is at most ½.
"""


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_1():
    """Where only one has mass, on [0, c] and [1, 1 + c], log(r / m) = log 2; where both have, log 1 = 0.
    So each KL is c log 2, and so is their mean. -> c, JS by integration."""
    c = np.linspace(0.0, 1.0, 11)
    left = Uniform(0.0, 1.0)
    js = [jensen_shannon(left, Uniform(shift, shift + 1.0)) for shift in c]
    return c, np.array(js)


def solution_2():
    """N(0, 1) against N(1, 1), and N(-1.5, 2^2) against N(2.5, 2^2): a*(x) = 1/2 - x in both.

    D knows the ratio p / q, not p. G gives samples and no density at all: an *implicit* model.
    -> a* of both games, p of both games."""
    games = [
        (Normal(0.0, 1.0), Normal(1.0, 1.0)),
        (Normal(-1.5, 2.0), Normal(2.5, 2.0)),
    ]
    x = np.linspace(-3.0, 3.0, 61, dtype=np.float32)[:, np.newaxis]
    best_logits = [best_logit(p, q, x).numpy() for p, q in games]
    real_densities = [at(p, x) for p, _ in games]
    return best_logits, real_densities


def solution_3():
    """It is: q D* = p q / (p + q) <= (p + q) / 4, equal only where p = q, and that integrates to 1/2.
    But D must be the best: a lazy D says one half to every q.

    -> shifts of q, the average of D* over q by integration."""
    p = Normal(0.0, 1.0)
    shifts = np.linspace(0.0, 5.0, 11)
    averages = []
    for shift in shifts:
        q = Normal(shift, 1.0)
        x, widths = cells(p, q)
        best_d = tf.sigmoid(best_logit(p, q, x))
        averages.append(integrate(at(q, x), best_d, widths))
    return shifts, np.array(averages)
