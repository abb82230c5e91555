# %% [markdown]
r"""
# 12. A modern GAN: what has changed since 2015

After this chapter you can say, for each difference between a DCGAN and a GAN baseline of 2024, which problem it answers
and why it works, and you can measure whether it pays off with the computer that you have.

## The question

The DCGAN of chapter 8, by Radford et al., was published in 2015. In 2024, Huang et al. removed every trick for which they
knew no reason, and asked what was left. In their answer, called R3GAN [Huang et al. 2024], almost every part of the DCGAN
has been replaced:

| | DCGAN, 2015 | baseline of 2024 | section |
|---|---|---|---|
| loss | non-saturating | relativistic, on pairs | 12.1 |
| penalty | none | R1 and R2 | 12.2 |
| layers | one after the other | residual blocks | 12.3 |
| start | all kernels with sd 0.02 | each block starts as the identity | 12.3 |
| normalisation | batch norm | none | 12.4 |
| halving and doubling | convolutions with stride 2 | a fixed low-pass filter | 12.5 |
| Adam | $\beta_1 = 0.5$, $\beta_2 = 0.999$ | $\beta_1 = 0$, $\beta_2 = 0.99$ | 12.6 |

With days on large GPUs the new recipe beats much more complicated ones, as its authors report. **Which of the changes
help, and do they help with two CPU cores and a few minutes?** We take the parts one by one, each with an example that
is small enough to be exact. Then we exchange them in a real training, one step at a time, and let the measures of
chapter 11 judge.

| | |
|---|---|
| **You need** | chapter 2 (R1), chapter 6 (mode collapse, R2, the relativistic loss), chapter 8 (the DCGAN's layers), chapter 11 (the measures) |
| **You will learn** | how comparing pairs changes the landscape, and when it does not; what R1 alone leaves free; what a residual block computes at the start; what batch norm did and what replaces it; aliasing; how to read a comparison at equal time |
| **New in gan_core** | `nn.resampling`, `initializers.fan_in_normal`; in dcgan `architectures.modern` |
| **Run it** | `python -m dcgan.ch12_modern_gan`; `--seeds 3` repeats the experiment; `--help` lists the flags |
| **Time** | about three minutes of computing |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # housekeeping: a quick --help, and a start without TensorFlow's messages

import dataclasses
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan import config as training_config
from dcgan import networks, training
from dcgan.architectures import modern
from dcgan.data.batches import face_batches
from dcgan.data.pixels import to_float, to_uint8
from dcgan.drawn import drawn_faces
from dcgan.figures import modern_plots
from dcgan.judge import evidence, factor_classifier, factor_features
from dcgan.lessons import landscapes
from dcgan.measures import distances, real_sets
from dcgan.measures.features import frechet, manifolds
from gan_core import checks, penalties, rng
from gan_core.app import command_line, plots, tables
from gan_core.nn.activations import leaky_relu
from gan_core.nn.conv import Conv2D
from gan_core.nn.initializers import fan_in_normal, normal
from gan_core.nn.resampling import BILINEAR, downsample
from gan_core.optim.optimizers import SGD


@dataclasses.dataclass(frozen=True)
class Config:
    """How much is trained, and how it is judged. All recipes see the same images in one order."""

    images: int = 12_000
    """drawn images that each recipe is shown; rounds are images / batch"""
    batch: int = 32
    """images in a batch, real and generated each"""
    size: int = 32
    """pixels of a face, each way: 32, 64 or 128"""
    width: int = 16
    """channels at the pictures' end of all networks"""
    latent_dim: int = 64
    """how many numbers z has"""
    drawn: int = 4096
    """faces that are drawn to learn from"""
    looks: int = 4
    """how often each training is judged, the last time at its end"""
    samples: int = 1000
    """generated faces in each judgement, and real ones beside them"""
    taught: int = 4000
    """drawn faces that the classifier of factors learns from"""
    classifier_steps: int = 300
    """training steps of this classifier"""
    only: tuple[int, ...] = (1, 2, 3, 4, 5)
    """recipes to train, by their numbers in section 12.6, such as 2 5"""
    seed: int = 0
    """of weights, noise and the order of the faces"""
    seeds: int = 1
    """how many seeds the last tables are over, counted from `seed`"""
    out: Path = Path("runs/ch12")
    """folder for the figures"""

    def __post_init__(self):
        checks.integer("Config", "batch", self.batch, 2, 1024)
        checks.integer("Config", "looks", self.looks, 1, 100)
        checks.integer("Config", "images", self.images, self.looks * self.batch, 10**9)
        checks.one_of("Config", "size", self.size, training_config.SIZES)
        checks.integer("Config", "width", self.width, 1, 1024)
        checks.integer("Config", "latent_dim", self.latent_dim, 1, 10_000)
        checks.integer("Config", "drawn", self.drawn, self.batch, 10**6)
        checks.integer("Config", "samples", self.samples, evidence.FEWEST, 100_000)
        checks.integer("Config", "taught", self.taught, 128, 10**6)
        checks.integer("Config", "classifier_steps", self.classifier_steps, 1, 10**6)
        checks.integer("Config", "seed", self.seed, 0, 2**32)
        checks.integer("Config", "seeds", self.seeds, 1, 1000)
        if not self.only:
            checks.fail("Config", "only", "one recipe or more", "none")
        for number in self.only:
            checks.one_of("Config", "only", number, (1, 2, 3, 4, 5))


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 12: a modern GAN.", "python -m dcgan.ch12_modern_gan"
    )

# %% [markdown]
r"""
## 12.1 Comparing pairs

**The loss.** In most chapters $D$ judged each sample by itself: $D(x)$ should be high and $D(G(z))$ should be low. The
**relativistic** loss of section 6.4 [Jolicoeur-Martineau 2018] only asks that in a *pair* of a real and a generated
sample the real one gets the higher logit. Over ten seeds chapter 6 saw no effect of it. Here we compute what it changes.
With logits $a = D(x)$ and $b = D(G(z))$ and the softplus $s(t) = \log(1 + e^t)$,

$$L_D = \operatorname{mean} s(-(a - b)), \qquad L_G = \operatorname{mean} s(-(b - a)). \tag{12.1}$$

The $i$-th real sample of a batch is paired with the $i$-th generated one. Only differences count, so a constant may be
added to $D$ without any effect: "real" no longer means "above 0", but "above the other one".

**A case that can be computed.** Sun et al. asked what this does to mode collapse [Sun et al. 2020]. Take two modes at
$-1$ and $1$ with one real sample each, $x_1 = -1$ and $x_2 = 1$, and two generated samples $y_1, y_2$. $D$ may have any
value at any place, and we always take the best such $D$. The value of the game is minus its mean loss,

$$\max_D \operatorname{mean} \log \sigma(r), \qquad \sigma(t) = \frac{1}{1 + e^{-t}}, \tag{12.2}$$

where the *margins* $r$ say how right $D$ is. For the loss of chapter 1, which we call *separate* here, there are four
margins: $D(x_1)$, $D(x_2)$, $-D(y_1)$ and $-D(y_2)$. (We take the mean over the four, where chapter 1 added two means, so
its value is twice ours.) For pairs there are two margins: $D(x_1) - D(y_1)$ and $D(x_2) - D(y_2)$. $G$ lowers the value.
It is 0 if $D$ can tell everything apart, and $-\log 2 = -0.693$ if it can tell nothing apart. Three states matter:

1. *Collapsed*: $y_1 = y_2 = x_1$. Separate: at $x_1$ lie one real and two generated samples, so the best $D$ gives the
   probability $\sigma(D) = \frac13$ of "real" there. The term of $x_1$ is $\log \frac13$, and those of $y_1$ and $y_2$ are
   $\log \frac23$ each. At $x_2$ lies only a real sample; its term can come as close to 0 as $D$ likes. The value is
   $\frac14 \left(\log \frac13 + 2 \log \frac23 + 0\right) = -0.477$. Pairs: the first pair is equal, which costs
   $\log \frac12$. The second pair is $(x_2, x_1)$, and $D$ can make it as unequal as it likes. The value is
   $\frac12 \log \frac12 = -0.347$.
2. *On the way*: $y_1 = x_1$, and $y_2$ somewhere between the modes. Separate: two terms of $\log \frac12$ are left, so
   the value is $\frac14 \cdot 2 \log \frac12 = -0.347$. Pairs: still one equal pair, $-0.347$.
3. *Both modes*: $y_1 = x_1$ and $y_2 = x_2$. At each place there are one real and one generated sample. With pairs both
   margins are 0 whatever $D$ is, and with the separate loss the best $D$ is 0 everywhere. The value is
   $-\log 2 = -0.693$ for both.

$G$ wants to go down. With the separate loss the way from state 1 to state 3 leads *uphill* first, from $-0.477$ to
$-0.347$. So the collapsed state is a strict local minimum, a **bad basin**: no way leads out of it without a climb.

With fixed pairs there is *one way out without a climb*: $y_2$, whose partner $x_2$ is at the empty mode, leaves. On this
way the value is level, and it falls when $y_2$ arrives. If $y_1$ leaves instead, both pairs become unequal, and the value
climbs to 0. So the claim is modest. The collapsed state is no longer *strictly* below its surroundings, but with a free
$D$ the level part gives $G$ no gradient to follow, and the way out depends on which sample leaves. Sun et al. prove for
any number of samples that with fixed pairs some way to the smallest value never climbs.

**Which pairs?** The proof is about a *fixed* list of pairs: $y_1$ always meets $x_1$. A trainer draws a new batch in
every round, so in the long run each $y_j$ meets each $x_i$, and the loss is the mean over *all* pairs. The same count
for $i, j \in \{1, 2\}$ gives

- collapsed: $(x_1, y_1)$ and $(x_1, y_2)$ are equal, $\frac14 \cdot 2 \log \frac12 = -0.347$;
- on the way: only $(x_1, y_1)$ is equal, $\frac14 \log \frac12 = -0.173$;
- both modes: two pairs are equal, and $(x_1, x_2)$ and $(x_2, x_1)$ contradict each other, so all four margins of the
  best $D$ are 0: $-0.693$.

The hill is back, whichever sample leaves. The next cell computes the value of all three games. $D$ is a sum of bumps
around the samples, and large values of $D$ are penalised a little. `landscapes.value` finds the best heights of the bumps
by Newton's method, an iteration that uses second derivatives to maximise a concave function. Bumps of width 0.01 do not
overlap, so $D$ is free at every place, which must give the numbers above. Bumps of width 0.3 overlap, so $D$ is smooth,
as a network is.
"""

# %%
STATES = {"collapsed": (-1.0, -1.0), "on the way": (-1.0, 0.0), "both modes": (-1.0, 1.0)}


def values_of_states():
    """For each state, the value of each game, with a D that is free at every place."""
    found = {}
    for state, fake in STATES.items():
        # Bumps as narrow as 0.01 do not overlap; the tiny cost hardly limits their height.
        found[state] = values_at(fake, width=0.01, cost=1e-6)
    return found


def values_at(fake, width, cost):
    """The value of each of the three games, for real samples at -1 and 1 and these fakes."""
    found = {}
    for game in landscapes.KINDS:
        found[game] = landscapes.value(game, (-1.0, 1.0), fake, width=width, cost=cost)
    return found


def walk_between_modes(width, cost, points=81):
    """y_1 stays at -1 and y_2 moves from -1 to 1.

    Returns the places of y_2, and for each game its values at these places.
    """
    places = np.linspace(-1.0, 1.0, points)
    values = {game: np.zeros(points) for game in landscapes.KINDS}
    for i, place in enumerate(places):
        for game, value in values_at((-1.0, place), width, cost).items():
            values[game][i] = value
    return places, values


# %%
if __name__ == "__main__":
    rows = []
    for state, values in values_of_states().items():
        row = [state]
        for game in landscapes.KINDS:
            row.append(f"{values[game]:.3f}")
        rows.append(row)
    tables.show(
        ["state", *landscapes.KINDS],
        rows,
        caption="Table 12.1. The value of the game in three states, for the best D. G lowers it.",
    )
    places, free = walk_between_modes(width=0.01, cost=1e-6)
    _, smooth = walk_between_modes(width=0.3, cost=0.01)
    plots.show(
        modern_plots.landscapes(places, {"a free D": free, "a smooth D": smooth}),
        config.out / "landscapes.png",
        caption="Figure 12.1. The value of the game while the first generated sample stays at the "
        "left mode and the second one moves from the left mode to the right one.",
        alt="With a free D there are steps: the curves of separate losses and of all pairs jump up, "
        "stay level and drop at the right mode; that of fixed pairs is level and drops. With "
        "a smooth D the same three shapes are rounded.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The table has the numbers that we computed by hand.*
> - *Fixed pairs: no hill on this way.* The curve of fixed pairs (dashed) never rises. With a smooth $D$ it begins to fall
>   where the bumps around the sample and around the empty mode overlap, so $G$ has a gradient to follow.
> - *Separate losses and all pairs: a hill.* To leave the full mode the sample has to climb, with a smooth $D$ too.

So the theorem does not carry over to a trainer that draws its pairs at random, *in this example*. That does not make
the loss useless. Publications report better results with it, together with the penalties of the next section. But it is
a reason to measure. Two exact properties remain.

- *Only differences count*, so $D$ spends nothing on keeping its logits around 0.
- *The reference is a real sample.* In a batch of $n$ pairs with logits $a_i$ and $b_i$, the derivative of $L_G$ with
  respect to $b_i$ is $-\sigma(a_i - b_i) / n$. With the non-saturating loss it is $-\sigma(-b_i) / n$. How hard a
  generated sample is pulled depends on how much less real than *its partner* it looks, and not on a fixed boundary. The
  same holds for $D$ and real samples: the derivative of $L_D$ with respect to $a_i$ is $-\sigma(b_i - a_i) / n$.

> **Common mistake.** To pair logits of shape $[B, 1]$ with logits of shape $[B]$. Their difference has shape $[B, B]$
> by broadcasting, and the loss silently becomes the one over all pairs of the batch. The library's loss refuses two
> shapes that differ.
"""

# %% [markdown]
r"""
## 12.2 Why R1 is not enough

Chapter 2 introduced R1, a penalty on the slope of $D$ at *real* samples. With it, a game that starts close enough to
its equilibrium converges [Mescheder et al. 2018]. Close to the equilibrium generated samples lie where the data lie, so
the slopes at real and at generated samples are the same on average, and either penalty will do. Early in a training
generated samples lie elsewhere, and $G$'s gradient is the slope of $D$ *at generated samples*. For one pair with the
generated sample $y$,

$$\frac{\partial L_G}{\partial y} = -\sigma(a - b)\, D'(y). \tag{12.3}$$

R1 does not look there. **R2** (section 6.3) is the same penalty at generated samples:

$$R_1 = \frac{\gamma}{2} \operatorname{mean} \lVert \nabla D(x) \rVert^2, \qquad
R_2 = \frac{\gamma}{2} \operatorname{mean} \lVert \nabla D(G(z)) \rVert^2. \tag{12.4}$$

**An exact example.** Put the real sample at 0 and the generated one at $\theta > 0$, as in the Dirac-GAN of chapter 2,
but let $D$ be a parabola. Up to a constant a parabola is determined by its slopes $u$ at 0 and $v$ at $\theta$. Its
slope changes linearly, so $D(\theta) - D(0) = \theta\,(u + v)/2$, and the relativistic loss with both penalties is

$$L_D = s\Big(\frac{\theta\,(u + v)}{2}\Big) + \frac{\gamma_1}{2} u^2 + \frac{\gamma_2}{2} v^2. \tag{12.5}$$

The derivative of the softplus is the sigmoid, so setting the derivatives with respect to $u$ and $v$ to zero gives

$$\gamma_1 u = -\frac{\theta}{2}\, \sigma\Big(\frac{\theta\,(u + v)}{2}\Big), \qquad
\gamma_2 v = -\frac{\theta}{2}\, \sigma\Big(\frac{\theta\,(u + v)}{2}\Big). \tag{12.6}$$

- *Both penalties, $\gamma_1 = \gamma_2 = \gamma$.* The right sides are equal, so $u = v$: the best $D$ is a straight
  line. For small $\theta$ the sigmoid is about $\frac12$, and $u = v \approx -\theta / (4 \gamma)$. Close to the data, the
  nearer the generated sample is, the more gently it is pulled. It can come to rest.
- *R1 alone, $\gamma_2 = 0$.* The second equation demands that a sigmoid be 0, which it never is. There is **no best
  $D$**: the more $D$ is trained, the steeper it becomes at the generated sample, and $G$'s step grows with it. As $v$ goes
  to $-\infty$, the sigmoid in the first equation goes to 0, and $u$ with it. So R1 itself ends at 0, and does not
  notice.

The next cell trains the parabola by gradient descent.
"""


# %%
def train_parabola(theta, gamma_1, gamma_2, steps, step_size=0.1):
    """Gradient descent on equation (12.5) from u = v = 0.

    Returns all values of u and all of v, [steps + 1] each: at the start and after each step.
    """
    u = np.zeros(steps + 1)
    v = np.zeros(steps + 1)
    for k in range(steps):
        pull = 0.5 * theta * sigmoid(0.5 * theta * (u[k] + v[k]))
        u[k + 1] = u[k] - step_size * (pull + gamma_1 * u[k])
        v[k + 1] = v[k] - step_size * (pull + gamma_2 * v[k])
    return u, v


def sigmoid(t):
    """1 / (1 + e^-t)"""
    return 1.0 / (1.0 + np.exp(-t))


def slopes_at_the_fake(thetas=(2.0, 1.0, 0.5, 0.1), checkpoints=(100, 10_000)):
    """|v| after 100 and after 10,000 steps of D, for gamma = 1.

    Each row has theta, two numbers for R1 alone, two for R1 and R2, and theta / (4 gamma).
    """
    rows = []
    for theta in thetas:
        limit = theta / 4.0
        row = [f"{theta:g}"]
        for gamma_2 in (0.0, 1.0):
            _, v = train_parabola(theta, gamma_1=1.0, gamma_2=gamma_2, steps=max(checkpoints))
            for steps in checkpoints:
                row.append(f"{abs(v[steps]):.3f}")
        rows.append([*row, f"{limit:.3f}"])
    return rows


# %%
if __name__ == "__main__":
    names = ["R1, 100 steps", "R1, 10,000", "R1 and R2, 100 steps", "R1 and R2, 10,000"]
    tables.show(
        ["θ", *names, "θ / 4γ"],
        slopes_at_the_fake(),
        caption="Table 12.2. The slope of D at the generated sample, after 100 and 10,000 steps of "
        "D; γ = 1.",
    )
    panels = {}
    for title, gamma_2 in (("R1 alone", 0.0), ("R1 and R2", 1.0)):
        u, v = train_parabola(theta=1.0, gamma_1=1.0, gamma_2=gamma_2, steps=10_000)
        panels[title] = {steps: (u[steps], v[steps]) for steps in (10, 100, 1000, 10_000)}
    plots.show(
        modern_plots.parabolas(1.0, panels),
        config.out / "parabolas.png",
        caption="Figure 12.2. D after more and more training steps, with the real sample at 0 and "
        "the generated one at 1. Darker: later.",
        alt="Left, the parabola is flat at the real sample and bends down more and more steeply at "
        "the generated one. Right, all curves lie on one line of small slope.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *With R1 alone the slope grows as long as $D$ is trained.* After 100 steps it is still smaller for nearer samples.
>   After 10,000 it is *larger*: 18.8 at $\theta = 0.1$ against 6.9 at $\theta = 2$. For a nearer sample the slope grows
>   more slowly at first, since the factor $\theta / 2$ in equation (12.6) is smaller. But in the end $D$ wants a large
>   difference between its values at 0 and at $\theta$, and over a short distance that takes a steep slope. Yet close to
>   the data a large step of $G$ is least welcome.
> - *With both it settles,* and close to the data it has the value $\theta / 4\gamma$.
> - *Left panel: R1 is satisfied.* All curves are flat at 0. The steep part lies where R1 does not look.

In the Dirac-GAN of chapter 2 this could not happen. Its $D$ was linear, so it had the same slope at the real and at the
generated sample, and R1 limited both. (The recipe of chapter 6 has both penalties.) A network can have another slope at
each place, and a large one that is trained for days comes closer to its best. Section 12.6 measures both slopes in a
training on faces.

> **Common mistake.** To copy $\gamma$ from a publication. The norm in equation (12.4) sums over all pixels and depends
> on the unit of a pixel. With pixels in $[0, 1]$ instead of $[-1, 1]$ all slopes are twice as large, and the same
> $\gamma$ is four times as strong.
"""

# %% [markdown]
r"""
## 12.3 A residual block at the start

More layers can compute more. But a signal that passes many layers may vanish or explode, and the gradient on its way
back likewise. A **residual block** adds what it computes to what it gets:

$$x \mapsto x + f(x). \tag{12.7}$$

In `modern.Block` $f$ is a **bottleneck**: a $1 \times 1$ convolution to half of the channels, a $3 \times 3$
convolution, and a $1 \times 1$ convolution back. Two leaky rectifiers (leaky ReLUs) stand between the three. Halving the
channels makes the $3 \times 3$ layer four times cheaper.

**The mean square of the signal.** Let each weight of a layer be drawn from $N(0, g^2 / n)$, where $n$ is the number of
inputs of a unit (in a convolution: kernel height × width × input channels). We call $g$ the **gain** of the layer. The
weights have mean 0 and are independent. So the mean square of the output is $g^2$ times the mean square of the input, on
average over all draws of the weights. A leaky rectifier of slope $\alpha$ keeps positive inputs and multiplies negative
ones by $\alpha$. If the inputs are distributed symmetrically around 0, it multiplies the mean square by
$(1 + \alpha^2)/2$. So a rectifier and a layer together keep the mean square, on average, if

$$g^2 = \frac{2}{1 + \alpha^2} \tag{12.8}$$

[He et al. 2015]. The first of the three convolutions of $f$ has no rectifier in front of it, so it keeps the mean
square with $g = 1$. The other two have one in front, so they need equation (12.8). The DCGAN's kernels have a fixed sd
of 0.02, so $g^2 = 0.0004\, n$ depends on the number of inputs. With the DCGAN's $\alpha = 0.2$, equation (12.8) asks
for $g^2 = 1.92$, and $0.0004\, n$ is that only for about 4,800 inputs. In the narrow networks of this book $n$ is
smaller and the signal shrinks in every layer; in wide ones it can grow. Batch norm brings it back to size 1.

*In a residual block* the two parts of equation (12.7) are uncorrelated at the start, because the last kernel of $f$ has
mean 0 and is drawn independently of everything before it. So their mean squares add up. If $f$ keeps the mean square,
each block doubles it. After $L$ blocks it is $2^L$ times as large. The remedy is radical: let the *last*
kernel of $f$ start at 0. Then $f = 0$, and **every block starts as the identity**, however many there are.

**The first step.** Does a block that starts as 0 learn? Consider blocks of scalars, $x_{l+1} = x_l + w_3 w_2 w_1 x_l$, where
$x_l$ is the signal in front of block $l$, with $w_3 = 0$ and $w_1 = w_2 = c$. Start with $x_0 = 1$. Take the simplest loss,
the output itself. All $w_3$ are 0, so every $x_l$ is 1 and the output is 1. Its derivative with respect to the $w_3$ of
any block is therefore $w_2 w_1 x_l = c^2$. The derivatives
with respect to $w_1$ and $w_2$ contain $w_3 = 0$, so these two stay as they are. A step of size $\eta$ sets
$w_3 = -\eta c^2$, every block then multiplies by $1 - \eta c^4$, and the output becomes

$$(1 - \eta c^4)^L \approx 1 - \eta\, L\, c^4, \tag{12.9}$$

where the approximation holds if $\eta L c^4$ is small. The blocks do learn. But the change grows with the number of
blocks. To make it independent of $L$, choose

$$c = L^{-1/4}, \qquad \text{or } L^{-1/(2m - 2)} \text{ for } m \text{ layers in a block.} \tag{12.10}$$

This scale for all layers but the last, and 0 for the last one, is the **Fixup** start [Zhang et al. 2019].
"""

# %%
CHANNELS = 32


def signals(depth=20, seed=0):
    """The mean square of a signal behind each of `depth` layers or blocks.

    Returns [depth + 1] numbers for each way to start.
    """
    gain = modern.GAIN
    starts = {
        "layers, sd 0.02": plain_layers(depth, normal(0.02), seed),
        "layers, equation (12.8)": plain_layers(depth, fan_in_normal(gain), seed),
        "blocks, f keeps the mean square": blocks(depth, 1.0, seed),
        "blocks, last kernel 0": blocks(depth, 0.0, seed),
    }
    x = rng.normal([4, 16, 16, CHANNELS], rng.seed(seed, "a signal"))
    found = {}
    for name, layers in starts.items():
        found[name] = mean_squares(layers, x)
    return found


def plain_layers(depth, initializer, seed):
    """Convolutions with leaky rectifiers, one after the other."""
    layers = []
    for i in range(depth):
        convolution = Conv2D(CHANNELS, CHANNELS, 3, initializer=initializer, seed=1000 * seed + i)
        layers.append(with_rectifier(convolution))
    return layers


def with_rectifier(convolution):
    """The convolution and then a leaky rectifier, as one function."""
    rectifier = leaky_relu(modern.LEAK)

    def layer(x):
        return rectifier(convolution(x))

    return layer


def blocks(depth, last_gain, seed):
    """Residual blocks whose last kernel has this share of the gain of equation (12.8)."""
    layers = []
    for i in range(depth):
        block = modern.Block(
            channels=CHANNELS, scale=1.0, seed=1000 * seed + 10 * i, options={}, name=f"block_{i}"
        )
        kernel = block.widen.kernel  # of the last 1 x 1 convolution; Block starts it at 0
        draw = fan_in_normal(last_gain * modern.GAIN)
        kernel.assign(draw(kernel.shape, rng.seed(seed, "last kernel", i)))
        layers.append(block)
    return layers


def mean_squares(layers, x):
    """The mean square of x and of the output of each layer: [len(layers) + 1]."""
    found = [float(tf.reduce_mean(tf.square(x)))]
    for layer in layers:
        x = layer(x)
        found.append(float(tf.reduce_mean(tf.square(x))))
    return np.array(found)


def output_after_one_step(number, scale, step_size=0.1):
    """The output of scalar blocks after one descent step on the output itself. It was 1 before."""
    first = tf.Variable(tf.fill([number], scale))
    second = tf.Variable(tf.fill([number], scale))
    third = tf.Variable(tf.zeros([number]))
    variables = [first, second, third]

    def output():
        return tf.reduce_prod(1.0 + third * second * first)

    with tf.GradientTape() as tape:
        loss = output()
    gradients = tape.gradient(loss, variables)
    optimizer = SGD(step_size).bind(variables)
    optimizer.apply(gradients)
    return float(output())


# %%
if __name__ == "__main__":
    plots.show(
        modern_plots.signal_through_depth(signals()),
        config.out / "signals.png",
        caption="Figure 12.3. The mean square of a signal behind each of 20 layers or blocks, at "
        "the start.",
        alt="Layers of sd 0.02 fall by a constant factor to far below a millionth of a millionth; "
        "blocks that keep the mean square rise to some hundred thousand; blocks whose last kernel is 0 "
        "stay at 1, and layers by the equation fall slowly.",
    )
    rows = []
    for number in (1, 4, 16, 64):
        change_unscaled = 1.0 - output_after_one_step(number, 1.0)
        change_fixup = 1.0 - output_after_one_step(number, number**-0.25)
        rows.append([number, f"{change_unscaled:.3f}", f"{change_fixup:.3f}"])
    tables.show(
        ["blocks L", "change, c = 1", "change, c = L^(-1/4)"],
        rows,
        caption="Table 12.3. By how much one step of size 0.1 changes the output of L scalar "
        "blocks.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Layers with sd 0.02 lose the signal* by a constant factor in each layer, which is a straight line on this scale.
> - *Blocks whose $f$ keeps the mean square nearly double it:* it grows to some $2 \cdot 10^5$, and $2^{20}$ is $10^6$.
> - *Plain layers by equation (12.8) lose about 12 % in each layer:* behind 20 layers 0.08 is left. By the derivation it
>   should be 1, on average over all draws of the kernels. The next paragraph says where the rest is.
> - *Blocks whose last kernel is 0 keep the signal exactly.*
> - *With $c = 1$ the step is far too large for a deep network.* For 64 blocks $\eta L c^4 = 6.4$ is not small, so the
>   right side of equation (12.9) does not hold there: the output falls from 1 to nearly 0, and changes by 0.999.
> - *With the scale of equation (12.10) the first step changes the output by nearly the same amount,* about 0.1, however
>   deep the network is.

**Where the rest of the signal is.** We measured two causes, with kernels of ten seeds. (Exercise 4 takes the same two
apart.)

- *The border.* The derivation does not know it: there the kernel meets the zeros of the padding. If opposite edges of
  the picture are joined, so that there is no border, the same plain layers leave 0.16 in place of 0.08 (seed 0).
- *Chance.* What equation (12.8) keeps is the mean over all draws, and 20 factors that vary from draw to draw are
  multiplied. Without a border the ten seeds leave from 0.04 to 2.8. Their mean is 0.7 ± 0.3, which agrees with 1, but
  seven of the ten are below 0.25.

For the blocks it is the same: without a border the ten seeds grow to between $10^5$ and $2.5 \cdot 10^6$.

## 12.4 Why batch norm can go

Batch norm did two things for the DCGAN. It kept the signals of every layer at size 1, in every round. And because all
layers got inputs of one size, their training steps stayed comparable in size. The start of section 12.3 does the first in
the first round only. Later nothing enforces either of the two; in $D$ the penalties limit the slopes instead. So what did
batch norm cost?

Under batch norm the logit of an image depends on *the other images of its batch*. Then $D$ is no function of one image,
and R1 and R2, which are about the slope of such a function, lose their meaning: the gradient of a logit with respect to
its own image is only a part of its gradient with respect to the whole batch. The next cell measures the rest. It
differentiates the logit of the first image with respect to all images of a batch.
"""


# %%
def influence_of_others(network, images, seed=0):
    """The norm of the gradient of the first image's logit.

    Returns two norms: with respect to the first image, and to all other images together.
    """
    options = {"size": images.shape[1], "width": 16, "seed": seed}
    discriminator = networks.discriminator(network=network, **options)
    x = to_float(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = discriminator(x, training=True)  # [B, 1]
        logit = logits[0, 0]
    gradient = tape.gradient(logit, x).numpy()
    return np.linalg.norm(gradient[0]), np.linalg.norm(gradient[1:])


# %%
if __name__ == "__main__":
    images = drawn_faces.draw(np.arange(16), seed=config.seed, size=config.size)
    rows = []
    for network in ("radford", "dcgan", "modern"):
        own, others = influence_of_others(network, images)
        ratio = others / own
        rows.append([network, f"{ratio:.3f}"])
    tables.show(
        ["discriminator", "gradient with respect to the others / to its own image"],
        rows,
        caption="Table 12.4. How much the logit of one image depends on the 15 others of its batch, "
        "at the start.",
    )

# %% [markdown]
r"""
> **Notice.** In `radford`, the DCGAN as it was published, the others matter. The network that the code calls `dcgan` is
> this package's version of it, without batch norm in $D$. There, and in `modern`, the number is exactly 0: a penalty on
> the slope is a penalty on one image's slope.

In $G$ batch norm has costs, too. A generated face depends on the other faces of its batch, a network must be told
whether it trains, and the moving averages have to be settled (chapter 9). Karras et al. traced blob-like artefacts in
the pictures of StyleGAN to a normalisation [Karras et al. 2020]. But batch norm also makes a small generator learn
*fast*, as we shall see.
"""

# %% [markdown]
r"""
## 12.5 Halving a picture without inventing patterns

A convolution with stride 2 keeps every second output. What does *keeping every second pixel* do? Take a row of pixels
that is a wave of $f$ periods a pixel, $x_i = \cos(2 \pi f i)$. The fastest wave that a row can hold is
$1, -1, 1, -1, \ldots$: two pixels for a period, $f = \frac12$. Keep the pixels $i = 2j$:

$$x_{2j} = \cos(2 \pi \cdot 2f \cdot j) = \cos(2 \pi\, (1 - 2f)\, j), \tag{12.11}$$

since $\cos(2 \pi j - t) = \cos t$ for whole $j$. The new row has frequency $2f$ as long as that is at most $\frac12$.
For $f > \frac14$ it looks *exactly like a slower wave*, of frequency $1 - 2f$, that was never there. This is
**aliasing**. It is why a network with strides may give another answer when its input moves by one pixel [Zhang 2019].

The remedy is to remove the fast waves first. Let a filter replace each pixel by a weighted mean of its neighbours. The
mean of a pixel and the next one turns $\cos(2 \pi f i)$ into

$$\tfrac12 \cos(2 \pi f i) + \tfrac12 \cos(2 \pi f (i + 1)) = \cos(\pi f)\, \cos\big(2 \pi f\, (i + \tfrac12)\big), \tag{12.12}$$

by the sum formula of the cosine: the same wave, moved by half a pixel, with its amplitude multiplied by $\cos(\pi f)$.
The filter $(1, 3, 3, 1)/8$ is this mean applied three times: $(1, 1)$ applied to $(1, 1)$ gives $(1, 2, 1)$, and once
more gives $(1, 3, 3, 1)$. So it multiplies the amplitude by $\cos^3(\pi f)$: by 0 at $f = \frac12$, by 0.06 at
$f = \frac38$, and by 0.79 at $f = \frac18$.

`resampling.downsample` filters and then keeps every second pixel. `resampling.upsample` does the reverse: it puts a
zero behind each pixel and then filters. The zeros *create* fast waves: the row $1, 1, 1$ becomes $1, 0, 1, 0, 1, 0$,
which is the constant $\frac12$ plus half of the fastest wave. The filter removes this wave. What is left is the
constant $\frac12$, so the filter's weights are doubled in each direction, and the row becomes $1, 1, 1, 1, 1, 1$, away
from the borders. A transposed convolution that is not trained well leaves it in the picture, as a checkerboard
(section 8.6). StyleGAN2 and its successors resample this way [Karras et al. 2020].
"""

# %%
# Filters as weights before they are divided by their sum; BILINEAR is gan_core's name of 1 3 3 1.
HALVINGS = {"every second pixel": (1.0, 0.0), "mean of two": (1.0, 1.0), "1 3 3 1": BILINEAR}
# The power of cos(pi f) in the formula for the amplitude.
POWERS = {"every second pixel": 0, "mean of two": 1, "1 3 3 1": 3}


def halve(row, taps):
    """Halve a row of n pixels, by `downsample` on a picture all of whose 16 rows are this row."""
    one_row = tf.reshape(tf.cast(row, tf.float32), [1, 1, -1, 1])
    picture = tf.tile(one_row, [1, 16, 1, 1])
    halved = downsample(picture, taps)  # 8 rows
    middle = 4  # far from the upper and lower border, where the filter meets zeros
    return halved[0, middle, :, 0].numpy()


def amplitude_left(frequency, taps, pixels=64):
    """The amplitude of a wave of amplitude 1 after halving, away from the borders."""
    angles = 2.0 * np.pi * frequency * np.arange(pixels)
    inside = slice(4, -4)
    # A halved cosine and sine have the same amplitude A, and cos^2 + sin^2 = 1 leaves A^2.
    cosine = halve(np.cos(angles), taps)[inside]
    sine = halve(np.sin(angles), taps)[inside]
    return float(np.sqrt(np.mean(cosine**2 + sine**2)))


def responses(frequencies):
    """For each way of halving, the amplitudes by the formula and the measured ones."""
    found = {}
    for name, taps in HALVINGS.items():
        formula = np.cos(np.pi * frequencies) ** POWERS[name]
        measured = np.array([amplitude_left(frequency, taps) for frequency in frequencies])
        found[name] = (formula, measured)
    return found


# %%
if __name__ == "__main__":
    row = np.cos(2.0 * np.pi * 0.42 * np.arange(48))
    kept = {name: halve(row, HALVINGS[name]) for name in ("every second pixel", "1 3 3 1")}
    frequencies = np.linspace(0.0, 0.5, 41)
    plots.show(
        modern_plots.aliasing(row, kept, frequencies, responses(frequencies)),
        config.out / "aliasing.png",
        caption="Figure 12.4. Left: a wave of 0.42 periods a pixel (grey), every second pixel of "
        "it, and the same after the filter 1 3 3 1. Right: how much of a wave's amplitude is "
        "left; lines by equation (12.12), dots measured.",
        alt="Every second pixel of the fast wave forms a slow wave of full amplitude. After the "
        "filter it is nearly flat. On the right the amplitude stays 1 without a filter, and "
        "falls to 0 at one half with one.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Left: every second pixel of a fast wave is a slow wave.* It has 0.16 periods a pixel of the small picture, as
>   equation (12.11) says: $1 - 2 \cdot 0.42$. The filter leaves next to nothing of it.
> - *Right: the price.* Waves below $\frac14$ period a pixel, which are below $\frac12$ in the small picture, could be kept
>   without aliasing. They lose some of their amplitude too. The mean of two loses less and lets more false waves through.

A convolution with a $4 \times 4$ kernel and stride 2 *can* learn such a filter. Nothing makes it do so.
"""

# %% [markdown]
r"""
## 12.6 Step by step, on faces

Now the real thing. Five recipes learn the drawn faces of chapter 7, at 32 pixels. Each one differs from the one before
in a few parts:

1. **DCGAN.** The networks and Adam of Radford et al. (`radford` in the code): batch norm in both, $\beta_1 = 0.5$,
   $\beta_2 = 0.999$, learning rate $2 \cdot 10^{-4}$, no penalty.
2. **+ D without norm, R1.** The recipe of the package's network `dcgan`, without its filters. $D$ has biases in place
   of batch norm, and its kernels keep the mean square at the start [He et al. 2015]. $G$ has one more layer: a
   $3 \times 3$ convolution makes the colours from 16 channels. R1 has $\gamma = 1$, the package's default for pixels in
   $[-1, 1]$. Adam has $\beta_1 = 0$, $\beta_2 = 0.99$ and a learning rate of $4 \cdot 10^{-4}$. *No momentum*, because
   the opponent moves: an average of past gradients points where the opponent was. R1 is a **lazy penalty**
   [Karras et al. 2020]: it is computed in every fourth round, four times as strong. The package also puts fixed filters
   behind the transposed convolutions of $G$ (section 8.6). They are left out in recipes 2 to 4, so that recipe 5 is the
   first one that filters.
3. **+ relativistic loss**, equation (12.1).
4. **+ R2**, with the same $\gamma$ as R1.
5. **modern.** Residual blocks instead of the DCGAN's layers, no norm in $G$ either, filtered resampling, the start of
   section 12.3, and a learning rate of $10^{-3}$. Loss, penalties and betas are those of recipe 4.

All of them see the same images in the same order, mirrored at random, with random translations of what $D$ sees, and
all are sampled from a moving average of $G$ that remembers a quarter of the training. `dcgan.training.build` makes the
trainer, which is the one of all chapters.

R3GAN itself has more: both penalties fall during the training, $\beta_2$ and the memory of the average (how many past
rounds it averages over) rise, and its blocks are wider inside, with grouped convolutions (the channels are split into
groups, and each group is convolved by itself). All of that is tuned for days on large GPUs, and is left out here.
(A penalty of `gan_core` takes a schedule, as in chapter 6.)
"""

# %%
RADFORD = {
    "network": "radford",
    "loss": "non-saturating",
    "gamma": 0.0,  # of R1
    "gamma_fake": 0.0,  # of R2
    "penalty_every": 1,
    "d_learning_rate": 2e-4,
    "g_learning_rate": 2e-4,
    "beta_1": 0.5,
    "beta_2": 0.999,
}
WITH_R1 = {
    "network": "dcgan",
    "filtered": False,  # without the filters of section 8.6, which the network dcgan has by default
    "loss": "non-saturating",
    "gamma": 1.0,
    "gamma_fake": 0.0,
    "penalty_every": 4,
    "d_learning_rate": 4e-4,
    "g_learning_rate": 4e-4,
    "beta_1": 0.0,
    "beta_2": 0.99,
}
RELATIVISTIC = {**WITH_R1, "loss": "relativistic"}
WITH_R2 = {**RELATIVISTIC, "gamma_fake": 1.0}
MODERN = {**WITH_R2, "network": "modern", "d_learning_rate": 1e-3, "g_learning_rate": 1e-3}

STEPS = {
    "1 DCGAN": RADFORD,
    "2 + D without norm, R1": WITH_R1,
    "3 + relativistic loss": RELATIVISTIC,
    "4 + R2": WITH_R2,
    "5 modern": MODERN,
}


def chosen_steps(config):
    """The recipes to train, by name."""
    names = list(STEPS)
    chosen = {}
    for number in config.only:
        name = names[number - 1]
        chosen[name] = STEPS[name]
    return chosen


def recipe_of(config, recipe, seed):
    """The config of one training: what all recipes share, and this recipe's own settings."""
    shared = {
        "size": config.size,
        "width": config.width,
        "latent_dim": config.latent_dim,
        "batch_size": config.batch,
        "drawn": config.drawn,
        "augment": ("translation",),
        "average": config.images // 4,  # so many images the moving average of G remembers
        "seed": seed,
    }
    settings = {**shared, **recipe}
    return training_config.Config(**settings)


# %% [markdown]
r"""
**The judges** are those of chapter 11: the distance of pixels (patches and whole faces, in thousandths of a standard
deviation), and on the features of a classifier of factors the Fréchet distance, precision, recall and coverage. The
classifier is trained here, for 32 pixels. *Coverage* is that of chapter 11, computed with balls around real samples, and
not the coverage of modes in chapter 6. Real faces that nobody has learnt from are the reference, and as many others
give the floor.
"""

# %%
MEASURES = ("distance of pixels", "Fréchet distance", "precision", "recall", "coverage")


class Jury:
    """Real faces, a reader of factors, and all measures of a set of generated faces."""

    def __init__(self, config):
        fresh = evidence.FRESH + np.arange(2 * config.samples)
        faces = drawn_faces.draw(fresh, seed=config.seed, size=config.size)
        faces = real_sets.mirror_half(faces, seed=config.seed)
        self.reference = faces[: config.samples]
        # The classifier of factors:
        self.reader = factor_classifier.train_classifier(
            config.size, faces=config.taught, steps=config.classifier_steps, seed=config.seed
        )
        self.features = factor_features.features(self.reader, self.reference)
        others = faces[config.samples :]
        self.floor = self.measure(others)  # what real faces reach

    def measure(self, faces):
        """All measures of the faces, uint8 [n, S, S, 3], by name."""
        pixels = distances.patches_and_whole(self.reference, faces, seed=0)
        features = factor_features.features(self.reader, faces)
        shares = manifolds.compare(features, self.features)
        values = (
            pixels["mean"],
            frechet.frechet(features, self.features),
            shares.precision,
            shares.recall,
            shares.coverage,
        )
        return dict(zip(MEASURES, values, strict=True))


# %% [markdown]
r"""
**A training** is cut into as many parts as there are looks. After each part the average of $G$ makes faces, and the
jury measures them. We count the CPU seconds of the training alone (all cores together), because the clock also counts
other work of the machine. On a quiet machine, waiting time is roughly CPU seconds divided by the number of busy cores. At
the end we also compare the slopes of $D$ at real and at generated faces (section 12.2). Batch norm in $D$ then uses its
moving averages, so that each logit belongs to one image. In the training it used the statistics of the batch
(section 12.4), so read the slopes of recipe 1 with care.
"""


# %%
def play(config, recipe, jury, faces, seed):
    """Train one recipe, and judge it `looks` times.

    Returns the looks (for "images", "seconds" and each measure one value a look), the faces of the
    last look (uint8), and the slopes of D at real and at generated faces at the end.
    """
    recipe = recipe_of(config, recipe, seed)
    trainer = training.build(recipe)
    sampler = face_batches(faces, recipe.batch_size, seed=seed, flip=True)
    trainer.rounds(sampler, 1)  # the first round compiles: it trains, but is not timed
    seconds = 0.0
    rows = []
    for look in range(1, config.looks + 1):
        images_due = config.images * look / config.looks
        due = int(images_due // recipe.batch_size)  # the round that ends this part
        before = time.process_time()
        trainer.rounds(sampler, due - int(trainer.step))
        seconds += time.process_time() - before
        generated = to_uint8(trainer.sample(config.samples, seed=seed)).numpy()
        row = {"images": due * recipe.batch_size, "seconds": seconds, **jury.measure(generated)}
        rows.append(row)
    looks = {}
    for name in rows[0]:
        looks[name] = np.array([row[name] for row in rows])
    slope_at_real = slope(trainer, jury.reference[:256])
    slope_at_generated = slope(trainer, generated[:256])  # faces of the last look
    return looks, generated, (slope_at_real, slope_at_generated)


def slope(trainer, faces):
    """The root of the mean square of D's slope at these faces; batch norm uses its averages."""
    squared = penalties.Critic(trainer.discriminator).squared_slopes(to_float(faces))
    return float(tf.sqrt(tf.reduce_mean(squared)))


def play_all(config, jury):
    """Every recipe with every seed: for each recipe a list of what `play` returns, one per seed."""
    learnt = drawn_faces.draw(np.arange(config.drawn), seed=config.seed, size=config.size)
    games = {}
    for name, recipe in chosen_steps(config).items():
        games[name] = []
        for seed in range(config.seed, config.seed + config.seeds):
            looks, generated, slopes = play(config, recipe, jury, learnt, seed)
            games[name].append((looks, generated, slopes))
            print(f"{name}, seed {seed}: {looks['seconds'][-1]:.0f} CPU s")
    return games


# Digits behind the point, where they are not two.
DIGITS = {"images": 0, "seconds": 0, "distance of pixels": 0, "Fréchet distance": 1}


def mean_and_error(values, digits):
    """The mean over seeds and its standard error, as text; the value itself for one seed."""
    mean = np.mean(values)
    if len(values) == 1:
        return f"{mean:.{digits}f}"
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{mean:.{digits}f} ± {error:.{digits}f}"


def rows_of_games(games, floor):
    """The last look of each recipe, and the floor, as rows of a table."""
    rows = []
    for name, seeds in games.items():
        cells = [name]
        for column in ("seconds", *MEASURES):
            last = [looks[column][-1] for looks, _, _ in seeds]
            cells.append(mean_and_error(last, DIGITS.get(column, 2)))
        rows.append(cells)
    rows.append(["real faces", "", *floor_as_text(floor)])
    return rows


def floor_as_text(floor):
    """What real faces reach, a cell for each measure."""
    cells = []
    for measure in MEASURES:
        cells.append(mean_and_error([floor[measure]], DIGITS.get(measure, 2)))
    return cells


def rows_of_slopes(games):
    """The slopes of D at real and at generated faces, and their ratio, as rows of a table."""
    rows = []
    for name, seeds in games.items():
        at_real = np.array([slopes[0] for _, _, slopes in seeds])
        at_fake = np.array([slopes[1] for _, _, slopes in seeds])
        ratio = mean_and_error(at_fake / at_real, 2)
        rows.append([name, mean_and_error(at_real, 2), mean_and_error(at_fake, 2), ratio])
    return rows


# %%
if __name__ == "__main__":
    jury = Jury(config)
    games = play_all(config, jury)
    tables.show(
        ["recipe", "CPU seconds", *MEASURES],
        rows_of_games(games, jury.floor),
        caption=f"Table 12.5. Five recipes after {config.images:,} images. {config.samples:,} faces "
        f"are judged. Seeds: {config.seeds}.",
    )
    tables.show(
        ["recipe", "slope at real", "slope at generated", "ratio"],
        rows_of_slopes(games),
        caption="Table 12.6. The slope of D at real and at generated faces at the end.",
    )
    looks_to_draw = {}
    faces_to_draw = {}
    for name, seeds in games.items():
        looks_to_draw[name], faces_to_draw[name], _ = seeds[0]  # the first seed
    plots.show(
        modern_plots.faces_of_recipes(faces_to_draw),
        config.out / "faces.png",
        caption="Figure 12.5. Twelve faces of each recipe after as many images.",
        alt="Rows of small faces. Those of recipes 1 to 4 have heads, hair and a fine weave; those of "
        "recipe 5 are soft shapes without a weave.",
    )
    plots.show(
        modern_plots.progress(
            looks_to_draw,
            jury.floor,
            ("distance of pixels", "Fréchet distance"),
        ),
        config.out / "progress.png",
        caption="Figure 12.6. Two measures against the images that were seen (above), and against "
        "the CPU seconds of training (below). First seed.",
        alt="A curve for each recipe, and a dotted line for real faces far below them. The distance of "
        "pixels falls for all; the Fréchet distance of recipe 5 rises after half of the images.",
    )

# %% [markdown]
r"""
One run cannot show small differences. Here are three, as mean ± standard error:

| recipe | distance of pixels | Fréchet distance | precision | coverage | slope at real | ratio of slopes |
|---|---|---|---|---|---|---|
| 1 DCGAN | 212 ± 5 | 73.5 ± 2.5 | 0.60 ± 0.10 | 0.31 ± 0.03 | 2.35 ± 0.14 | 0.96 ± 0.02 |
| 2 + D without norm, R1 | 151 ± 5 | 46.2 ± 1.7 | 0.90 ± 0.02 | 0.73 ± 0.05 | 0.42 ± 0.01 | 1.00 ± 0.01 |
| 3 + relativistic loss | 149 ± 1 | 47.1 ± 4.0 | 0.93 ± 0.01 | 0.71 ± 0.06 | 0.44 ± 0.02 | 0.99 ± 0.00 |
| 4 + R2 | 152 ± 4 | 48.1 ± 2.0 | 0.88 ± 0.03 | 0.68 ± 0.04 | 0.32 ± 0.01 | 0.99 ± 0.01 |
| 5 modern | 278 ± 26 | 80.9 ± 8.2 | 0.42 ± 0.05 | 0.35 ± 0.03 | 0.30 ± 0.03 | 0.92 ± 0.04 |
| real faces | 38 | 3.0 | 0.90 | 0.96 | | |

(From `TF_NUM_INTRAOP_THREADS=1 python -m dcgan.ch12_modern_gan --seeds 3`. With another number of threads, or on
another machine, sums are rounded differently, and the digits of a single run change.)

**With the package's filters.** With `"filtered": True` in `WITH_R1`, one run of recipe 2 (seed 0, otherwise the same
command) ended with a distance of pixels of 176 and a Fréchet distance of 64. Without filters, the same seed had 142 and
46. By eye, the weave with a period of two pixels is gone from its faces, but a coarser grid is there instead. One seed
does not show how large the difference is on average. But all three seeds without filters are better: their distances of
pixels are 142 to 159, and their Fréchet distances 43 to 49. So the filters seem to have a price in so short a training of
such small faces. On real faces of 64 pixels one filter alone, behind the last transposed convolution, made a run a little *better*
after 64,000 and after 128,000 images, by the distance of pixels and by a Fréchet distance on features of an ImageNet
network, though by less than two seeds can differ (`docs/recipe.md`). That is not the arrangement used here.

> **Notice.**
>
> - *From 1 to 2 every measure of the faces in this table gets better.* A $D$ without norm, R1, the new Adam and $G$'s
>   additional layer come together in this step. (Section 9.6 took the first three apart, with Radford's $G$.)
> - *From 2 to 3 and to 4 no measure of the faces changes by more than three seeds can show.*
> - *R2 makes $D$ flatter* at real faces too: the slope falls from 0.44 to 0.32. But with R1 alone the slope at generated
>   faces is already that at real ones. The ratio is 1, so the runaway slope of section 12.2 does not occur here. A
>   possible reason, which we have not measured, is that 375 rounds of one step do not bring $D$ near its best.
> - *The modern networks come last by the distance of pixels:* nearly five standard errors of the difference behind
>   recipe 2, and two and a half behind the DCGAN, which with three seeds is only a hint. By Fréchet distance and
>   precision they are last too, but there three seeds do not separate them from the DCGAN. They have learnt soft shapes
>   and no faces (Figure 12.5).
> - *And yet they lack a fault.* The faces of recipes 1 to 4 have a weave, a pattern of fast waves. Those of recipe 5
>   have none.
> - *Precision above that of real faces is no triumph.* Recipe 3 has 0.93, real faces have 0.90. Generated faces that
>   stay in the middle of the data can lie near real ones more often than real faces do, and precision does not ask for
>   variety.
> - *Recall is 0.01 or less for all,* far below that of real faces (both are in Table 12.5). None of them has learnt the
>   variety of the faces. (The 0.16 of chapter 11 is from another classifier, so it cannot be compared exactly.)

## 12.7 Equal images, or equal time?

Table 12.5 gave each recipe the same number of *images*. That is the question of somebody whose data are scarce. Whoever
waits for a training asks another: what do I have after the same *time*? A round of the residual networks costs about
three times as much as one of recipe 2 or of the DCGAN. They have many more layers, in $D$ for example 17 convolutions at
32 pixels, where the DCGAN has four.

The next cell takes the time after which the fastest training (one recipe, one seed) had seen all of its images, and looks
up what the others had reached by then, by linear interpolation between two looks. Other seeds of the same recipe are then
a little short of their end, so its numbers differ slightly from those at equal images. A recipe that had not come to its
first look by then is shown as it was at that look, which flatters it a little; more `--looks` avoid this.
"""


# %%
def rows_at_equal_time(games, floor):
    """Where each recipe was when the fastest training had finished.

    Returns that time in CPU seconds, and the rows of the table.
    """
    ends = []
    for seeds in games.values():
        for looks, _, _ in seeds:
            ends.append(looks["seconds"][-1])
    budget = min(ends)
    rows = []
    for name, seeds in games.items():
        cells = [name]
        for column in ("images", *MEASURES):
            # np.interp gives the first look's value before the first look
            reached = [np.interp(budget, looks["seconds"], looks[column]) for looks, _, _ in seeds]
            cells.append(mean_and_error(reached, DIGITS.get(column, 2)))
        rows.append(cells)
    rows.append(["real faces", "", *floor_as_text(floor)])
    return budget, rows


# %%
if __name__ == "__main__":
    budget, rows = rows_at_equal_time(games, jury.floor)
    tables.show(
        ["recipe", "images seen", *MEASURES],
        rows,
        caption=f"Table 12.7. The same recipes after {budget:.0f} CPU seconds of training each.",
    )

# %% [markdown]
r"""
Again over three seeds, with the command of section 12.6:

| recipe | images seen | distance of pixels | Fréchet distance | CPU seconds for all 12,000 images |
|---|---|---|---|---|
| 1 DCGAN | 12,000 | 213 ± 5 | 73.9 ± 2.4 | 9 |
| 2 + D without norm, R1 | 9,100 | 169 ± 3 | 60.0 ± 7.3 | 11 |
| 3 + relativistic loss | 8,700 | 172 ± 6 | 61.6 ± 2.1 | 12 |
| 4 + R2 | 8,100 | 183 ± 1 | 60.8 ± 4.7 | 13 |
| 5 modern | 3,300 | 443 ± 10 | 66.7 ± 2.8 | 31 |

> **Notice.**
>
> - *By the distance of pixels recipes 2 and 3 lead,* although the DCGAN has seen more images in the same time.
> - *R2 is not free.* The time it takes is not there for more images, and recipe 4 falls behind in the distance of pixels.
> - *The modern networks have seen about a quarter of the images.* By the distance of pixels they are far behind: 443.
> - *The Fréchet distance says something else.* Recipes 2 to 5 are hardly apart (60 to 67, with errors up to 7), and the
>   modern networks may even be ahead of the DCGAN. With more training the mean of their Fréchet distance *rises*, from
>   67 ± 3 here to 81 ± 8 after all images (three seeds only suggest this), while that of pixels clearly falls, from 443
>   to 278. So the two judges seem to disagree even about the direction, and a distance of 443 in pixels means blobs.
>   (Chapter 11 has warned of judges of one kind.)

So, honestly: **in half a minute of CPU time the modern networks lose by far in the distance of pixels.** After 31 CPU
seconds their distance of pixels is 278 ± 26. Recipe 2 has 169 ± 3 after 9 seconds. In Figure 12.6, for the first seed,
recipe 2 is at its first look about as far as the modern networks are at their last. A round costs them 2.8 times as much
as recipe 2, and each round teaches them less. A likely reason, which we have not tested: batch norm gives every layer of
the DCGAN's generator a signal of full size from the first round on. The blocks of section 12.3 start as the identity, so
a generator made of them begins as a *linear* map, and has to grow its nonlinear part first. (Of recipe 5 only the
learning rate was adapted to this budget, by a few short runs. Other settings may do better.)

**Is there a budget from which on they win?** Within this chapter's budget nothing points to a crossing: with more than
three times the time, they have not reached recipe 2's distance of pixels. The recipe was tuned for days on several large
GPUs, and what the derivations promise is what a *long* training needs: signals that pass many layers, a $D$ that may be
trained close to its best, no fast waves. Ten minutes on two cores are enough to see some of it. On real faces of 64 pixels
one run of `modern` had an ImageNet network's Fréchet distance of 379 after that time, and one of the package's DCGAN 530.
The faces of `modern` have no weave. But its distance of pixels was still larger: 72, and the DCGAN's 52
(`docs/benchmarks.md`). Whoever has the machine can look for a crossing with `--images` and `--width`.

> **Common mistake.** To compare recipes after equal numbers of *rounds*, or of images, and to conclude which one to
> run. Table 12.5 and Table 12.7 hold the same trainings, and the second one is harder on recipes with expensive rounds.

**What to take from it.** Change one thing at a time, measure with several seeds, and let the budget that you have
decide. For small drawn faces and half a minute of CPU time that is recipe 2. For drawn faces of 64 pixels
`python -m dcgan` starts from this recipe, leaves out augmentation, and adds filters against the checkerboard (section 8.6),
learning rates that fall at the end, and styles (`docs/faces.md`). In the one run of section 12.6 the filters were behind,
but that run was short and its faces had 32 pixels. For real faces the default is a mixture: the generator of recipe 5, with
a $3 \times 3$ layer for the colours and colour at half the resolution; the discriminator of recipe 2, with minibatch
standard deviation, which again lets it see the whole batch; and the relativistic loss with R1 alone
(`dcgan.architectures.residual`; measured in `docs/recipe.md`).

## Summary

- A relativistic loss compares a real and a generated sample. In our example a fixed list of pairs leaves a way out of the
  collapsed state that never climbs. With pairs that are drawn anew in each round, every way out climbs.
- R1 does not look where $G$ gets its gradient. With R1 alone even a parabola has no best $D$, and its slope at the
  generated sample grows as long as it is trained. With R2 it settles.
- A residual block whose last kernel starts at 0 is the identity, so a signal passes any number of blocks unchanged.
  Scaling the other kernels by $L^{-1/(2m - 2)}$ makes the first step independent of the depth.
- Batch norm mixes the images of a batch, and a penalty on the slope needs a function of one image.
- Keeping every second pixel turns fast waves into slow ones that were never there. A filter before it removes them.
- In trainings of 9 to 31 CPU seconds, recipe 2 (no batch norm in $D$, R1, another Adam, one more layer in $G$) helps a
  lot, pairs and R2 do nothing that three seeds can show, and residual networks are far behind in the distance of pixels.
  A recipe is good *for a budget*.

## Exercises

1. ★ Take three modes with one real sample each, and three generated samples that all lie on the first mode. Compute the
   value of the separate loss and that of fixed pairs. Then let the third sample leave, whose partner lies on the third
   mode. How high is the hill, and how does that compare with two modes?
2. ★ In the example of section 12.2 let $D$ be the best one before each step of $G$, with both penalties. For which step
   sizes of $G$ does $\theta$ go to 0, if it starts near 0? What changes with R1 alone?
3. ★★ What does the filter $(1, 5, 10, 10, 5, 1)$ do to a wave of frequency $f$? Measure it. What does it cost?
4. ★★ The last kernel of each block is drawn with $c$ times the gain of equation (12.8), instead of 0. For which $c$ has
   the mean square doubled after 32 blocks? Measure it. Which part of the deviation comes from the border of the
   pictures, and which from chance?
5. ★★ A lazy penalty is computed in every $k$-th round, $k$ times as strong. Show that its mean over $k$ rounds is what
   it would be. What is different all the same?
6. ★★★ Build *pixel normalisation*, $x / \sqrt{\operatorname{mean}_c x_c^2}$ at each pixel by itself
   [Karras et al. 2018], and put it in front of every block of `modern`'s generator. Which of the things that batch norm
   did does it do, and which not?

## Further reading

- [Huang et al. 2024] derives the recipe of 2024 step by step, and shows what each step gives on a GPU.
- [Sun et al. 2020] is the theory behind section 12.1, and [Jolicoeur-Martineau 2018] introduced the loss.
- [Mescheder et al. 2018] proves what R1 and R2 do near the end of a training.
- [Zhang et al. 2019] trains residual networks of thousands of layers without any normalisation.
- [Zhang 2019] shows aliasing in networks, and [Karras et al. 2020] what filters and lazy penalties do for GANs.
"""
