# %% [markdown]
r"""
# 13. Asking for a face

After this chapter you can train a generator that is told what to make, say how the discriminator has to be built for
that, and measure whether the generator obeys.

## The question: a face with blue hair, please

Figure 13.1 shows twelve faces of chapter 10's generator, which makes them from $z$ alone. Suppose that you want one
with blue hair. Three of the twelve have it: the first, the fifth and the tenth. That is luck: drawn faces have eight
hair colours, equally often, so on average you have to look at eight faces for one. Suppose that it should have green
eyes and glasses as well. None of the three wears glasses. Drawn faces have six eye colours, and every sixth face has
glasses, so on average you have to look at $8 \cdot 6 \cdot 6 = 288$ faces. Chapter 10 moved $z$ along a direction of
blue hair, and other properties changed as well.

Both ways work around the generator, which has never heard of hair. Can we train one that we simply *ask*? And how do
we find out whether it listens?

| | |
|---|---|
| **You need** | chapter 1 (the best $D$, Jensen–Shannon), chapter 8 (batch norm), chapter 9 (training on faces); Bayes' rule and softmax |
| **You will learn** | the conditional game and its best $D$; concatenation, projection and conditional batch norm, and what each can express; how to measure obedience and variety; how labels go wrong |
| **New in gan_core** | `nn.conditional` (`Embedding`, `WithEmbedding`, `ConditionalBatchNorm`, `ProjectionHead`), `GANTrainer(labels=...)`; in dcgan `conditional_networks`, `train --labels`, `generate --label` |
| **Run it** | `python -m dcgan.ch13_asking_for_a_face`; `--help` lists the flags |
| **Time** | about two minutes on two CPU cores |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # housekeeping: a quick --help, and a start without TensorFlow's messages

import dataclasses
import math
from pathlib import Path
from typing import Literal

import numpy as np
import tensorflow as tf
from rich.console import Console

from dcgan import conditional_networks
from dcgan.data import labels_drawn, labels_folders
from dcgan.data.batches import face_batches
from dcgan.data.pixels import to_uint8
from dcgan.drawn import drawn_faces
from dcgan.figures import judging_plots, label_plots
from dcgan.generation import trained_generator
from dcgan.judge import factor_classifier
from gan_core import augment, checks, data, latent, penalties, rng
from gan_core.app import command_line, plots, tables
from gan_core.nn.activations import leaky_relu
from gan_core.nn.conditional import ConditionalBatchNorm, ProjectionHead, WithEmbedding
from gan_core.nn.mlp import mlp
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import Adam
from gan_core.optim.schedules import linear_decay, rising_memory
from gan_core.runs import loop
from gan_core.trainer import GANTrainer

SIZE = 32  # pixels of a face
LATENT_DIM = 64
HAIR = drawn_faces.FACTORS["hair_colour"]


@dataclasses.dataclass(frozen=True)
class Config:
    """How long the games in the plane and the training on faces are."""

    plane_rounds: int = 400
    """rounds of a game in the plane"""
    seeds: int = 3
    """how many seeds the tables of the plane are over, counted from `seed`"""
    faces: int = 4096
    """drawn faces that are learnt from"""
    width: int = 16
    """channels at the pictures' end of both networks"""
    rounds: int = 900
    """rounds of the training on faces"""
    short_rounds: int = 200
    """rounds of the training of section 13.8 with large label vectors"""
    batch: int = 32
    """faces in a batch, real and generated each"""
    counted: int = 800
    """generated faces that are read"""
    classifier_steps: int = 200
    """training steps of the classifier that reads them"""
    mode: Literal["xla", "graph", "eager"] = "graph"
    """how a round is compiled"""
    seed: int = 0
    """of everything random"""
    out: Path = Path("runs/ch13")
    """folder for the figures"""

    def __post_init__(self):
        for name in ("plane_rounds", "rounds", "short_rounds", "classifier_steps"):
            checks.integer("Config", name, getattr(self, name), 1, 10**6)
        checks.integer("Config", "seeds", self.seeds, 1, 1000)
        checks.integer("Config", "faces", self.faces, 128, 10**6)
        checks.integer("Config", "width", self.width, 1, 256)
        checks.integer("Config", "batch", self.batch, 2, self.faces)
        checks.integer("Config", "counted", self.counted, 64, 10**6)
        checks.integer("Config", "seed", self.seed, 0, 2**32)
        checks.one_of("Config", "mode", self.mode, ("xla", "graph", "eager"))


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 13: asking for a face.", "python -m dcgan.ch13_asking_for_a_face"
    )
    plots.show(
        judging_plots.rows_of_faces({"": trained_generator.load().sample(12, config.seed)}),
        config.out / "unasked.png",
        caption="Figure 13.1. Twelve faces of chapter 10's generator, which is asked for nothing: it "
        "makes them from z alone.",
        alt="A row of twelve faces with hair of different colours.",
    )

# %% [markdown]
r"""
## 13.1 The conditional game

Let every sample $x$ come with a **label** $y$, one of finitely many, such as its hair colour. The data are then pairs.
Their distribution is $p(y)\, p(x|y)$: how often the label comes, and how samples with that label are distributed. In a
**conditional GAN** [Mirza and Osindero 2014] both players are told the label. $G$ turns $z$ and $y$ into a sample, and
$D$ judges the pair:

$$V(D, G) = \mathbb{E}_{y \sim p(y)} \Bigl[\, \mathbb{E}_{x \sim p(x|y)} \log D(x, y)
+ \mathbb{E}_z \log\bigl(1 - D(G(z, y), y)\bigr) \Bigr]. \tag{13.1}$$

The labels of generated samples are drawn from the *data's* $p(y)$. Write $q(x|y)$ for the density of $G(z, y)$. What is
the best $D$ now?

**To show:** the game is one game of chapter 1 for each label.

*Step 1: the best $D$.* Write the expectations as a sum and an integral:

$$V(D, G) = \sum_y \int \Bigl[ p(y)\, p(x|y) \log D(x, y) + p(y)\, q(x|y) \log\bigl(1 - D(x, y)\bigr) \Bigr] dx.$$

$D$ may have any value at each pair $(x, y)$, so we can maximise the bracket for each pair alone. Chapter 1 has shown that
$\alpha \log D + \beta \log(1 - D)$ is largest at $D = \alpha / (\alpha + \beta)$. Here $\alpha = p(y)\, p(x|y)$ and
$\beta = p(y)\, q(x|y)$, and the factor $p(y)$ cancels:

$$D^*(x, y) = \frac{p(x|y)}{p(x|y) + q(x|y)}, \qquad
a^*(x, y) = \log\frac{p(x|y)}{q(x|y)}, \tag{13.2}$$

where $a^*$ is its logit, the **log-odds** of "real".

*Step 2: the value.* For one label, the bracket with $D^*$ is the integrand of chapter 1, whose integral is
$-\log 4 + 2\, \mathrm{JS}$. The sum over labels is weighted by $p(y)$:

$$V(D^*, G) = -\log 4 + 2\, \mathbb{E}_{y \sim p(y)}\, \mathrm{JS}\bigl(p(\cdot|y),\, q(\cdot|y)\bigr). \tag{13.3}$$

*In words.* The smallest value is $-\log 4$, and $G$ reaches it only if it is right for *each label that the data have*. A
$D$ that sees $x$ alone asks for less: only the mixture over all labels has to be right.

The next cell integrates both values for two labels whose data are $N(-2, 1)$ and $N(2, 1)$, and for four generators.
"""


# %%
def value_of_pairs(real, fake, real_share, fake_share, width):
    """V(D*, G) of pairs (x, y).

    real and fake [K, n] are p(x|y) and q(x|y) on a grid of cells of this width, the shares [K] how
    often each label comes.
    """
    p = real_share[:, np.newaxis] * real
    q = fake_share[:, np.newaxis] * fake
    real_term = p * np.log(p / (p + q))
    fake_term = q * np.log(q / (p + q))
    return width * np.sum(real_term + fake_term)


def value_of_samples(real, fake, real_share, fake_share, width):
    """V(D*, G) where D does not see the labels: that of the two mixtures."""
    p = real_share @ real
    q = fake_share @ fake
    real_term = p * np.log(p / (p + q))
    fake_term = q * np.log(q / (p + q))
    return width * np.sum(real_term + fake_term)


def normal_density(x, mean):
    """Of N(mean, 1)."""
    return np.exp(-0.5 * (x - mean) ** 2) / np.sqrt(2.0 * np.pi)


def four_generators():
    """Generators for two labels whose data are N(-2, 1) and N(2, 1), equally often.

    Each row has the generator's name, V without labels and V with labels.
    """
    x = np.linspace(-12.0, 12.0, 4801)
    width = x[1] - x[0]
    left = normal_density(x, -2.0)
    right = normal_density(x, 2.0)
    real = np.stack([left, right])
    half = np.array([0.5, 0.5])
    mixture = 0.5 * (left + right)
    cases = {
        "perfect": (real, half),
        "ignores its label": (np.stack([mixture, mixture]), half),
        "exchanges the labels": (np.stack([right, left]), half),
        "perfect, but 80 % of its labels are 0": (real, np.array([0.8, 0.2])),
    }
    rows = []
    for name, (fake, share) in cases.items():
        without = value_of_samples(real, fake, half, share, width)
        with_labels = value_of_pairs(real, fake, half, share, width)
        rows.append([name, f"{without:.3f}", f"{with_labels:.3f}"])
    return rows


# %%
if __name__ == "__main__":
    tables.show(
        ["generator", "V(D*, G), D sees x", "V(D*, G), D sees x and y"],
        four_generators(),
        caption="Table 13.1. The value of the game with the best discriminator, computed by "
        "integration. The smallest possible value is −log 4 = −1.386.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Ignores its label*: it makes the whole mixture, whatever it is asked for. Without labels its value is the best
>   possible. With labels it is not.
> - *Exchanges the labels*: as a set, its samples are perfect. $D$ has to see pairs in order to object.
> - *The last row* makes perfect samples of each label, and still reaches $-\log 4$ in neither column. Where $D$ sees $x$
>   alone, it compares two mixtures of the same parts, with the weights .5 and .5, and .8 and .2. The next box explains the
>   other column.

> **Common mistake.** Drawing the labels of generated samples from another distribution than the data's. If $r(y)$ takes the
> place of $p(y)$ for them, $p(y)$ and $r(y)$ do not cancel in equation (13.2), and $D^*$ can use the label alone as
> evidence. For a perfect $G$ the value is $-\log 4 + 2\, \mathrm{JS}(p(y), r(y))$, and $G$ can do nothing about it, since
> it does not choose its labels. The trainer gives generated samples the labels of the real batch.

Why not train one GAN for each hair colour? Each of them would see an eighth of the data, and would have to learn by
itself what a mouth is. One pair of networks shares all that does not depend on the label.

## 13.2 How to tell a network a label: concatenation

A label is a number that stands for a word, so computing with it directly makes no sense (hair colour 4 is not twice
hair colour 2). An **embedding** gives each label a vector $e(y)$ that is learnt like any weight. A label with several
factors, such as hair colour and glasses, gets the sum of its factors' vectors.

The simplest way to use it is **concatenation**: put the vector behind $z$ and let the network do the rest. The first layer
then computes

$$W \begin{pmatrix} z \\ e(y) \end{pmatrix} + b = W_z\, z + \bigl(b + W_e\, e(y)\bigr). \tag{13.4}$$

So *concatenation moves the bias of the first layer*. For $G$ that is often enough, because the layers behind it are not
linear.

For $D$ it is an odd choice. Take a $D$ of one layer: $a(x, y) = w \cdot x + c(y)$. The label moves the threshold, but the
direction $w$ is the same for all labels. Suppose that the data of label 0 lie on the left, those of label 1 on the right,
and all generated samples in between. Then $D$ should ask for a *small* $x$ in one case and for a *large* one in the other.
It would have to multiply $x$ by something that depends on $y$, and a sum does not do that. A network with hidden layers can
imitate a product, but has to learn to.

## 13.3 The projection discriminator, derived

Instead of guessing an architecture, look at what $D$ should compute, the log-odds of equation (13.2)
[Miyato and Koyama 2018].

*Step 1: Bayes' rule.* It says $p(x|y) = p(y|x)\, p(x) / p(y)$, and likewise for $q$, which has the same $p(y)$:

$$a^*(x, y) = \log\frac{p(x|y)}{q(x|y)}
= \underbrace{\log\frac{p(y|x)}{q(y|x)}}_{\text{class part}} + \underbrace{\log\frac{p(x)}{q(x)}}_{\text{marginal part}}. \tag{13.5}$$

The class part compares two guesses of the label of $x$: how likely $y$ is if $x$ is real, and how likely it is if $x$ is
generated. The marginal part does not contain $y$. It is the log-odds of an ordinary $D$.

*Step 2: a model of the class part.* A classifier usually ends in a softmax of linear functions of its last features
$\varphi(x)$. Write $\langle v, \varphi \rangle$ for the inner product of two vectors, and suppose that both class
probabilities have this form:

$$p(y|x) = \frac{e^{\langle v_y, \varphi(x)\rangle}}{\sum_k e^{\langle v_k, \varphi(x)\rangle}}, \qquad
q(y|x) = \frac{e^{\langle w_y, \varphi(x)\rangle}}{\sum_k e^{\langle w_k, \varphi(x)\rangle}}. \tag{13.6}$$

*Step 3: take the logarithm of the ratio.* The two numerators give $\langle v_y - w_y, \varphi(x)\rangle$. The two sums in
the denominators depend on $x$ and not on $y$.

*Step 4: sort by what depends on the label.* Call $v_y - w_y$ the embedding $e(y)$. Everything else, the marginal part and
the two sums, is a function of $x$. A further assumption is that the features are enough to compute it, so that it is a
function $\psi$ of $\varphi(x)$:

$$a(x, y) = \langle e(y), \varphi(x) \rangle + \psi(\varphi(x)). \tag{13.7}$$

This is the **projection discriminator**: one network $\varphi$, a last layer $\psi$ as any $D$ has it, and one inner
product. The label enters by a *multiplication*, and costs one vector for each label. If a label has several factors that
are independent given $x$, among real and among generated samples, the class part is a sum over factors, and so is $e(y)$.

**An example in which all of it is known.** Let the data of label $y$ be normal in the plane, with mean $\mu_y$ and
standard deviation $s$ in each coordinate, and the generated samples too, with mean $m_y$ and standard deviation $t$.
(This $s$ is a number, not the softplus of chapter 1.) The
logarithm of the ratio of the two densities is

$$a^*(x, y) = -\frac{|x - \mu_y|^2}{2 s^2} + \frac{|x - m_y|^2}{2 t^2} + 2 \log\frac ts. \tag{13.8}$$

Expand the squares and sort. With $\varphi(x) = (x_1, x_2, 1)$ this *is* equation (13.7). The vector $e(y)$ has three
numbers: two that multiply $x_1$ and $x_2$, and one that multiplies the 1. It and $\psi$ are

$$e(y) = \Bigl( \frac{\mu_y}{s^2} - \frac{m_y}{t^2},\;\; \frac{|m_y|^2}{2 t^2} - \frac{|\mu_y|^2}{2 s^2} \Bigr), \qquad
\psi(\varphi(x)) = \Bigl( \frac{1}{2 t^2} - \frac{1}{2 s^2} \Bigr) |x|^2 + 2 \log\frac ts. \tag{13.9}$$

We put these values into gan_core's layer and compare its logits with the two densities.
"""

# %%
REAL_MEANS = ((1.5, 0.0), (-0.75, 1.3), (-0.75, -1.3))
FAKE_MEANS = ((0.5, 0.9), (-1.0, 0.0), (0.5, -0.9))
REAL_SD = 0.5
FAKE_SD = 0.8


def exact_log_odds(x, label):
    """log p(x|y) / q(x|y) at points x [n, 2], from the two densities."""
    real_square = np.sum((x - np.array(REAL_MEANS[label])) ** 2, axis=1)
    fake_square = np.sum((x - np.array(FAKE_MEANS[label])) ** 2, axis=1)
    log_p = -real_square / (2 * REAL_SD**2) - 2 * np.log(REAL_SD)
    log_q = -fake_square / (2 * FAKE_SD**2) - 2 * np.log(FAKE_SD)
    return log_p - log_q


def with_one(x):
    """phi(x) = (x1, x2, 1)."""
    return tf.concat([x, tf.ones_like(x[:, :1])], axis=1)


def psi(phi):
    """What is alike for all labels: are the points spread as real ones are?"""
    square = tf.reduce_sum(phi[:, :2] ** 2, axis=1, keepdims=True)
    constant = 2 * math.log(FAKE_SD / REAL_SD)
    return (1 / (2 * FAKE_SD**2) - 1 / (2 * REAL_SD**2)) * square + constant


def class_vectors():
    """e(y) for each of the three labels: [3, 3]."""
    rows = []
    for real, fake in zip(np.array(REAL_MEANS), np.array(FAKE_MEANS), strict=True):
        slope = real / REAL_SD**2 - fake / FAKE_SD**2
        shift = fake @ fake / (2 * FAKE_SD**2) - real @ real / (2 * REAL_SD**2)
        rows.append([*slope, shift])
    return np.array(rows, np.float32)


def best_discriminator():
    """D* of these normals, made of gan_core's layers."""
    head = ProjectionHead(size=3, counts=3, psi=psi, seed=0)  # 3 features, 3 labels
    head.embedding.table.assign(class_vectors())
    return Sequential([with_one, head])


def sample_normals(means, sd, n, seed):
    """n points of three normals: [n, 2], and their labels [n]."""
    labels = rng.integers([n], rng.seed(seed, "labels"), 3).numpy()
    noise = rng.normal([n, 2], rng.seed(seed, "points")).numpy()
    return np.array(means, np.float32)[labels] + sd * noise, labels


def draw_parts(label=0, span=3.0):
    """Both parts of the best log-odds of one label, and their sum."""
    x = label_plots.grid(span)
    phi = with_one(tf.constant(x, tf.float32))
    common = psi(phi).numpy()[:, 0]
    own = phi.numpy() @ class_vectors()[label]
    parts = {"ψ(φ(x))": common, f"⟨e({label}), φ(x)⟩": own, "the sum, a*(x, y)": common + own}
    real = sample_normals(REAL_MEANS, REAL_SD, 600, 0)
    fake = sample_normals(FAKE_MEANS, FAKE_SD, 600, 1)
    return label_plots.fields(parts, real, fake, label, span)


# %%
def compare_with_densities(n=1000):
    """The largest difference of the layer's logits from the exact log-odds, over n points."""
    x, y = sample_normals(FAKE_MEANS, FAKE_SD, n, 2)
    exact = np.zeros(n)
    for label in range(3):
        exact[y == label] = exact_log_odds(x[y == label], label)
    logits = best_discriminator()(x, y).numpy()[:, 0]
    return float(np.max(np.abs(logits - exact)))


# %%
if __name__ == "__main__":
    print(f"largest difference from the exact log-odds: {compare_with_densities():.1e}")
    plots.show(
        draw_parts(),
        config.out / "parts.png",
        caption="Figure 13.2. The best discriminator of the example, for label 0. Strong points have "
        "label 0, pale ones another; blue is real, vermilion generated. Left: the part that is the "
        "same for all labels. Middle: the inner product. Right: their sum, the exact log-odds.",
        alt="Left a field of circles, in the middle one of parallel stripes, on the right circles "
        "around another centre that contain most blue points.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The difference is that of rounding.* For these normals the form of equation (13.7) is exact, not an approximation.
> - *Left:* the generated points are spread too widely ($t > s$), so $\psi$ is low far from the middle. That is a fault
>   whatever the label.
> - *Middle:* the inner product rises roughly from the generated points of label 0 to the real ones. (Not exactly, because
>   the two standard deviations differ.) Another label has other stripes, in another direction. This is what concatenation
>   in a linear $D$ cannot do.

## 13.4 The generator's side: conditional batch norm

In $G$ the label can enter in more places than the first. **Conditional batch norm** lets it choose the scale and the
shift of every channel behind every batch norm [Dumoulin et al. 2017; De Vries et al. 2017]:

$$\gamma_c(y)\, \frac{h_c - \operatorname{mean} h_c}{\operatorname{sd} h_c} + \beta_c(y). \tag{13.10}$$

Mean and standard deviation are those of the whole batch, whatever the labels. With $\gamma_c(y) = 0$ and
$\beta_c(y) < 0$ in front of a ReLU, a label switches a channel off; so each label may use channels of its own at every
size of the picture. In gan_core's layer $\gamma_c(y)$ is the sum of a number that all labels share and one of the label's
own, and likewise $\beta_c(y)$. The label's own numbers start at 0.

**Batch norm and labels have a side effect**, which matters in section 13.8. Let $h$ be an activation of one channel. The law
of total variance says that a variance is the mean of the variances within groups plus the variance of the groups' means.
With the labels as groups, the variance of $h$ in a batch has two parts:

$$\operatorname{Var} h = \underbrace{\mathbb{E}_y \operatorname{Var}(h|y)}_{\text{within labels, from } z}
+ \underbrace{\operatorname{Var}_y \mathbb{E}(h|y)}_{\text{between labels}}. \tag{13.11}$$

Batch norm scales the left side to 1 in a dense layer. (In a convolution the variance is taken over all places of the
picture too, so it is scaled to 1 over the batch and all places together.) Without labels the second part is 0. Then the
first part is 1 in every layer, so different $z$ keep giving different activations. With labels, the second part can take up
everything, and $z$ may fade.

How do the two parts begin? $z$ has $d$ numbers of variance 1, in sum $d$. The numbers of the label vectors are drawn
at random at the start, with variances that add up to $\rho d$. So $\rho$ says how loud the label is beside $z$. There
are $K$ labels, so $K$ vectors are drawn. What counts is how much they differ from their own mean. That mean is random
too, with a variance of $\rho d / K$. So $\rho d - \rho d / K = (1 - 1/K)\, \rho d$ is left on average (for the same
reason a sample variance is divided by $K - 1$). All weights of the first layer are drawn alike, so the share of the
second part is about

$$\frac{\rho'}{1 + \rho'} \quad \text{with} \quad \rho' = \Bigl(1 - \frac1K\Bigr) \rho. \tag{13.12}$$

The next cell measures that share in untrained generators, for $\rho = 1$ (the label is as loud as $z$) and for the
package's choice, $\rho = 1/16$.
"""


# %%
def share_between_labels(h, labels):
    """Var_y E(h|y) / Var h, both summed over channels: h [n, c], labels [n]."""
    means = np.zeros_like(h)
    for label in np.unique(labels):
        means[labels == label] = np.mean(h[labels == label], axis=0)
    return float(np.sum(np.var(means, axis=0)) / np.sum(np.var(h, axis=0)))


def share_at_the_start(label_share, per_label=500, seed=0):
    """That share behind the first layer of an untrained generator for eight labels."""
    generator, _ = conditional_networks.make(
        [8], size=SIZE, width=16, latent_dim=LATENT_DIM, label_share=label_share, seed=seed
    )
    y = np.repeat(np.arange(8, dtype=np.int32), per_label)
    z = latent.Normal(LATENT_DIM)(len(y), rng.seed(seed, "z for the first layer"))
    with_label, *others = generator.layers  # the first one appends the label's vector to z
    h = with_label(z, y[:, np.newaxis])
    for layer in others:  # everything in front of the first batch norm
        if isinstance(layer, ConditionalBatchNorm):
            break
        h = layer(h)
    return share_between_labels(h.numpy().reshape(len(y), -1), y)


# %%
if __name__ == "__main__":
    for label_share in (1.0, conditional_networks.LABEL_SHARE):
        measured = share_at_the_start(label_share)
        among_eight = (1.0 - 1.0 / 8) * label_share
        expected = among_eight / (1.0 + among_eight)
        print(f"rho = {label_share:<6g} between labels: {measured:.3f}, expected {expected:.3f}")

# %% [markdown]
r"""
> **Notice.** With $\rho = 1$ nearly half of the variance in the first layer comes from the label before any training. With
> $\rho = 1/16$ it is 5 %. (The measured shares are those of one drawn set of eight vectors.)

## 13.5 A ring of labels

Does $D$ need the label? Does it matter how the label enters $D$? We play a small game before we train on faces. The
data are eight normals on a ring, and the label says which. $G$ gets the label by concatenation. There are three
variants of $D$: one without the label, one with concatenation, and one with projection.

gan_core's trainer needs one more argument than in chapter 6: `labels` says where labels come from when none are given.
`latent.Classes(8)` draws one of eight, all equally often. `latent.Rows(labels)`, which we use for faces, draws from
the labels of the data. A batch is a pair `(x, y)`, and both networks are called with `y`. With one factor, labels have
the shape `[n]`, and `counts` is a number, such as 8. With several factors, labels have the shape `[n, factors]`, and
`counts` is a list, such as `[2, 2]`.
"""


# %%
def ring_of_centres(count=8):
    """[count, 2] float32, on a circle of radius 2."""
    angles = 2.0 * np.pi * np.arange(count) / count
    return (2.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype(np.float32)


def labelled_ring(n, seed):
    """n points of eight normals of sd 0.1 on a ring, and which normal each is of: the label."""
    label_seed, point_seed = rng.split(seed, 2)
    y = rng.integers([n], label_seed, 8)
    x = tf.gather(ring_of_centres(), y) + 0.1 * rng.normal([n, 2], point_seed)
    return x, y


VECTOR = 8  # numbers of a label's vector


def plane_generator(counts, seed):
    """G(z, y): the label's vector joins z. `counts` says how many values each factor has."""
    layers = mlp([2 + VECTOR, 32, 32, 2], seed=seed, name="generator")
    return Sequential([WithEmbedding(counts, VECTOR, seed=seed), layers])


def ignore(x, labels=None):
    """x, whatever the label."""
    return x


def plane_discriminator(kind, counts, seed):
    """D(x, y): told nothing of the label, by concatenation, or by projection."""
    if kind == "no label":
        return Sequential([ignore, mlp([2, 32, 32, 1], seed=seed, name="discriminator")])
    if kind == "concatenation":
        layers = mlp([2 + VECTOR, 32, 32, 1], seed=seed, name="discriminator")
        return Sequential([WithEmbedding(counts, VECTOR, seed=seed + 1), layers])
    features = mlp([2, 32, 32], seed=seed, name="discriminator")
    head = ProjectionHead(size=32, counts=counts, seed=seed + 1)  # its psi is a dense layer
    return Sequential([features, leaky_relu(0.2), head])


def play_in_the_plane(config, sampler, labels, counts, kind, seed):
    """Train a small conditional GAN, and return its trainer."""
    rounds = config.plane_rounds
    rate = linear_decay(2e-3, rounds, start=rounds // 2)
    trainer = GANTrainer(
        plane_generator(counts, seed),
        plane_discriminator(kind, counts, seed),
        latent=latent.Normal(2),
        labels=labels,
        penalty=penalties.r1(0.5),
        g_optimizer=Adam(rate, beta_1=0.0, beta_2=0.99),
        d_optimizer=Adam(rate, beta_1=0.0, beta_2=0.99),
        average=0.99,
        mode=config.mode,
        seed=seed,
    )
    no_bar = Console(quiet=True)  # each game takes a second or two
    loop.fit(trainer, sampler, rounds, log_every=rounds, console=no_bar)
    return trainer


def ask_for_all(trainer, count, each=250):
    """`each` samples of every label: points [count * each, 2], and the labels asked for."""
    asked = np.repeat(np.arange(count, dtype=np.int32), each)
    return trainer.sample(len(asked), seed=1, labels=asked), asked


def nearest(points, centres):
    """The number of the nearest centre for each point [n, 2]."""
    squares = np.sum((points[:, np.newaxis] - centres) ** 2, axis=2)
    return np.argmin(squares, axis=1)


def spread_within(points, labels):
    """The sd of the points of one label, a mean over labels and coordinates."""
    spreads = []
    for label in np.unique(labels):
        of_both_coordinates = np.std(points[labels == label], axis=0)
        spreads.append(np.mean(of_both_coordinates))
    return float(np.mean(spreads))


def mean_and_error(values, digits=2):
    """Mean ± standard error, as text."""
    mean = f"{np.mean(values):.{digits}f}"
    if len(values) < 2:
        return mean
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{mean} ± {error:.{digits}f}"


def compare_discriminators(config):
    """The rows of the table, and for each title the points and labels of the first seed."""
    centres = ring_of_centres()
    rows = []
    shown = {}
    for kind in ("no label", "concatenation", "projection"):
        shares = []
        spreads = []
        for seed in range(config.seed, config.seed + config.seeds):
            sampler = data.stream(labelled_ring, 128, seed)
            trainer = play_in_the_plane(
                config, sampler, labels=latent.Classes(8), counts=8, kind=kind, seed=seed
            )
            points, asked = ask_for_all(trainer, 8)
            shares.append(100.0 * np.mean(nearest(points, centres) == asked))
            spreads.append(spread_within(points, asked))
            if seed == config.seed:
                shown[f"D: {kind}"] = (points, asked)
        rows.append([kind, f"{mean_and_error(shares, 0)} %", mean_and_error(spreads, 3)])
    return rows, shown


# %%
if __name__ == "__main__":
    rows, shown = compare_discriminators(config)
    tables.show(
        ["what D is told of the label", "samples as asked", "sd within a label (data: 0.1)"],
        rows,
        caption="Table 13.2. Share of 2,000 samples that are nearest to the centre of their own label, and "
        "the standard deviation of samples of one label. Mean ± standard error over the seeds.",
    )
    plots.show(
        label_plots.rings(shown, ring_of_centres()),
        config.out / "ring.png",
        caption="Figure 13.3. Samples in the colour of the label that they were asked for; a ring of "
        "that colour shows where they belong. First seed.",
        alt="Left, most groups of points lie inside rings of another colour. In the middle and on "
        "the right each group lies in the ring of its own colour.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *D without labels:* the samples lie on the ring, so $D$ is content. But they lie in the wrong places: only 9 ± 8 % of
>   them are where they were asked for. If labels and places were matched at random, we would expect 12.5 %. With three
>   seeds, 9 ± 8 % is compatible with that.
> - *This $G$ does not ignore its label.* It uses it as one more random number, with a meaning of its own. A label that $D$
>   does not check means nothing.
> - *Concatenation and projection are both obeyed* in this small game, where $D$ has two hidden layers and can imitate a
>   product. They differ in spread: samples of one label have a standard deviation of 0.10 with projection, as the data
>   have, and of 0.06 with concatenation. We have not looked for the reason.
> - This is one game, and no proof that projection is better. [Miyato and Koyama 2018] compare the two on ImageNet.

## 13.6 Faces that are asked for

Now the same with faces: 4,096 drawn ones of 32 pixels, with their hair colour as the label.
`conditional_networks.make` takes the network `dcgan` (section 9.6) and adds the label in three places: the embedding
behind $z$, conditional batch norm in $G$, the projection at the end of $D$. The recipe is close to that of
`python -m dcgan` on drawn faces: Adam with $\beta_1 = 0$, R1, and learning rates that fall in the last quarter. But
$D$ sees the pictures with random shifts and with a random square covered (*cutout*), and $G$ has no styles. For a
short training of small faces the learning rate is $10^{-3}$ (there $4 \cdot 10^{-4}$), R1 has $\gamma = 0.5$ (there
1), the average of $G$ covers 4,000 images (there 8,000), and $G$ has no filters (section 8.6).
"""


# %%
def draw_data(config):
    """Drawn faces [n, S, S, 3], and the label of each [n, 1]: the number of its hair colour."""
    numbers = range(config.faces)
    images = drawn_faces.draw(numbers, seed=config.seed, size=SIZE)
    factors = drawn_faces.factors(numbers, seed=config.seed)
    return images, labels_drawn.rows(("hair",), factors)


def face_trainer(config, labels, rounds, label_share=conditional_networks.LABEL_SHARE):
    """The trainer of a conditional DCGAN for faces of 32 pixels."""
    generator, discriminator = conditional_networks.make(
        [len(HAIR)],
        size=SIZE,
        width=config.width,
        latent_dim=LATENT_DIM,
        label_share=label_share,
        seed=config.seed,
    )
    rate = linear_decay(1e-3, rounds, start=3 * rounds // 4)  # falls in the last quarter
    # The average of G remembers the last 4,000 images, and fewer at the start.
    memory = rising_memory(math.exp(-config.batch / 4000))
    return GANTrainer(
        generator,
        discriminator,
        latent=latent.Normal(LATENT_DIM),
        labels=latent.Rows(labels),
        penalty=penalties.r1(gamma=0.5, every=4),
        augment=augment.chain(augment.translation(0.125), augment.cutout(0.5)),
        g_optimizer=Adam(rate, beta_1=0.0, beta_2=0.99),
        d_optimizer=Adam(rate, beta_1=0.0, beta_2=0.99),
        average=memory,
        mode=config.mode,
        seed=config.seed,
    )


def ask(trainer, label, n, seed):
    """n faces of one label: uint8 [n, S, S, 3]. The same seed gives the same z for every label."""
    asked = np.full([n, 1], label, np.int32)
    return to_uint8(trainer.sample(n, seed=seed, labels=asked)).numpy()


def ask_for_each(trainer, each, seed):
    """`each` faces of every hair colour, with the same z. -> [K, each, S, S, 3]"""
    return np.stack([ask(trainer, label, each, seed) for label in range(len(HAIR))])


def spread_of_faces(faces):
    """Faces [K, n, S, S, 3]: the sd of a pixel within a label, in grey levels, averaged."""
    return float(np.mean(np.std(faces.astype(np.float32), axis=1)))


def train_faces(config, images, labels, rounds, **options):
    """Train for `rounds`, and measure the spread within a label on the way.

    Returns the trainer, and the pair of the rounds of measuring and the spreads there.
    """
    trainer = face_trainer(config, labels, rounds, **options)
    steps = []
    spreads = []

    def measure(trainer, row):
        steps.append(int(row["step"]))
        asked = np.repeat(np.arange(len(HAIR), dtype=np.int32), 32)
        faces = trainer.sample(len(asked), seed=config.seed + 7, labels=asked[:, np.newaxis])
        faces = to_uint8(faces).numpy()
        spreads.append(spread_of_faces(faces.reshape(len(HAIR), 32, SIZE, SIZE, 3)))

    batches = face_batches(images, config.batch, seed=config.seed, flip=True, labels=labels)
    interval = max(1, min(100, rounds // 2))  # a short training is measured twice
    loop.fit(trainer, batches, rounds, log_every=interval, hooks=[loop.every(interval, measure)])
    return trainer, (steps, spreads)


# %%
if __name__ == "__main__":
    images, labels = draw_data(config)
    trainer, spreads = train_faces(config, images, labels, config.rounds)
    faces = ask_for_each(trainer, 12, config.seed + 1)
    plots.show(
        judging_plots.rows_of_faces(dict(zip(HAIR, faces, strict=True))),
        config.out / "asked.png",
        caption="Figure 13.4. Faces that were asked for: a row for each hair colour, the same z in "
        "each column.",
        alt="Eight rows of twelve small faces. The hair of each row has one colour: black, brown, "
        "blond, red, pink, blue, green, silver.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *By rows:* each row has the hair colour that it was asked for.
> - *By columns:* the same $z$ keeps the shape of the hair and the tone of the skin, and often the background. $z$ has
>   come to decide what the label leaves open.
> - *The faces are rough:* noise instead of hairs, and eyes without a clear colour. This training has seen 29,000 faces, the
>   work of a minute.

## 13.7 Is the label obeyed?

Looking at a sheet is a start. To measure, let a classifier read the faces, as in chapter 11, and count how many have
what was asked for. The classifier errs too. So the same is done for real faces that it has not seen: that share is
what a perfect generator would get on average. (A generator whose faces are easier to read than real ones can get
more.) The table of *asked for* against *read* says which labels are confused.

The classifier also reads the background, which nobody asked for. If the label changes nothing but the hair, the same $z$
with two different labels has the same background.
"""

# %%
READ = ("hair_colour", "background")


def train_reader(config, images):
    """A classifier of hair colour and background, trained on the same drawn faces."""
    factors = drawn_faces.factors(range(config.faces), seed=config.seed)
    values = {name: drawn_faces.FACTORS[name] for name in READ}
    return factor_classifier.fit_classifier(
        images, factors, values, steps=config.classifier_steps, seed=config.seed, width=8
    )


def read_all(reader, faces):
    """What is read of faces [K, n, S, S, 3]: for each factor [K, n] numbers of values."""
    one_list = faces.reshape(-1, *faces.shape[2:])
    read = {}
    for name, found in reader.predict(one_list).items():
        read[name] = found.reshape(faces.shape[:2])
    return read


def table_of_shares(read):
    """[K, K]: of the faces that were asked for with label i, the share that is read as j."""
    count = len(read)
    return np.stack([np.bincount(row, minlength=count) / len(row) for row in read])


def same_background(read):
    """How often faces of one z and two labels have the same background, over all pairs."""
    count = len(read)
    pairs = [(i, j) for i in range(count) for j in range(i)]
    return float(np.mean([np.mean(read[i] == read[j]) for i, j in pairs]))


# %%
if __name__ == "__main__":
    reader = train_reader(config, images)
    held_aside, factors = factor_classifier.held_aside(1000, size=SIZE, seed=config.seed)
    right = reader.accuracy(held_aside, factors)
    generated = ask_for_each(trainer, config.counted // len(HAIR), config.seed + 2)
    read = read_all(reader, generated)
    shares = table_of_shares(read["hair_colour"])
    print(f"real faces whose hair is read correctly: {right['hair_colour']:.1%}")
    print(f"generated faces as asked:              {np.mean(np.diag(shares)):.1%}")
    print(f"same background for the same z:        {same_background(read['background']):.1%}")
    plots.show(
        label_plots.asked_and_read(shares, HAIR),
        config.out / "asked_and_read.png",
        caption="Figure 13.5. Each row: the faces that were asked for with this hair colour, and what "
        "the classifier reads, in percent. A perfect generator has 100 on the diagonal.",
        alt="A square of cells, dark on the diagonal and nearly empty elsewhere.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *100 % of the 800 generated faces are read as they were asked for.* The classifier reads the hair of real faces correctly
>   in 99.9 % of all cases, so its own errors hardly count there. With a classifier that errs in
>   a few percent, we could not tell its errors from $G$'s. Generated faces are rougher than what it has learnt from, so
>   look at Figure 13.4 too.
> - *The background agrees for 55 % of all pairs* of faces with one $z$ and two labels. Five equally frequent backgrounds,
>   drawn independently, would agree for 20 %. If the label led to a new draw with probability $c$, the agreement would be
>   $1 - 0.8\, c$, so 55 % means $c = 0.56$. So both $z$ and the label have much influence on the background, although in the
>   data hair and background are independent. (On another processor, which rounds differently, a training gave 60 %. Errors
>   of the classifier in reading backgrounds lower the share too; we have not measured them here.)
> - *Hair is easy,* the largest thing in the picture. Eyes of a few pixels are another matter: the file
>   `docs/faces.md` of the package's source has shares for hair, glasses and eyes.

## 13.8 Variety within a label

A generator that makes *one* face for each hair colour obeys perfectly. So obedience needs a second number beside it. The
**spread within a label** is the standard deviation of a pixel over the faces of one label, averaged over pixels,
channels and labels. It is given in grey levels, beside that of real faces.

We compare the training above with one whose labels are as loud as $z$ at the start, $\rho = 1$ in equation (13.12). It has
only 200 rounds. Until round 150 everything else is equal; then its learning rates begin to fall. So the fair comparison is
that of the two curves at round 100.
"""


# %%
def real_spread(config, each=32):
    """The spread of drawn faces within a hair colour."""
    images, factors = factor_classifier.held_aside(1000, size=SIZE, seed=config.seed)
    hair = factors["hair_colour"]
    of_each_colour = [images[hair == label][:each] for label in range(len(HAIR))]
    return spread_of_faces(np.stack(of_each_colour))


# %%
if __name__ == "__main__":
    _, loud_spreads = train_faces(config, images, labels, config.short_rounds, label_share=1.0)
    curves = {"labels start quiet (ρ = 1/16)": spreads, "labels start loud (ρ = 1)": loud_spreads}
    of_real = real_spread(config)
    print(f"real faces: {of_real:.1f} grey levels")
    for name, (steps, values) in curves.items():
        print(f"{name}: {values[0]:.1f} in round {steps[0]}, {values[-1]:.1f} in round {steps[-1]}")
    plots.show(
        label_plots.spreads(curves, of_real),
        config.out / "spread.png",
        caption="Figure 13.6. The spread within a label over the rounds of two trainings that differ "
        "in how loud the label is at the start, and in length. One run each.",
        alt="One curve rises towards the dashed line of real faces, the other one stays far below.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Quiet labels:* the spread rises to 30 grey levels, and real faces have 41. A quarter of it is missing, but the columns
>   of Figure 13.4 differ. That is after 900 rounds.
> - *At the same round:* after 100 rounds the spread is 26 with quiet labels and 14 with loud ones.
> - *Loud labels:* the spread then falls to 12 after 200 rounds, in this run. Equation (13.11) offers an explanation: batch
>   norm only fixes the sum of the two variances, and nothing keeps the variance within labels.
> - The share as asked cannot show this fault: one face for each hair colour is enough for 100 %.

The remedy is to choose one number, the size of the embedding's values at the start. With one run each and different
lengths, this is an example of the fault and of a remedy. It does not show how often the fault occurs, or that the remedy is
the best. Two others that one could try: show $D$ how much the faces of one label differ, or leave out the concatenation and
keep conditional batch norm.

> **Common mistake.** To report how often the label is obeyed, and nothing else. The share as asked is highest for a
> generator that has given up on everything but the label.

## 13.9 Combinations that the data do not have

Equation (13.3) is a mean over the labels *of the data*. For a combination that never occurs, the game says nothing at all.
What does $G$ make of it?

Take four corners of a square. The label has two factors, left or right and below or above. In the data the two factors
mostly go together: left with below, right with above. Then we ask for all four.
"""

# %%
CORNERS = ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0))
FACTORS_OF_CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))


def corner_data(others):
    """A sampler of the four corners; `others` is the share of the two whose factors differ."""
    chances = np.array([1.0 - others, others, others, 1.0 - others]) / 2.0
    ends = tf.constant(np.cumsum(chances), tf.float32)

    def sample(n, seed):
        corner_seed, point_seed = rng.split(seed, 2)
        # Draw a corner with these chances: [0, 1] is cut at `ends`, and u falls into one piece.
        # Rounding can leave the last end below 1, so the last piece takes what lies behind it.
        u = rng.uniform([n], corner_seed)
        corner = tf.minimum(tf.searchsorted(ends, u, side="right"), 3)
        x = tf.gather(tf.constant(CORNERS), corner) + 0.1 * rng.normal([n, 2], point_seed)
        return x, tf.gather(tf.constant(FACTORS_OF_CORNERS), corner)

    return sample


def labels_of(sample):
    """The labels of a sampler alone."""
    return lambda n, seed: sample(n, seed)[1]


def ask_corners(config, others, seed):
    """Train on these data, and return points and the number of the corner each was asked for."""
    sample = corner_data(others)
    sampler = data.stream(sample, 128, seed)
    trainer = play_in_the_plane(
        config,
        sampler,
        labels=labels_of(sample),
        counts=[2, 2],  # two factors with two values each
        kind="projection",
        seed=seed,
    )
    asked = np.repeat(np.arange(4), 250)
    rows = np.array(FACTORS_OF_CORNERS, np.int32)[asked]
    return trainer.sample(len(asked), seed=1, labels=rows), asked


# %%
def ask_for_combinations(config):
    """The rows of the table, and for each title what the first seed made.

    That is the real points, the generated points, and the corners they were asked for.
    """
    rows = []
    shown = {}
    for others in (0.0, 0.02):
        common = []
        rare = []
        for seed in range(config.seed, config.seed + config.seeds):
            points, asked = ask_corners(config, others, seed)
            as_asked = nearest(points, np.array(CORNERS)) == asked
            goes_together = (asked == 0) | (asked == 3)
            common.append(100.0 * np.mean(as_asked[goes_together]))
            rare.append(100.0 * np.mean(as_asked[~goes_together]))
            if seed == config.seed:
                real, _ = corner_data(others)(1000, rng.seed(seed, "points to draw"))
                shown[f"{others:.0%} of the data"] = (real.numpy(), points, asked)
        cells = [f"{mean_and_error(common, 0)} %", f"{mean_and_error(rare, 0)} %"]
        rows.append([f"{others:.0%}", *cells])
    return rows, shown


# %%
if __name__ == "__main__":
    rows, shown = ask_for_combinations(config)
    tables.show(
        ["share of the rare corners", "common corners as asked", "rare corners as asked"],
        rows,
        caption="Table 13.3. How often samples lie nearest to the corner that was asked for. Mean ± "
        "standard error over the seeds.",
    )
    names = ["left below", "left above", "right below", "right above"]
    plots.show(
        label_plots.corners(shown, names),
        config.out / "corners.png",
        caption="Figure 13.7. Samples of the four combinations, for data in which two of them, left "
        "above and right below, have the share in the title. First seed.",
        alt="Left, two colours miss their corners. Right, each colour lies in a corner of its own.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Never in the data:* $G$ hits 1 ± 1 % of the missing corners. In Figure 13.7 its samples lie between the two common
>   corners, where no data are at all. It has no reason to take the two factors apart: in its data they are one.
> - *Two percent are enough here:* all four corners are hit. In a batch of 128 these are two or three points.
> - The label vectors are *sums* over factors, so the network could have answered correctly for a combination that it has
>   never seen. That it could does not mean that it does.

So before you ask for a combination, ask how often the data have it. The commands do that for you: training lists values
with fewer than ten pictures, and `generate` says so when no picture had two of the values that you ask for.

## 13.10 Labels of your own

`python -m dcgan train --labels` trains with labels from three sources.

- *Drawn faces:* any of their factors, `--labels hair,eyes,glasses`.
- *Class folders:* with `--data faces --labels folders`, the folder of a picture is its label: `faces/blonde/1.png`.
- *A table:* with `--data faces --labels labels.csv`, the first line is `file,hair,glasses`, and a row follows for each
  picture.

The command prints in one line what it has read, and anything odd.
"""

# %%
if __name__ == "__main__":
    names = ["faces/blonde/1.png", "faces/blonde/2.png", "faces/black/1.png"]
    print(labels_folders.load(names).summary())

# %% [markdown]
r"""
A run that was trained with labels is asked with `--label`; factors that are not named are drawn as often as the data
have them.

```bash
python -m dcgan train --labels hair,eyes,glasses --size 32 --run runs/asked
python -m dcgan generate --run runs/asked --labels                          # what may be asked for
python -m dcgan generate --run runs/asked --label hair=blue --label glasses=yes --count 8
python -m dcgan judge --run runs/asked                                      # the shares of section 13.7
```

(Here `glasses`, yes or no, is a label of its own. Without `--labels`, `python -m dcgan train` learns all ten factors
of drawn faces. One of them is `ornament`, and glasses are one of its values.) The package has a generator that was
trained with all ten factors. Without `--run`, `generate` uses it, so you can ask for a face at once:

```bash
python -m dcgan generate --label hair=blue --label eyes=green --label ornament=glasses --count 8
```

Of 2,000 of its faces, in one training, hair is as asked in 100 %, eyes in 97 %, and glasses and other ornaments in 93 %
(`python -m dcgan judge`). The blush is the least obedient factor, with 84 %.

> **Common mistake.** Labels that say what you did not mean. If all pictures with glasses come from one source with a grey
> background, *glasses* is also a word for grey. Look at twenty pictures of each label before you train.

## Summary

- A conditional GAN plays one game for each label of the data, with one pair of networks. Its best $D$ has the log-odds
  $\log p(x|y) / q(x|y)$.
- A $D$ that does not see the labels cannot make $G$ obey them, although its own value may be the best possible.
- Bayes' rule splits the log-odds into a class part and a marginal part. With softmax class probabilities this is the
  projection: an inner product of features and the label's vector, and a term that all labels share.
- Concatenation moves a bias; conditional batch norm chooses scale and shift of all channels.
- Obedience is the share as asked, beside the share that real faces reach. It needs the spread within a label beside
  it, because labels can crowd out $z$.
- The game says nothing about labels and combinations that the data do not have.

## Exercises

1. ★ A generator for $K$ labels ignores its label and makes the mixture of all. The data of different labels do not overlap.
   Compute $V(D^*, G)$ for all $K$. Where does it go as $K$ grows?
2. ★ How many faces of an unconditional generator must you draw to have blue hair, green eyes and glasses among them with a
   probability of 95 %?
3. ★★ The data are $N(-1, 1)$ for label 0 and $N(1, 1)$ for label 1, and $G$ exchanges the two. Fit the best $D$ of the form
   $w x + c(y)$, and the best one of the form $w(y)\, x + c(y)$. What values of the game do they reach, and what does $D^*$
   reach?
4. ★★ Check equation (13.12) for a label with three factors whose vectors are drawn from $N(0, 1)$ and have as many numbers
   as $z$. How loud is that label?
5. ★★ Write the inner product of equation (13.7) for a label of two factors with $\varphi(x)$ of 16 numbers. How many
   parameters does it need for 8 hair colours and 6 eye colours? How many if each *combination* had a vector of its
   own? What can the second form express that the first cannot?
6. ★★★ Give the eight labels of the ring 4, 8, 16, ..., 512 samples. Train once with batches that have the labels as often
   as the data, and once with all labels equally often. How far from their label's centre do samples of rare and of common
   labels lie after 200 rounds, and after 800?

## Further reading

- [Mirza and Osindero 2014] introduces conditional GANs, with concatenation.
- [Miyato and Koyama 2018] derives the projection discriminator, and compares it with concatenation on ImageNet.
- [Dumoulin et al. 2017] and [De Vries et al. 2017] introduce conditional normalisation, for styles and for questions about
  pictures.
- [Odena et al. 2017] adds a classifier to $D$ instead, another common way.
- [Brock et al. 2019] combines projection and conditional batch norm at a large scale.
"""
