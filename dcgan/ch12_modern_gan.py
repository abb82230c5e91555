# %% [markdown]
r"""
# 12. A modern GAN: what ten years have changed

After this chapter you can say, for each difference between a DCGAN and a GAN baseline of 2024, which problem it answers
and why it works, and you can measure whether it pays off with the computer that you have.

## The question

The DCGAN of chapter 8 was published in 2015. In 2024, Huang et al. asked what is left of a good GAN if every trick is
removed that has no reason. Their answer, called R3GAN [Huang et al. 2024], shares with the DCGAN only the game itself.
Almost every part has been replaced:

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
| **You need** | chapter 2 (R1), chapter 6 (mode collapse), chapter 8 (the DCGAN's layers), chapter 11 (the measures) |
| **You will learn** | how comparing pairs changes the landscape, and when it does not; what R1 alone leaves free; what a residual block computes at the start; what batch norm did and what replaces it; aliasing; how to read a comparison at equal time |
| **New in gan_core** | `losses.RELATIVISTIC`, `penalties.r2`, `nn.resampling`, `initializers.fan_in_normal`; in dcgan `architectures.modern` |
| **Run it** | `python -m dcgan.ch12_modern_gan`; `--seeds 3` repeats the experiment; `--help` lists the flags |
| **Time** | about three minutes of computing |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

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

**The loss.** So far $D$ has judged each sample by itself: $D(x)$ should be high and $D(G(z))$ should be low. A
**relativistic** loss [Jolicoeur-Martineau 2018] asks less of it. In a *pair* of a real and a generated sample, the real
one should get the higher logit. With logits $a = D(x)$ and $b = D(G(z))$ and the softplus $s(t) = \log(1 + e^t)$,

$$L_D = \operatorname{mean} s(-(a - b)), \qquad L_G = \operatorname{mean} s(-(b - a)). \tag{12.1}$$

The $i$-th real sample of a batch is paired with the $i$-th generated one. Only differences count, so a constant may be
added to $D$ without any effect: "real" no longer means "above 0", but "above the other one".

**A case that can be computed.** Sun et al. asked what this does to mode collapse [Sun et al. 2020]. Take two modes at
$-1$ and $1$ with one real sample each, $x_1 = -1$ and $x_2 = 1$, and two generated samples $y_1, y_2$. Let $D$ be able
to take any value at any place, and let it be the best one. The value of the game is minus $D$'s mean loss,

$$\max_D \operatorname{mean} \log \sigma(m), \qquad \sigma(t) = \frac{1}{1 + e^{-t}}, \tag{12.2}$$

where the *margins* $m$ are $D(x_i)$ and $-D(y_j)$ for the loss of chapter 1, which we call *separate* here, and
$D(x_i) - D(y_i)$ for pairs. $G$ lowers the value. It is 0 if $D$ can tell everything apart, and $-\log 2 = -0.693$ if
it can tell nothing apart. Three states matter:

1. *Collapsed*: $y_1 = y_2 = x_1$. Separate: at $x_1$ there are one real and two generated samples, so the best $D$ says
   $\sigma = \frac13$ there, and is right without effort at $x_2$. Of the four terms three are not 0, and the value is
   $\frac14 \left(\log \frac13 + 2 \log \frac23\right) = -0.477$. Pairs: the first pair is equal, which costs
   $\log \frac12$. The second pair is $(x_2, x_1)$, and $D$ can make it as unequal as it likes. The value is
   $\frac12 \log \frac12 = -0.347$.
2. *On the way*: $y_1 = x_1$, and $y_2$ somewhere between the modes. Separate: two terms of $\log \frac12$ are left, so
   the value is $\frac14 \cdot 2 \log \frac12 = -0.347$. Pairs: still one equal pair, $-0.347$.
3. *Both modes*: $y_1 = x_1$ and $y_2 = x_2$. Every margin can only be 0, and the value is $-\log 2 = -0.693$ for both.

$G$ wants to go down. With the separate loss the way from state 1 to state 3 leads *uphill* first, from $-0.477$ to
$-0.347$. So the collapsed state is a local minimum, a **bad basin**. With pairs the way is level and then leads down:
the basin is gone. Sun et al. prove the same for any number of samples.

**Which pairs?** The proof is about a *fixed* list of pairs: $y_1$ always meets $x_1$. A trainer draws a new batch in
every round, so in the long run each $y_j$ meets each $x_i$, and the loss is the mean over *all* pairs. The same count
for $i, j \in \{1, 2\}$ gives

- collapsed: two of the four pairs are equal, $\frac14 \cdot 2 \log \frac12 = -0.347$;
- on the way: one of four is equal, $\frac14 \log \frac12 = -0.173$;
- both modes: two pairs are equal, and $(x_1, x_2)$ and $(x_2, x_1)$ contradict each other, so the best $D$ says 0 to
  all four: $-0.693$.

The hill is back. The next cell finds the best $D$ by Newton's method. First $D$ is free at every place, which must give
the numbers above. Then it is made smooth, as a network is: it is a sum of bumps of width 0.3 around the samples, and
pays for large values.
"""

# %%
STATES = {"collapsed": (-1.0, -1.0), "on the way": (-1.0, 0.0), "both modes": (-1.0, 1.0)}


def values_of_states():
    """-> {state: {game: value}}, with a D that is free at every place"""
    found = {}
    for state, fake in STATES.items():
        found[state] = values_at(fake, width=0.01, cost=1e-6)
    return found


def values_at(fake, width, cost):
    """The values of the three games for two real samples at -1 and 1. -> {game: value}"""
    found = {}
    for game in landscapes.KINDS:
        found[game] = landscapes.value(game, (-1.0, 1.0), fake, width=width, cost=cost)
    return found


def walk_between_modes(width, cost, points=81):
    """One generated sample stays at -1, the other moves from -1 to 1. -> places, {game: values}"""
    places = np.linspace(-1.0, 1.0, points)
    looks = [values_at((-1.0, place), width, cost) for place in places]
    values = {}
    for game in landscapes.KINDS:
        values[game] = np.array([look[game] for look in looks])
    return places, values


# %%
if __name__ == "__main__":
    rows = []
    for state, values in values_of_states().items():
        rows.append([state, *(f"{value:.3f}" for value in values.values())])
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
        caption="Figure 12.1. The value of the game while one generated sample stays at the left "
        "mode and the other moves from the left mode to the right one.",
        alt="With a free D there are steps: the curves of separate losses and of all pairs jump up, "
        "stay level and drop at the right mode; that of fixed pairs is level and drops. With "
        "a smooth D the same three shapes are rounded.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The table has the numbers that we computed by hand.*
> - *Fixed pairs: no hill.* The dashed curve never rises. With a smooth $D$ it begins to fall where the bumps around the
>   sample and around the empty mode overlap.
> - *Separate losses and all pairs: a hill.* To leave the full mode the sample has to climb, with a smooth $D$ too.

So the theorem does not carry over to a trainer that draws its pairs at random, *in this example*. That does not make
the loss useless. Publications report better results with it, together with the penalties of the next section. But it is
a reason to measure. Two exact properties remain.

- *Only differences count*, so $D$ spends nothing on keeping its logits around 0.
- *The reference is a real sample.* The derivative of $L_G$ with respect to $b_i$ is $-\sigma(a_i - b_i) / n$. With the
  non-saturating loss it is $-\sigma(-b_i) / n$. A generated sample is moved as long as it looks less real than *its
  partner*, and not as long as it is on the wrong side of a fixed boundary. The same holds for $D$ and real samples: the
  derivative of $L_D$ with respect to $a_i$ is $-\sigma(b_i - a_i) / n$.

> **Common mistake.** To pair logits of shape $[B, 1]$ with logits of shape $[B]$. Their difference has shape $[B, B]$
> by broadcasting, and the loss silently becomes the one over all pairs of the batch. The library's loss refuses two
> shapes that differ.
"""

# %% [markdown]
r"""
## 12.2 Why R1 is not enough

Chapter 2 introduced R1, a penalty on the slope of $D$ at *real* samples. With it, a game that starts close enough to
its end converges [Mescheder et al. 2018]. Close to the end generated samples lie where the data lie, so the slopes at
real and at generated samples are the same on average, and either penalty will do. Early in a training generated samples
lie elsewhere, and $G$'s gradient is the slope of $D$ *at generated samples*:

$$\frac{\partial L_G}{\partial y} = -\sigma(a - b)\, D'(y). \tag{12.3}$$

R1 does not look there. **R2** is the same penalty at generated samples:

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
  line. For small $\theta$ the sigmoid is about $\frac12$, and $u = v \approx -\theta / (4 \gamma)$. The nearer the
  generated sample is to the data, the more gently it is pulled. It can come to rest.
- *R1 alone, $\gamma_2 = 0$.* The second equation demands that a sigmoid be 0, which it never is. There is **no best
  $D$**: the more $D$ is trained, the steeper it becomes at the generated sample, and $G$'s step grows with it. $u$ goes
  to 0, so R1 itself ends at 0, and does not notice.

The next cell trains the parabola by gradient descent.
"""


# %%
def train_parabola(theta, gamma_1, gamma_2, steps, step_size=0.1):
    """Gradient descent on equation (12.5) from u = v = 0. -> u, v [steps + 1], before each step"""
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
    """|v| after so many steps of D. -> rows: theta, R1 alone, R1 and R2, theta / (4 gamma)"""
    rows = []
    for theta in thetas:
        row = [f"{theta:g}"]
        for gamma_2 in (0.0, 1.0):
            _, v = train_parabola(theta, 1.0, gamma_2, max(checkpoints))
            row += [f"{abs(v[steps]):.3f}" for steps in checkpoints]
        rows.append([*row, f"{theta / 4.0:.3f}"])
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
        u, v = train_parabola(1.0, 1.0, gamma_2, 10_000)
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
> - *With R1 alone the slope grows as long as $D$ is trained,* and it grows *more* where the generated sample is nearer
>   to the data. There a large step is least welcome.
> - *With both it settles,* and close to the data it has the value $\theta / 4\gamma$.
> - *Left panel: R1 is satisfied.* All curves are flat at 0. The steep part lies where R1 does not look.

In the games of chapter 2 $D$ made one step a round and was never near its best, which hid the problem. (The recipe of
chapter 6 has both penalties.) A large network that is trained for days comes closer to its best. Section 12.6 measures
both slopes in a training on faces.

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
convolution, and a $1 \times 1$ convolution back, with leaky rectifiers between. Halving the channels makes the
$3 \times 3$ layer four times cheaper.

**The mean square of the signal.** Let each weight of a layer be drawn from $N(0, g^2 / n)$, where $n$ is the number of
inputs of a unit. The weights have mean 0 and are independent, so the mean square of the output is $g^2$ times the mean
square of the input. A leaky rectifier of slope $\alpha$ keeps positive inputs and multiplies negative ones by $\alpha$.
If both signs are equally likely, it multiplies the mean square by $(1 + \alpha^2)/2$. So a layer and its rectifier
together keep the mean square if

$$g^2 = \frac{2}{1 + \alpha^2} \tag{12.8}$$

[He et al. 2015]. The DCGAN's kernels, with a fixed sd of 0.02, do not keep it: the signal shrinks in every layer, and
batch norm blows it up again.

*In a residual block* the two parts of equation (12.7) are independent at the start, so their mean squares add up. If
$f$ keeps the mean square, each block doubles it. After $L$ blocks it is $2^L$. The remedy is radical: let the *last*
kernel of $f$ start at 0. Then $f = 0$, and **every block starts as the identity**, however many there are.

**The first step.** Does a block that starts as 0 learn? Consider blocks of scalars, $x_{l+1} = x_l + w_3 w_2 w_1 x_l$,
with $w_3 = 0$ and $w_1 = w_2 = c$. Start with $x_0 = 1$ and let the loss be the output. The output is 1, and its
derivative with respect to $w_3$ of any block is $w_2 w_1 x_l = c^2$. So a step of size $\eta$ sets $w_3 = -\eta c^2$,
every block then multiplies by $1 - \eta c^4$, and the output becomes

$$(1 - \eta c^4)^L \approx 1 - \eta\, L\, c^4. \tag{12.9}$$

The blocks do learn. But the change grows with their number, unless

$$c = L^{-1/4}, \qquad \text{or } L^{-1/(2m - 2)} \text{ for } m \text{ layers in a block.} \tag{12.10}$$

This scale for all layers but the last, and 0 for the last one, is the **Fixup** start [Zhang et al. 2019].
"""

# %%
CHANNELS = 32


def signals(depth=20, seed=0):
    """The mean square of a signal behind each of `depth` layers or blocks. -> {start: [depth + 1]}"""
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
        layers.append(lambda x, convolution=convolution: leaky_relu(modern.LEAK)(convolution(x)))
    return layers


def blocks(depth, last_gain, seed):
    """Residual blocks whose last kernel is drawn with this gain."""
    layers = []
    for i in range(depth):
        block = modern.Block(CHANNELS, 1.0, 1000 * seed + 10 * i, {}, f"block_{i}")
        kernel = block.widen.kernel
        draw = fan_in_normal(last_gain * modern.GAIN)
        kernel.assign(draw(kernel.shape, rng.seed(seed, "last kernel", i)))
        layers.append(block)
    return layers


def mean_squares(layers, x):
    """-> [len(layers) + 1]: the mean square of x, and of what each layer gives"""
    found = [float(tf.reduce_mean(tf.square(x)))]
    for layer in layers:
        x = layer(x)
        found.append(float(tf.reduce_mean(tf.square(x))))
    return np.array(found)


def output_after_one_step(number, scale, step_size=0.1):
    """The output of scalar blocks after one step on the output itself; it is 1 before. -> float"""
    first = tf.Variable(tf.fill([number], scale))
    second = tf.Variable(tf.fill([number], scale))
    third = tf.Variable(tf.zeros([number]))
    variables = [first, second, third]

    def output():
        return tf.reduce_prod(1.0 + third * second * first)

    with tf.GradientTape() as tape:
        loss = output()
    SGD(step_size).bind(variables).apply(tape.gradient(loss, variables))
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
        unscaled = output_after_one_step(number, 1.0)
        fixup = output_after_one_step(number, number**-0.25)
        rows.append([number, f"{1.0 - unscaled:.3f}", f"{1.0 - fixup:.3f}"])
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
> - *Plain layers by equation (12.8) lose a little.* The derivation knows no borders. There the kernel meets the zeros
>   of the padding, in every layer. The same holds within $f$, hence "nearly".
> - *Blocks whose last kernel is 0 keep the signal exactly.*
> - *With the scale of equation (12.10) the first step changes the output equally much,* however deep the network is.

## 12.4 Why batch norm can go

Batch norm did two things for the DCGAN: it kept signals at their size, and it made all layers learn at a similar speed.
The start of section 12.3 does the first at the beginning, and the penalties keep $D$ tame later. So what did batch norm
cost?

Under batch norm the logit of an image depends on *the other images of its batch*. Then $D$ is no function of one image,
and R1 and R2, which are about the slope of such a function, lose their meaning: the gradient of a logit with respect to
its own image is only a part of it. The next cell measures the rest. It differentiates the logit of the first image with
respect to all images of a batch.
"""


# %%
def influence_of_others(network, images, seed=0):
    """The gradient of the first image's logit. -> its norm there, and for all others together"""
    options = {"size": images.shape[1], "width": 16, "seed": seed}
    discriminator = networks.discriminator(network=network, **options)
    x = to_float(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        logit = discriminator(x, training=True)[0, 0]
    gradient = tape.gradient(logit, x).numpy()
    return np.linalg.norm(gradient[0]), np.linalg.norm(gradient[1:])


# %%
if __name__ == "__main__":
    images = drawn_faces.draw(np.arange(16), seed=config.seed, size=config.size)
    rows = []
    for network in networks.BY_NAME:
        own, others = influence_of_others(network, images)
        rows.append([network, f"{others / own:.3f}"])
    tables.show(
        ["discriminator", "gradient with respect to the others / to its own image"],
        rows,
        caption="Table 12.4. How much the logit of one image depends on the 15 others of its batch, "
        "at the start.",
    )

# %% [markdown]
r"""
> **Notice.** In `radford`, the DCGAN as it was published, the others matter. In the networks without batch norm in $D$
> the number is exactly 0: a penalty on the slope is a penalty on one image's slope.

In $G$ batch norm has costs, too. A generated face depends on the other faces of its batch, a network must be told
whether it trains, and the moving averages have to be settled (chapter 9). Karras et al. traced blob-like artefacts in
the pictures of StyleGAN to a normalisation [Karras et al. 2020]. But batch norm also makes a small generator learn
*fast*, as we shall see.
"""

# %% [markdown]
r"""
## 12.5 Halving a picture without inventing patterns

A convolution with stride 2 keeps every second output. What does *keeping every second pixel* do? Take a row of pixels
that is a wave of $f$ periods a pixel, $x_i = \cos(2 \pi f i)$. Two pixels are needed to see a period, so the highest
frequency that a row can hold is $f = \frac12$. Keep the pixels $i = 2j$:

$$x_{2j} = \cos(2 \pi \cdot 2f \cdot j) = \cos(2 \pi\, (1 - 2f)\, j), \tag{12.11}$$

since $\cos(2 \pi j - t) = \cos t$ for whole $j$. The new row has frequency $2f$ as long as that is at most $\frac12$.
For $f > \frac14$ it looks *exactly like a slower wave*, of frequency $1 - 2f$, that was never there. This is
**aliasing**. It is why a network with strides may give another answer when its input moves by one pixel [Zhang 2019].

The remedy is to remove the fast waves first. Let a filter replace each pixel by a weighted mean of its neighbours. The
mean of a pixel and the next one turns $\cos(2 \pi f i)$ into

$$\tfrac12 \cos(2 \pi f i) + \tfrac12 \cos(2 \pi f (i + 1)) = \cos(\pi f)\, \cos\big(2 \pi f\, (i + \tfrac12)\big), \tag{12.12}$$

by the sum formula of the cosine: the same wave, moved by half a pixel, with its amplitude multiplied by $\cos(\pi f)$.
The filter $(1, 3, 3, 1)/8$ is this mean applied three times, because $(1 + t)^3 = 1 + 3t + 3t^2 + t^3$. So it
multiplies the amplitude by $\cos^3(\pi f)$: by 0 at $f = \frac12$, by 0.06 at $f = \frac38$, and by 0.79 at
$f = \frac18$.

`resampling.downsample` filters and then keeps every second pixel. `resampling.upsample` does the reverse: it puts a
zero behind each pixel, which *creates* fast waves, and then filters them away. A transposed convolution that is not
trained well leaves them as a checkerboard (section 8.6). StyleGAN2 and its successors resample this way
[Karras et al. 2020].
"""

# %%
HALVINGS = {"every second pixel": (1.0, 0.0), "mean of two": (1.0, 1.0), "1 3 3 1": BILINEAR}
POWERS = {"every second pixel": 0, "mean of two": 1, "1 3 3 1": 3}


def halve(row, taps):
    """A row [n] -> [n / 2], by `downsample` on a picture all of whose rows are this row."""
    picture = tf.tile(tf.reshape(tf.cast(row, tf.float32), [1, 1, -1, 1]), [1, 16, 1, 1])
    return downsample(picture, taps)[0, 4, :, 0].numpy()


def amplitude_left(frequency, taps, pixels=64):
    """The amplitude of a wave of amplitude 1 after halving, away from the borders."""
    angles = 2.0 * np.pi * frequency * np.arange(pixels)
    inside = slice(4, -4)
    cosine = halve(np.cos(angles), taps)[inside]
    sine = halve(np.sin(angles), taps)[inside]
    return float(np.sqrt(np.mean(cosine**2 + sine**2)))


def responses(frequencies):
    """-> {way of halving: (amplitude by the formula, measured)}, each [len(frequencies)]"""
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
> - *Right: the price.* Waves below $\frac14$, which the small picture could hold, lose some of their amplitude too. The
>   mean of two loses less and lets more false waves through.

A convolution with a $4 \times 4$ kernel and stride 2 *can* learn such a filter. Nothing makes it do so.
"""

# %% [markdown]
r"""
## 12.6 Step by step, on faces

Now the real thing. Five recipes learn the drawn faces of chapter 7, at 32 pixels. Each one differs from the one before
in a few parts:

1. **DCGAN.** The networks and Adam of Radford et al.: batch norm in both, $\beta_1 = 0.5$, $\beta_2 = 0.999$, learning
   rate $2 \cdot 10^{-4}$, no penalty.
2. **+ D without norm, R1.** The package's default recipe: no batch norm in $D$, whose kernels keep the mean square at
   the start [He et al. 2015]; R1 with $\gamma = 1$; Adam with $\beta_1 = 0$, $\beta_2 = 0.99$ and a learning rate of
   $4 \cdot 10^{-4}$. *No momentum*, because the opponent moves: an average of past gradients points where the opponent
   was. R1 is a **lazy penalty** [Karras et al. 2020]: it is computed in every fourth round, four times as strong.
3. **+ relativistic loss**, equation (12.1).
4. **+ R2**, with the same $\gamma$ as R1.
5. **modern.** Residual blocks instead of the DCGAN's layers, no norm in $G$ either, filtered resampling, the start of
   section 12.3, and a learning rate of $10^{-3}$.

All of them see the same images in the same order, mirrored at random, with random translations of what $D$ sees, and
all are sampled from a moving average of $G$ that remembers a quarter of the training. `dcgan.training.build` makes the
trainer, which is the one of all chapters.

R3GAN itself has more: both penalties fall during the training, $\beta_2$ and the memory of the average rise, and its
blocks are wider inside, with grouped convolutions. All of that is tuned for days on large GPUs, and is left out here.
(A penalty of `gan_core` takes a schedule, as in chapter 6.)
"""

# %%
STEPS = {
    "1 DCGAN": {"network": "radford"},
    "2 + D without norm, R1": {"network": "dcgan"},
    "3 + relativistic loss": {"network": "dcgan", "loss": "relativistic"},
    "4 + R2": {"network": "dcgan", "loss": "relativistic", "gamma_fake": 1.0},
    "5 modern": {"network": "modern"},
}


def chosen_steps(config):
    """The recipes to train. -> {name: what each changes in a training's config}"""
    names = list(STEPS)
    return {names[number - 1]: STEPS[names[number - 1]] for number in config.only}


def recipe_of(config, changes, seed):
    """The config of one training."""
    shared = {
        "size": config.size,
        "width": config.width,
        "latent_dim": config.latent_dim,
        "batch_size": config.batch,
        "drawn": config.drawn,
        "augment": ("translation",),
        "average": config.images // 4,
        "seed": seed,
    }
    return training_config.Config(**{**shared, **changes})


# %% [markdown]
r"""
**The judges** are those of chapter 11: the distance of pixels (patches and whole faces, in thousandths of a standard
deviation), and on the features of a classifier of factors the Fréchet distance, precision, recall and coverage. The
classifier is trained here, for 32 pixels. Real faces that nobody has learnt from are the reference, and as many others
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
        self.reader = factor_classifier.train_classifier(
            config.size, faces=config.taught, steps=config.classifier_steps, seed=config.seed
        )
        self.features = factor_features.features(self.reader, self.reference)
        self.floor = self.measure(faces[config.samples :])

    def measure(self, faces):
        """uint8 [n, S, S, 3] -> {measure: value}"""
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
jury measures them. We count the CPU seconds of the training alone (all cores together), which is a fairer measure of
cost than the clock when the machine does other work. At the end we also compare the slopes of $D$ at real and at
generated faces (section 12.2).
"""


# %%
def play(config, changes, jury, faces, seed):
    """Train one recipe, and judge it `looks` times.

    -> looks: {"images", "seconds" and each measure: [looks]}; faces uint8; slopes of D at the end
    """
    recipe = recipe_of(config, changes, seed)
    trainer = training.build(recipe)
    sampler = face_batches(faces, recipe.batch_size, seed=seed, flip=True)
    trainer.rounds(sampler, 1)  # compiles; what it computes is part of the training, its time not
    seconds = 0.0
    rows = []
    for look in range(1, config.looks + 1):
        due = config.images * look // (config.looks * recipe.batch_size)
        before = time.process_time()
        trainer.rounds(sampler, due - int(trainer.step))
        seconds += time.process_time() - before
        generated = to_uint8(trainer.sample(config.samples, seed=seed)).numpy()
        row = {"images": due * recipe.batch_size, "seconds": seconds, **jury.measure(generated)}
        rows.append(row)
    looks = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    real = jury.reference[:256]
    slopes = (slope(trainer, real), slope(trainer, generated[:256]))
    return looks, generated, slopes


def slope(trainer, faces):
    """The root of the mean square of D's slope at these faces."""
    squared = penalties.Critic(trainer.discriminator).squared_slopes(to_float(faces))
    return float(tf.sqrt(tf.reduce_mean(squared)))


def play_all(config, jury):
    """Every recipe over every seed. -> {recipe: [(looks, faces, slopes) of each seed]}"""
    learnt = drawn_faces.draw(np.arange(config.drawn), seed=config.seed, size=config.size)
    games = {}
    for name, changes in chosen_steps(config).items():
        games[name] = []
        for seed in range(config.seed, config.seed + config.seeds):
            games[name].append(play(config, changes, jury, learnt, seed))
            last = games[name][-1][0]
            print(f"{name}, seed {seed}: {last['seconds'][-1]:.0f} CPU s")
    return games


def mean_and_error(values, digits):
    """The mean over seeds and its standard error, as text; the value itself for one seed."""
    mean = np.mean(values)
    if len(values) == 1:
        return f"{mean:.{digits}f}"
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{mean:.{digits}f} ± {error:.{digits}f}"


def rows_of_games(games, floor):
    """The last look of each recipe, and the floor, as rows of a table."""
    digits = {"seconds": 0, "distance of pixels": 0, "Fréchet distance": 1}
    rows = []
    for name, seeds in games.items():
        cells = [name]
        for column in ("seconds", *MEASURES):
            last = [looks[column][-1] for looks, _, _ in seeds]
            cells.append(mean_and_error(last, digits.get(column, 2)))
        rows.append(cells)
    real = [f"{floor[measure]:.{digits.get(measure, 2)}f}" for measure in MEASURES]
    return [*rows, ["real faces", "", *real]]


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
    plots.show(
        modern_plots.faces_of_recipes({name: seeds[0][1] for name, seeds in games.items()}),
        config.out / "faces.png",
        caption="Figure 12.5. Twelve faces of each recipe after as many images.",
        alt="Rows of small faces. Those of recipes 1 to 4 have heads, hair and a fine weave; those of "
        "recipe 5 are soft shapes without a weave.",
    )
    plots.show(
        modern_plots.progress(
            {name: seeds[0][0] for name, seeds in games.items()},
            jury.floor,
            ("distance of pixels", "Fréchet distance"),
        ),
        config.out / "progress.png",
        caption="Figure 12.6. Two measures against the images that were seen (above), and against "
        "the CPU seconds of training (below).",
        alt="Falling curves for each recipe, and a dotted line for real faces far below them.",
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

> **Notice.**
>
> - *From 1 to 2 everything gets better.* A $D$ without norm, R1 and the new Adam come together in this step.
> - *From 2 to 3 and to 4 nothing changes that three seeds can show.*
> - *The slopes suggest why R2 changes nothing yet.* With R1 alone, the slope at generated faces is that at real ones:
>   the ratio is 1. In 375 rounds of one step each $D$ does not come near its best, so the gap of section 12.2 does not
>   open.
> - *The modern networks come last.* They have learnt soft shapes and no faces (Figure 12.5).
> - *And yet they lack a fault.* The faces of recipes 1 to 4 have a weave, a pattern of fast waves. Those of recipe 5
>   have none.
> - *Look at both judges.* After 6,000 images the modern networks have a Fréchet distance as low as any, and the
>   distance of pixels, near 400, says what they are: blobs. (Chapter 11 has warned of judges of one kind.)
> - *Recall is 0 for all,* as for the generator of chapter 11. None of them has learnt the variety of the faces.

## 12.7 Equal images, or equal time?

Table 12.5 gave each recipe the same number of *images*. That is the question of somebody whose data are scarce. Whoever
waits for a training asks another: what do I have after the same *time*? A round of the residual networks costs several
times as much, because they have several times as many layers: 17 convolutions in $D$ at 32 pixels, where the DCGAN has
four.

The next cell takes the time after which the fastest recipe had seen all of its images, and looks up what the others had
reached by then, by linear interpolation between two looks.
"""


# %%
def rows_at_equal_time(games, floor):
    """Where each recipe was when the fastest one had finished. -> seconds, rows of a table"""
    ends = [looks["seconds"][-1] for seeds in games.values() for looks, _, _ in seeds]
    budget = min(ends)
    digits = {"images": 0, "distance of pixels": 0, "Fréchet distance": 1}
    rows = []
    for name, seeds in games.items():
        cells = [name]
        for column in ("images", *MEASURES):
            reached = [np.interp(budget, looks["seconds"], looks[column]) for looks, _, _ in seeds]
            cells.append(mean_and_error(reached, digits.get(column, 2)))
        rows.append(cells)
    real = [f"{floor[measure]:.{digits.get(measure, 2)}f}" for measure in MEASURES]
    return budget, [*rows, ["real faces", "", *real]]


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
> - *Recipes 2 and 3 lead,* although the DCGAN has seen more images in the same time.
> - *R2 is not free.* Its share of the time is missing for images, and recipe 4 falls behind in the distance of pixels.
> - *The modern networks have seen about a quarter of the images.*

So, honestly: **with two cores and minutes, the modern networks lose by far.** After 31 CPU seconds their distance of
pixels is 278 ± 26. Recipe 2 had that after 3 seconds. A round costs them 2.8 times as much as recipe 2, and each round
teaches them less. A likely reason: batch norm gives every layer of the DCGAN's generator a signal of full size from the
first round on. The blocks of section 12.3 start as the identity, so a generator made of them begins as a *linear* map,
and has to grow its nonlinear part first. (Of recipe 5 only the learning rate was adapted to this budget, by a few short
runs. Other settings may do better; a factor of ten is not likely to vanish.)

**From which budget on do they win?** This chapter cannot tell. Within its budget nothing points to a crossing: the
factor in time is about ten. The recipe was tuned for days on several large GPUs, and what the derivations promise is
what a *long* training needs: signals that pass many layers, a $D$ that may be trained close to its best, no fast waves.
None of it is a short cut. Whoever has the machine can find the crossing with `--images` and `--width`.

> **Common mistake.** To compare recipes after equal numbers of *rounds*, or of images, and to conclude which one to
> run. Table 12.5 and Table 12.7 hold the same trainings, and the second one is less kind to whoever has expensive
> rounds.

**What to take from it.** Change one thing at a time, measure with several seeds, and let the budget that you have
decide. For faces on two cores that is recipe 2, the package's default. `--network modern` is there for those who have a
GPU and days.

## Summary

- A relativistic loss compares a real and a generated sample. With a fixed list of pairs the collapsed state is no local
  minimum; with pairs that are drawn anew in each round, the hill is back in our example.
- R1 does not look where $G$ gets its gradient. With R1 alone even a parabola has no best $D$, and its slope at the
  generated sample grows as long as it is trained. R2 closes the gap.
- A residual block whose last kernel starts at 0 is the identity, so a signal passes any number of blocks unchanged.
  Scaling the other kernels by $L^{-1/(2m - 2)}$ makes the first step independent of the depth.
- Batch norm mixes the images of a batch, and a penalty on the slope needs a function of one image.
- Keeping every second pixel turns fast waves into slow ones that were never there. A filter before it removes them.
- In trainings of half a minute, a $D$ without batch norm, R1 and another Adam help a lot, pairs and R2 do nothing that
  three seeds can show, and residual networks are far behind. A recipe is good *for a budget*.

## Exercises

1. ★ Take three modes with one real sample each, and three generated samples that all lie on the first mode. Compute the
   value of the separate loss and that of fixed pairs. Then let one sample leave. How high is the hill, and how does
   that compare with two modes?
2. ★ In the example of section 12.2 let $D$ be the best one before each step of $G$, with both penalties. For which step
   sizes of $G$ does $\theta$ go to 0, if it starts near 0? What changes with R1 alone?
3. ★★ What does the filter $(1, 5, 10, 10, 5, 1)$ do to a wave of frequency $f$? Measure it. What does it cost?
4. ★★ The last kernel of each block is drawn with a small gain $g$ instead of 0. For which $g$ has the mean square
   doubled after 32 blocks? Measure it.
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
