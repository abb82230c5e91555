# %% [markdown]
r"""
# 1. The game: what the two players of a GAN want

After this chapter you can say what each player of a generative adversarial network minimises and what the best
discriminator knows, and you have trained a first GAN with a loop of some twenty lines.

## The question: how can a program learn to make things?

A **generative model** is a program that makes new samples that look as if they came from a given data set: faces like
those in a folder, melodies like those in a collection. People build such models to fill in missing parts of pictures,
to make training data where real data are rare, and because a program that can make a thing has captured something of
how it is built.

Training one meets an obstacle at once. A classifier is told the right answer for each picture, and its loss compares
its own answer with that one. A generator is told nothing of the kind. For a face that it has just invented there is
no "right" face to compare it with. **So what could its loss be?**

A **generative adversarial network**, or GAN, answers with a story [Goodfellow et al. 2014]. A forger prints
banknotes. A detective is shown notes, some real and some forged, and has to say which are which. Whenever the
detective learns to recognise a flaw, the forger learns to avoid it. When the detective can only guess, the forged
notes are as good as real ones. Note who sees what: the forger never sees a real note. All that the forger knows comes
from the detective.

In a GAN the forger is a function $G$, the detective is a function $D$, and "learns from" means a gradient. Figure 1.1
shows how the two are connected. Three questions follow, and this chapter answers them: What does the best possible
detective know? What does the forger minimise when playing against that detective? And is the best detective also the
best teacher?

| | |
|---|---|
| **You need** | probability densities, expectations, the cross-entropy of a classifier, gradient descent |
| **You will learn** | the value $V(D, G)$ and the best $D$; why its loss is $\log 4 - 2\,JS$; the two losses of $G$, and when one of them stops teaching; Algorithm 1 as a loop on plain tensors |
| **New in gan_core** | `losses`: the losses of both players, computed from logits |
| **Run it** | `python -m toy.ch01_the_game`, or with `--fake-mean 12 --fake-sd 0.5`; `--help` lists the flags |
| **Time** | about 20 s on two CPU cores, most of it the loop of section 1.7 |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # housekeeping: a quick --help, and a start without TensorFlow's messages

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import checks, losses, rng
from gan_core.app import command_line, plots, tables
from toy.figures import game_plots
from toy.measures.quadrature import at, cells, integrate, jensen_shannon
from toy.targets.distributions import Normal, Uniform


@dataclasses.dataclass(frozen=True)
class Config:
    """Two normal densities, that of the data and that of the generated samples; and a training."""

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
    rounds: int = 1500
    """rounds of Algorithm 1 in section 1.7, from 1 to 1,000,000"""
    seed: int = 0
    """of all draws, any whole number from 0 to 2^32"""
    out: Path = Path("runs/ch01")
    """folder for the figures"""

    def __post_init__(self):
        for name in ("real_mean", "fake_mean"):
            checks.number("Config", name, getattr(self, name), -100.0, 100.0)
        for name in ("real_sd", "fake_sd"):
            checks.number("Config", name, getattr(self, name), 0.01, 100.0)
        checks.integer("Config", "samples", self.samples, 2, 10_000_000)
        checks.integer("Config", "rounds", self.rounds, 1, 1_000_000)
        checks.integer("Config", "seed", self.seed, 0, 2**32)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 1: the game of two players.", "python -m toy.ch01_the_game"
    )
    plots.show(
        game_plots.players(),
        config.out / "players.png",
        caption="Figure 1.1. The two players. The generator G turns noise z into a generated sample. "
        "The discriminator D is shown real and generated samples and gives the probability that a "
        "sample is real. Dashed: what each player learns from.",
        alt="Noise z goes into G, whose sample goes into D, as do the data. D gives a probability.",
    )

# %% [markdown]
r"""
## 1.1 Two players, one number

First the words, in the order of Figure 1.1.

- A **latent vector** $z$ is a handful of random numbers from a fixed distribution, for example one number from
  $N(0, 1)$.
- The **generator** $G$ is a function with parameters. It turns $z$ into a **generated** sample $G(z)$, also called
  *fake*. The generated samples have a density, which we call $q$. It depends on $G$. We can draw from $q$, but $G$ gives
  no formula for it: such a model is called **implicit**.
- A **real** sample $x$ is one of the data. The data have a density $p$, which does not change.
- The **discriminator** $D$ is a function with parameters, too. For any sample it gives a number $D(x)$ between 0 and
  1: the probability, in $D$'s opinion, that the sample is real. Real and generated samples are shown to $D$ equally
  often.

$D$ is an ordinary classifier of two classes, so its loss is the cross-entropy. A real sample costs it $-\log D(x)$,
which is 0 if $D$ is sure that $x$ is real. A generated sample costs it $-\log(1 - D(x))$. Take the mean over real
samples and the mean over generated samples, and add the two. The sum is minus the **value** of the game,

$$V(D, G) = \mathbb{E}_{x \sim p} \log D(x) + \mathbb{E}_{x \sim q} \log(1 - D(x)). \tag{1.1}$$

Here $\mathbb{E}_{x \sim p} f(x) = \int p(x) f(x)\, dx$ is the mean of $f$ over samples with density $p$. $D$ wants
$V$ to be large. $G$ wants $D$ to be wrong, so it wants the same $V$ to be small. One player's gain is the other's
loss; such a game is called **zero-sum**, and its goal is written $\min_G \max_D V(D, G)$.

Until section 1.6 nobody learns. We choose two densities $p$ and $q$ and write them down, so that we know exactly what
$D$ *should* say. Section 1.7 lets both players learn.
"""


# %%
def densities(config):
    """p, the density of the data, and q, the density of the generated samples."""
    p = Normal(config.real_mean, config.real_sd)
    q = Normal(config.fake_mean, config.fake_sd)
    return p, q


# %% [markdown]
r"""
## 1.2 The best discriminator

**To show:** for a fixed generator, the discriminator with the largest $V$ is $D^*(x) = p(x) / (p(x) + q(x))$.

*Step 1: one integral.* Write both expectations of equation (1.1) as integrals,

$$V(D, G) = \int \big[\, p(x) \log D(x) + q(x) \log(1 - D(x)) \,\big]\, dx .$$

$D$ may choose its value at each $x$ freely. So the integral is largest if the bracket is largest at every single $x$.
Fix one $x$ at which $p$ and $q$ are positive, and call the bracket $\varphi(D) = p \log D + q \log(1 - D)$, for
$0 < D < 1$.

*Step 2: the derivative.* By the chain rule $\varphi'(D) = p / D - q / (1 - D)$. Setting it to zero gives

$$\frac{p}{D} = \frac{q}{1 - D} \quad\Longrightarrow\quad p\,(1 - D) = q\,D \quad\Longrightarrow\quad D = \frac{p}{p + q}.$$

*Step 3: it is a maximum.* The second derivative $\varphi''(D) = -p / D^2 - q / (1 - D)^2$ is negative everywhere. So
$\varphi$ is concave, and its only stationary point is its maximum. Hence

$$D^*(x) = \frac{p(x)}{p(x) + q(x)}. \tag{1.2}$$

*In words.* This is Bayes' theorem. Real and generated samples are shown equally often, so each kind has the prior
probability $\frac12$, and the probability that a sample seen at $x$ is real is
$\frac12 p / (\frac12 p + \frac12 q) = D^*(x)$. Where only $p$ is positive, the best answer is 1; where only $q$ is,
it is 0. Where both are zero, $D^*$ is undefined, but no sample ever falls there.

A network does not give out $D$ itself. Its output is the **logit** $a$, which may be any real number, and
$D = \sigma(a) = 1 / (1 + e^{-a})$ with the sigmoid function $\sigma$. Solved for $a$, this is
$a = \log D - \log (1 - D)$. Insert equation (1.2):
$\log D^* - \log(1 - D^*) = \log\frac{p}{p + q} - \log\frac{q}{p + q}$, so the best logit is

$$a^*(x) = \log p(x) - \log q(x). \tag{1.3}$$
"""


# %%
def best_logit(p, q, x):
    """a* = log p - log q at n points x, an array [n, 1]; gives an array [n].

    It is infinite where one of the densities is zero, and NaN ("not a number") where both are.
    """
    return p.log_density(x) - q.log_density(x)


def draw_best_discriminators(config):
    """Three pairs of densities, and the best D of each."""
    games = {
        "the game you chose": densities(config),
        "same mean, other spread": (Normal(10.0, 1.0), Normal(10.0, 2.0)),
        "no overlap": (Uniform(0.0, 1.0), Uniform(2.0, 3.0)),
    }
    return game_plots.best_discriminators(best_logit, games)


# %%
if __name__ == "__main__":
    plots.show(
        draw_best_discriminators(config),
        config.out / "best_discriminator.png",
        caption="Figure 1.2. Three pairs of densities (above) and the best discriminator of each "
        "(below). Left: N(10, 1) against N(7, 2²), unless you chose another game.",
        alt="Two densities above and D* below, for three games.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Where the two densities cross, $D^*$ is one half.* Both kinds of samples are equally frequent there.
> - *Left: $D^*$ does not simply rise from "fake" to "real".* Far to the right it falls again, because the wide $q$
>   has more mass there than the narrow $p$.
> - *Middle: $D^*$ is a hill.* A logit that is a straight line in $x$ cannot make a hill. Chapter 3 shows what a GAN
>   with such a discriminator gets wrong.
> - *Right: without overlap $D^*$ is 1 on the data and 0 on the generated samples.* The best $D$ makes no mistake at
>   all.

## 1.3 The same loss, from logits and samples

A GAN knows neither $p$ nor $q$. It has samples, and it has a network that gives logits.

*From $D$ to logits.* Let $s(t) = \log(1 + e^t)$, the **softplus** function. Since $\sigma(a) = 1/(1 + e^{-a})$,

$$-\log \sigma(a) = \log(1 + e^{-a}) = s(-a), \qquad -\log(1 - \sigma(a)) = -\log \sigma(-a) = s(a).$$

The second equation uses $1 - \sigma(a) = \sigma(-a)$. Softplus is also safer on a computer. At $a = -200$ the
probability $\sigma(a)$ is rounded to 0 in 32-bit numbers, and its logarithm is $-\infty$. Softplus gives
$s(-a) = 200$, which is right.

*From integrals to means.* Write $a(x)$ for the logit at $x$. With equation (1.1) $D$'s loss is an integral. From
samples it is a sum of two means: let $a_i$ be the logits of the real samples and $b_i$ those of the generated ones.

$$L_D = -V = \int \big[\, p(x)\, s(-a(x)) + q(x)\, s(a(x)) \,\big]\, dx
\;\approx\; \operatorname{mean} s(-a_i) + \operatorname{mean} s(b_i). \tag{1.4}$$

The integral needs the densities. We can compute it only because we wrote them down. The means need samples only, and
`losses.discriminator_loss` computes them. The next cell compares the two, for the best $D$ and for four others. Each of
these changes the logits of the best $D$ in some way. For the integral, `cells` cuts the line into many short pieces and
gives the middle and the width of each; `at(p, x)` is the height of the density $p$ at $x$, and `integrate` adds up
height times width. From one seed `rng.seed(seed, name)` makes a separate stream of random numbers for each name.
"""


# %%
def loss_by_integration(p, q, change=tf.identity):
    """L_D of the discriminator whose logits are change(a*)."""
    x, widths = cells(p, q)
    logits = change(best_logit(p, q, x))
    logits = tf.cast(logits, tf.float64)  # the sum has thousands of terms
    real_part = integrate(at(p, x), tf.nn.softplus(-logits), widths)
    fake_part = integrate(at(q, x), tf.nn.softplus(logits), widths)
    return real_part + fake_part


def draw_logits(p, q, config):
    """a* of real samples and of generated ones, [samples] each."""
    real = p.sample(config.samples, rng.seed(config.seed, "real"))
    fake = q.sample(config.samples, rng.seed(config.seed, "fake"))
    return best_logit(p, q, real), best_logit(p, q, fake)


def twice_as_sure(logits):
    return 2.0 * logits


def half_as_sure(logits):
    return 0.5 * logits


def standard_error(real_logits, fake_logits):
    """How far the mean over samples is typically from the integral."""
    real_variance = np.var(tf.nn.softplus(-real_logits))
    fake_variance = np.var(tf.nn.softplus(fake_logits))
    return float(np.sqrt((real_variance + fake_variance) / len(real_logits)))


def compare_discriminators(config):
    """The loss of D* and of four other discriminators.

    Gives a dictionary: for each name, L_D by integration, L_D by the library from samples, and L_D
    by integration for two densities without overlap.
    """
    p, q = densities(config)
    real_logits, fake_logits = draw_logits(p, q, config)
    discriminators = {
        "D*": tf.identity,
        "twice as sure": twice_as_sure,
        "half as sure": half_as_sure,
        "always one half": tf.zeros_like,
        "sigmoid applied twice": tf.sigmoid,  # the loss applies the other one
    }
    found = {}
    rows = []
    for name, change in discriminators.items():
        by_integral = loss_by_integration(p, q, change)
        a = change(real_logits)
        b = change(fake_logits)
        on_samples = float(losses.discriminator_loss(a, b))
        error = standard_error(a, b)
        apart = loss_by_integration(Uniform(0.0, 1.0), Uniform(2.0, 3.0), change)
        found[name] = (by_integral, on_samples, apart)
        with_error = f"{on_samples:.4f} ± {error:.4f}"
        rows.append([name, f"{by_integral:.4f}", with_error, f"{apart:.4f}"])
    tables.show(
        ["discriminator", "integral", "mean over samples", "integral, no overlap"],
        rows,
        caption="Table 1.1. D's loss, equation (1.4), for the best discriminator and for four "
        "others. Last column: the game without overlap, on the right of Figure 1.2.",
    )
    return found


# %%
if __name__ == "__main__":
    losses_of_d = compare_discriminators(config)

# %% [markdown]
r"""
> **Notice.**
>
> - *The two middle columns agree within a few standard errors.* (The number behind ± is the **standard error**: how
>   far such a mean typically is from the integral.) A mean over samples is all that a GAN needs.
> - *$D^*$ has the smallest loss.* A discriminator that is too sure pays for it, and so does one that is not sure enough.
>   Without overlap, in the last column, nobody can be too sure.
> - *"Always one half" costs $2 \log 2 = \log 4 = 1.386$,* for any two densities. Remember this number: a
>   discriminator that cannot tell real from generated has it. Some programs take the average of the two means instead
>   of their sum; they show half of it, $\log 2 = 0.693$.

> **Common mistake: a sigmoid too many.** Suppose $D$ ends in a sigmoid, and the loss applies a second one (in Keras,
> `from_logits=True`). Then the loss takes a probability, a number between 0 and 1, for a logit, and $D$ can only say
> "real with a probability of 50 to 73 %". Even without overlap its loss is at best $s(-1) + s(0) = 1.006$, where $D^*$
> has 0. Let $D$ end in a logit, and the loss do the rest.

## 1.4 What the best discriminator's loss says about the generator

We know the best $D$. Now we ask what its loss tells us about $G$.

**To show:** $L_D(D^*) = \log 4 - 2\,JS(p, q)$, where $JS$ measures how different two densities are.

Two definitions first. The **Kullback–Leibler divergence** of a density $r$ from a density $t$ is
$KL(r \| t) = \int r \log (r / t)\, dx$. It is never negative, and it is 0 only if $r = t$. The reason is **Jensen's
inequality**: $-\log$ is a convex function, and the mean of a convex function is at least the function of the mean. So
$KL(r \| t) = \mathbb{E}_{x \sim r} [-\log (t / r)] \ge -\log \mathbb{E}_{x \sim r} [t / r] \ge -\log \int t\, dx = 0$.
(The second $\ge$ is there because $\mathbb{E}_{x \sim r}$ counts $t$ only where $r$ is positive. The first is an equality
only if $t / r$ is constant, because $-\log$ is strictly convex.)
The **Jensen–Shannon divergence** compares $p$ and $q$ with their mixture $m = \frac12 (p + q)$:

$$JS(p, q) = \tfrac12 KL(p \| m) + \tfrac12 KL(q \| m).$$

*Step 1: insert $D^*$.* By equation (1.2), and because $p + q = 2m$,

$$-\log D^* = \log\frac{p + q}{p} = \log\frac{2m}{p} = \log 2 - \log\frac{p}{m}, \qquad
-\log(1 - D^*) = \log\frac{2m}{q} = \log 2 - \log\frac{q}{m}.$$

*Step 2: integrate.* Multiply the first by $p$ and the second by $q$. Each density integrates to 1, so each $\log 2$
stays as it is, and each logarithm becomes a Kullback–Leibler divergence:

$$L_D(D^*) = \Big[\log 2 - KL(p \| m)\Big] + \Big[\log 2 - KL(q \| m)\Big] = \log 4 - 2\,JS(p, q). \tag{1.5}$$

*In words.* The better $G$ imitates the data, the smaller is $JS$, and the *higher* is the loss of the best $D$. A $G$
that makes the value $V$ small against the best $D$ minimises the Jensen–Shannon divergence. The best possible $G$ has
$q = p$; then $JS = 0$ and $D$'s loss is $\log 4$. $JS$ is also bounded above. Since $m \ge p / 2$, the ratio $p / m$ is
at most 2, each $KL$ is at most $\log 2$, and so is $JS$. It reaches $\log 2$ when $p$ and $q$ do not overlap.

The next cell checks equation (1.5) on many pairs of densities, and draws $JS$ as $q$ moves away from $p$.
"""


# %%
def compare_values(config):
    """L_D(D*) and log 4 - 2 JS while q moves away from p: two arrays [n], and their figure."""
    p, q = densities(config)
    shifts = np.linspace(0.0, 6.0, 49)
    shifted = [Normal(p.mean + shift * p.sd, q.sd) for shift in shifts]
    loss = np.array([loss_by_integration(p, other) for other in shifted])
    divergence = np.array([jensen_shannon(p, other) for other in shifted])
    by_js = np.log(4.0) - 2.0 * divergence
    largest = np.abs(loss - by_js).max()
    print(f"{len(shifts)} pairs of densities: the two ways differ by at most {largest:.0e}")
    figure = game_plots.value(shifts, loss, by_js, divergences_of_pairs(shifts))
    return loss, by_js, figure


def divergences_of_pairs(shifts):
    """JS of three pairs of densities whose second one is shifted, for each shift."""
    wide = [jensen_shannon(Normal(0.0, 1.0), Normal(c, 1.0)) for c in shifts]
    narrow = [jensen_shannon(Normal(0.0, 0.1), Normal(c, 0.1)) for c in shifts]
    uniform = [jensen_shannon(Uniform(0.0, 1.0), Uniform(c, c + 1.0)) for c in shifts]
    return {"normals, sd 1": wide, "normals, sd 0.1": narrow, "uniforms, width 1": uniform}


# %%
if __name__ == "__main__":
    _, _, figure = compare_values(config)
    plots.show(
        figure,
        config.out / "value.png",
        caption="Figure 1.3. Left: the loss of the best D, computed directly and by equation (1.5), "
        "while q moves away from p. Right: the Jensen–Shannon divergence of three pairs of "
        "densities. It stops growing where the two no longer overlap.",
        alt="Left a falling curve with dots on it; right three curves that level off at log 2.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Left: the dots lie on the line.* Equation (1.5) holds for every pair.
> - *Right: all three curves level off at $\log 2 = 0.693$.* The narrow normals have practically no overlap left at a
>   distance of 1, and from there on their $JS$ no longer depends on how far apart they are.

The second point matters. A constant has no gradient. So where samples and data do not overlap, **a generator
that minimises $JS$ gets no direction from a perfect discriminator** [Arjovsky and Bottou 2017]. A discriminator
that is still learning usually does give it something, because its logit is smooth. Section 1.5 gives $G$ another loss,
chapter 5 one that measures how far apart the two are, and chapter 6 makes the two overlap by adding noise.

> **Common mistake: reading $D$'s loss without asking how good $D$ is.** A high loss of the *best* $D$ means that $G$
> is good. In training, $D$ is not the best one. Its loss may be high because $G$ is good, or because $D$ is bad.

<!-- moving: densities -->

## 1.5 Two losses for the generator

$G$ appears only in the second part of $V$, through its samples. Two losses for it are common. Write $b$ for the
logits of generated samples, so that $D(G(z)) = \sigma(b)$.

- The **minimax loss** is the second part of $V$ itself,
  $\operatorname{mean} \log(1 - D(G(z))) = -\operatorname{mean} s(b)$. With it the game is zero-sum.
- The **non-saturating loss** is $-\operatorname{mean} \log D(G(z)) = \operatorname{mean} s(-b)$. $G$ then raises the
  *logarithm* of the probability of being called real. With the minimax loss it lowers the logarithm of the probability
  of being called fake.

Both are small when $D$ is fooled, and the same samples fool it. Their gradients differ. The derivative of softplus is
$s'(t) = e^t / (1 + e^t) = \sigma(t)$, so by the chain rule

$$\frac{d}{db}\big[-s(b)\big] = -\sigma(b), \qquad
\frac{d}{db}\, s(-b) = -\sigma(-b) = -(1 - \sigma(b)). \tag{1.6}$$

Both are negative: a step of gradient descent raises $b$, towards "real". The ratio of the second to the first is
$(1 - \sigma(b)) / \sigma(b) = e^{-b}$. Let TensorFlow differentiate the library's two losses, and compare.
"""


# %%
def gradient_of(loss, b):
    """The derivative of each sample's loss with respect to its logit, b [n] -> [n]."""
    b = tf.convert_to_tensor(b, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(b)
        mean_loss = loss(b)
    gradient = tape.gradient(mean_loss, b)
    return gradient.numpy() * len(b)  # the loss is a mean over n samples


def compare_gradients(config):
    """Both gradients as functions of the logit: a table and a figure."""
    logits = np.array([-12.0, -8.0, -4.0, 0.0, 4.0], np.float32)
    minimax = gradient_of(losses.minimax_generator_loss, logits)
    non_saturating = gradient_of(losses.non_saturating_generator_loss, logits)
    rows = []
    for i, b in enumerate(logits):
        ratio = non_saturating[i] / minimax[i]
        probability = float(tf.sigmoid(b))
        row = [b, probability, minimax[i], non_saturating[i], ratio]
        formats = ["{:.0f}", "{:.6f}", "{:.6f}", "{:.6f}", "{:,.2f}"]
        rows.append([how.format(number) for how, number in zip(formats, row, strict=True)])
    tables.show(
        ["logit b", "D(G(z))", "minimax", "non-saturating", "ratio"],
        rows,
        caption="Table 1.2. The gradients of both generator losses with respect to a logit. The "
        "ratio is e to the power −b.",
    )
    p, q = densities(config)
    _, fake_logits = draw_logits(p, q, config)
    median = np.median(tf.sigmoid(fake_logits))
    print(f"generated samples of the game you chose, seen by D*: median D(G(z)) = {median:.4f}")
    many_logits = np.linspace(-10.0, 10.0, 401, dtype=np.float32)
    return game_plots.generator_gradients(
        many_logits,
        gradient_of(losses.minimax_generator_loss, many_logits),
        gradient_of(losses.non_saturating_generator_loss, many_logits),
        fake_logits.numpy(),
    )


# %%
if __name__ == "__main__":
    plots.show(
        compare_gradients(config),
        config.out / "generator_gradients.png",
        caption="Figure 1.4. Left: the size of both gradients, and, as bars, where the logits of the "
        "generated samples lie under D*. Right: the ratio of the two gradients, measured and by "
        "equation (1.6).",
        alt="Left two mirrored S-shaped curves over a histogram; right a straight falling line.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *At $b = 0$, where $D$ cannot tell, both gradients are $-\frac12$.* There a single step is the same with both
>   losses. The choice still matters for whether the game arrives at its goal; chapter 2 shows that.
> - *At $b = -8$ the minimax gradient is 2,981 times weaker.* There $D$ is sure that the sample is fake, so this
>   sample needs help most, and minimax gives it next to none. One says that the loss **saturates**.
> - *The bars: in this game most generated samples have a negative $b$, and many lie at the left edge or beyond it.*
>   Early in a training it is the same: $G$ is bad, and $D$ sees it. This is why the non-saturating loss is the usual
>   choice.

> **Common mistake: looking for saturation at the wrong end.** Minimax saturates where $D(G(z))$ is near **0**, which
> is the beginning of training, and not where it is near 1.

**What does the non-saturating loss minimise?** In a training step $D$ stands still while $G$ moves. So we ask for the
gradient of the loss with respect to $G$'s parameters, with $D^*$ held fixed. First split the loss:

$$-\log D^* = -\log(1 - D^*) + \log\frac{1 - D^*}{D^*} = -\log(1 - D^*) + \log\frac{q}{p}.$$

The last step uses equation (1.3). Now take the mean over generated samples.

- *The first term* is minus the minimax loss. The gradient of the minimax loss is that of $V$, because with $D$ held
  fixed the mean over real samples does not change when $G$ moves. By equation (1.5) the best $V$ is $2\,JS - \log 4$.
  If $G$ moves a little, two things change this value: the samples move, and $D^*$ moves. For a small move of $G$ the
  second change can be neglected, because $V$ is at its maximum with respect to $D$, where its slope is zero. (This is
  called the *envelope theorem*.) So with $D^*$ held fixed the minimax loss has the gradient of $2\,JS(p, q)$.
- *The second term* has the gradient of $KL(q \| p)$. To see this, let $G$ move, so that $q$ becomes $q'$. The function
  $\log (q / p)$ is held fixed, so it keeps the old $q$. Its mean over the new samples is
  $\mathbb{E}_{q'} \log \frac{q}{p} = KL(q' \| p) - KL(q' \| q)$. The last divergence is smallest at $q' = q$, so its
  gradient there is 0. What is left is the gradient of $KL(q \| p)$.

Together: **a non-saturating step against the best $D$ follows the gradient of $KL(q \| p) - 2\,JS(p, q)$**
[Arjovsky and Bottou 2017] (theorem 2.5). The minus sign looks alarming, but chapter 4 shows that the difference is never
negative, and 0 only for $p = q$. $KL(q \| p)$ is large if $G$ makes samples that the data do not have. It is hardly
affected if $G$ leaves out a part of the data: a $G$ that leaves out half of the data and is perfect on the rest has
$q = 2p$ there, and $KL(q \| p)$ is only $\log 2 = 0.69$. Chapter 4 looks at what follows from that.

## 1.6 Is it a good sign when $D$ says one half?

If $q = p$, the best $D$ says $\frac12$ everywhere. Does the converse hold: is $G$ good if $D$ says $\frac12$ *on
average*? Take the average of $D^*$ over as many real as generated samples:

$$\tfrac12 \int p\, D^*\, dx + \tfrac12 \int q\, D^*\, dx = \tfrac12 \int (p + q)\, \frac{p}{p + q}\, dx = \tfrac12 \int p\, dx = \tfrac12
\quad\text{for every } q.$$

The answer is no. The average is one half for *any* generator. The **accuracy** of $D$ says more: it is the share of
samples on which $D$ is right. $D$ calls a sample real if $D > \frac12$, that is, if the *logit* is above 0. So the
accuracy is $\frac12 [\Pr(a > 0) + \Pr(b \le 0)]$, where $\Pr$ is the probability over real samples (logit $a$) and over
generated samples (logit $b$). Table 1.3 compares the two for four generators.
"""


# %%
def judge_four_generators(config):
    """Four generators, each seen by its D*.

    Gives an array [4, 4], a row for each: the average of D, its average over generated samples, its
    accuracy, and JS.
    """
    p, _ = densities(config)
    found = []
    rows = []
    for sds_away in (0.0, 1.0, 3.0, 10.0):
        q = Normal(p.mean + sds_away * p.sd, p.sd)
        a, b = draw_logits(p, q, config)
        mean_d_real = float(tf.reduce_mean(tf.sigmoid(a)))
        mean_d_fake = float(tf.reduce_mean(tf.sigmoid(b)))
        average = 0.5 * (mean_d_real + mean_d_fake)
        share_real_right = np.mean(a > 0.0)
        share_fake_right = np.mean(b <= 0.0)
        accuracy = 0.5 * (share_real_right + share_fake_right)
        values = [average, mean_d_fake, accuracy, jensen_shannon(p, q)]
        found.append(values)
        rows.append([f"{sds_away:.0f} sd", *(f"{value:.3f}" for value in values)])
    tables.show(
        ["q is shifted by", "average of D", "over generated", "accuracy of D", "JS(p, q)"],
        rows,
        caption="Table 1.3. Four generators, each judged by its best discriminator.",
    )
    return np.array(found)


# %%
if __name__ == "__main__":
    judged = judge_four_generators(config)

# %% [markdown]
r"""
> **Notice.**
>
> - *The average of $D$ is 0.500 in every row,* for the perfect generator and for one that is ten standard deviations
>   off.
> - *The accuracy rises from 0.500 to 1.000, and $JS$ from 0 to $\log 2$.* The accuracy of the best $D$ tells how well
>   the two densities can be told apart.

> **Common mistake: stopping when the average of $D$ is nearest one half.** If $D$ is good, the average is one half in
> every round, so this rule picks a round by chance. A second slip often comes with it: to compare a logit with
> $\frac12$. If $D$ ends in a logit, the threshold is 0.

## 1.7 Algorithm 1: both players learn

In training nobody knows the best $D$. So $D$ gets better by small steps, $G$ gets better by small steps, and they
take turns.

> **Algorithm 1 (generative adversarial training).** Repeat:
>
> 1. Draw a **minibatch**: some real samples $x$, and as many latent vectors $z$.
> 2. *Step of $D$.* Compute $L_D$ on these $x$ and $G(z)$. Move $D$'s parameters by $-h$ times the gradient of $L_D$
>    with respect to them.
> 3. Draw new latent vectors $z$.
> 4. *Step of $G$.* Compute $L_G$ on $G(z)$, with the $D$ that step 2 has updated. Move $G$'s parameters by $-h$ times
>    the gradient of $L_G$ with respect to them.

This is the algorithm of [Goodfellow et al. 2014], with one step of $D$ in each turn; the paper allows several. The
number $h$ is the **learning rate**, and moving parameters against the gradient is called **stochastic gradient
descent**, *stochastic* because each minibatch is drawn at random. $L_G$ is the non-saturating loss here.

The task: the data are numbers from $N(1, 0.5^2)$. $z$ is one number from $N(0, 1)$. The players are as small as they
can be for this task:

- $G(z) = \mu + w z$ has two parameters. Its samples have mean $\mu$ and standard deviation $|w|$. It starts with
  $\mu = 0$ and $w = 1$.
- $D$'s logit is $c_0 + c_1 x + c_2 x^2$, with three parameters that start at 0. Section 1.2 says that it should be
  able to draw a hill, and the square lets it.

The loop uses nothing of this book's library. It needs variables, a tape that records what is computed, and gradients.
In the step of $D$ the generated numbers are made before the tape starts, because $G$ does not learn there. In the step
of $G$ they are made inside it, so that the gradient reaches $\mu$ and $w$.
"""


# %%
def non_saturating(logits):
    """mean s(-b), the loss of G."""
    return tf.reduce_mean(tf.nn.softplus(-logits))


def algorithm_1(draw_real, draw_z, rounds, learning_rate, generator_loss=non_saturating):
    """Train a GAN on numbers; gives mean and sd of G's samples at the start and after each round."""
    mu = tf.Variable(0.0)
    w = tf.Variable(1.0)
    c = tf.Variable([0.0, 0.0, 0.0])

    def generator(z):
        return mu + w * z

    def discriminator(x):
        return c[0] + c[1] * x + c[2] * x**2

    history = [(float(mu), abs(float(w)))]
    for _ in range(rounds):
        real = draw_real()
        fake = generator(draw_z())
        with tf.GradientTape() as tape:
            a = discriminator(real)
            b = discriminator(fake)
            d_loss = tf.reduce_mean(tf.nn.softplus(-a)) + tf.reduce_mean(tf.nn.softplus(b))
        c.assign_sub(learning_rate * tape.gradient(d_loss, c))

        z = draw_z()
        with tf.GradientTape() as tape:
            b = discriminator(generator(z))
            g_loss = generator_loss(b)
        mu_gradient, w_gradient = tape.gradient(g_loss, [mu, w])
        mu.assign_sub(learning_rate * mu_gradient)
        w.assign_sub(learning_rate * w_gradient)
        history.append((float(mu), abs(float(w))))
    return np.array(history)


# %%
def learn_a_gaussian(config, mean=1.0, sd=0.5, batch=128, learning_rate=0.2):
    """Algorithm 1 on numbers from N(mean, sd²); gives [rounds + 1, 2], mean and sd of G's samples."""
    random = np.random.default_rng(config.seed)

    def draw_real():
        return (mean + sd * random.standard_normal(batch)).astype(np.float32)

    def draw_z():
        return random.standard_normal(batch).astype(np.float32)

    history = algorithm_1(draw_real, draw_z, config.rounds, learning_rate)
    last_mean, last_sd = history[-1]
    print(
        f"after {config.rounds:,} rounds: G makes numbers of mean {last_mean:.3f}, sd {last_sd:.3f}"
    )
    late = min(500, config.rounds)
    late_mean, late_sd = history[-late:].mean(axis=0)
    print(f"mean over the last {late} rounds: mean {late_mean:.3f}, sd {late_sd:.3f}")
    return history


# %%
if __name__ == "__main__":
    history = learn_a_gaussian(config)
    plots.show(
        game_plots.first_training(history, mean=1.0, sd=0.5),
        config.out / "first_training.png",
        caption="Figure 1.5. A GAN learns N(1, 0.5²) by Algorithm 1. Left: mean and standard "
        "deviation of the generated numbers; dashed, those of the data. Right: their density at the "
        "start, on the way, and at the end.",
        alt="Left two wavy curves that settle on dashed lines; right bell curves that approach one.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Left: after 1,500 rounds the mean is near 1 and the standard deviation near 0.5.* Nobody told $G$ these two
>   numbers. It found them by following the gradient that came through $D$.
> - *Left: both numbers overshoot and swing around their goals, in ever smaller waves.* Two players who follow each
>   other do not simply walk downhill. Chapter 2 explains the waves.
> - *Left: small irregular movements remain at the end.* Each minibatch is another sample of 128 numbers, so each
>   gradient is a little wrong. A mean over many rounds is steadier than the last round; chapter 3 makes use of that.
> - *Right: at the end the density of $G$'s samples covers that of the data.*

## Summary

- A GAN trains a generator by a second network, the discriminator, which learns to tell real from generated samples.
- For a fixed generator the best discriminator is $D^* = p / (p + q)$; its logit is $\log p - \log q$. It knows the
  *ratio* of the densities.
- The loss of the best discriminator is $\log 4 - 2\,JS(p, q)$. It is $\log 4$ if $D$ cannot tell. Where the two
  densities do not overlap it is 0, however far apart they are, and a generator that tries to raise it gets no
  direction from the best discriminator.
- The minimax loss of $G$ saturates where $D$ is sure that samples are fake; the non-saturating loss does not. Against
  the best $D$, held fixed, the first follows the gradient of $2\,JS$, the second that of $KL(q \| p) - 2\,JS$.
- The average of $D$ says nothing about $G$. Its accuracy does, if $D$ is good.
- Algorithm 1 alternates a gradient step of $D$ with one of $G$.

## Exercises

1. ★ Show by hand that $JS$ of the uniform densities on $[0, 1]$ and on $[c, 1 + c]$ is $c \log 2$ for
   $0 \le c \le 1$. Check it with `jensen_shannon`.
2. ★ Suppose $D$ is shown real samples with probability $\pi$ and generated ones with probability $1 - \pi$. Repeat
   section 1.2. What is the best $D$, and by how much does its logit differ from equation (1.3)?
3. ★ Find two games with *different* densities $p$ of the data and the *same* best $D$. What does $D$ know of the
   data?
4. ★★ Is the average of $D^*$ over the generated samples *alone* a better measure than that over both kinds? Show that
   it is at most $\frac12$, with equality only for $q = p$, and plot it while $q$ moves away.
5. ★★ Check the claim about the non-saturating loss in section 1.5 by numbers. Let $p = N(0, 1)$ and $q = N(\mu, 1)$.
   Compare the derivative of the loss with respect to $\mu$, for a $D^*$ that is held fixed, with that of
   $KL(q \| p) - 2\,JS(p, q)$.
6. ★★ Give `algorithm_1` the minimax loss. How much does the result change, over five seeds? Explain it by the values
   that $b$ takes in this training.
7. ★★★ Build a GAN for points of the plane, from the loop of section 1.7. The data are normal with mean $(1, -1)$,
   standard deviations 1 and correlation 0.8. Let $G(z) = \mu + W z$ with $z$ from $N(0, I)$ in the plane. Which
   features does $D$'s logit need?

## Further reading

- [Goodfellow et al. 2014] introduces the game, the best discriminator, equation (1.5) and Algorithm 1 in nine pages.
- [Goodfellow 2016] explains what GANs are for, and answers questions about the game at length.
- [Arjovsky and Bottou 2017] shows what happens without overlap, and what the non-saturating loss minimises.
- [Lin 1991] defines the Jensen–Shannon divergence and proves its bounds.
"""
