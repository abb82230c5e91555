# %% [markdown]
r"""
# 3. One Gaussian: a discriminator teaches no more than it can see

After this chapter you can train a first GAN with the library, read its curves, and say what goes wrong when the
discriminator is too simple.

## The question: what does a blind teacher teach?

The generator never sees the data. All it learns, it learns from the discriminator. In chapter 1 the discriminator's
logit had a square in it, $c_0 + c_1 x + c_2 x^2$, and the generator learned both the mean and the spread of the data.
**What happens if we leave out the square?** The discriminator can then no longer tell a narrow distribution from a
wide one with the same mean.

Three guesses are plausible. The spread of the generated numbers stays as it was at the start, because nobody speaks
about it. Or it wanders about at random. Or it still ends near the data's spread, because the mean can only be right
if the rest is. Make your guess before you read on. All three are wrong.

| | |
|---|---|
| **You need** | chapter 1 (the best $D$ and its logit, the two losses), chapter 2 (round, trainer, circling) |
| **You will learn** | the optimizer Adam and the moving average of $G$; what $D$ must be able to see; how to read the curves of a training, and how not to |
| **New in gan_core** | `loop.fit`, `mlp`, `standardise`, `Adam`, `data.stream`, `average=` |
| **Run it** | `python -m toy.ch03_one_gaussian`, or with `--loss minimax`, `--seeds 20`; `--help` lists the flags |
| **Time** | about 35 s on two CPU cores; each further seed about 3 s |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__, threads=1)  # housekeeping; one thread, because networks are small

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import checks, data, latent, losses, rng
from gan_core.app import command_line, plots, tables
from gan_core.nn import initializers
from gan_core.nn.mlp import mlp, standardise
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import Adam
from gan_core.runs import loop
from gan_core.trainer import GANTrainer
from toy.figures import line_plots
from toy.networks import quadratic
from toy.targets.distributions import Normal


@dataclasses.dataclass(frozen=True)
class Config:
    """The data, what D may see of them, and how the two players learn."""

    mean: float = 10.0
    """mean of the data, from -100 to 100"""
    sd: float = 1.0
    """standard deviation of the data, from 0.01 to 100"""
    features: str = "quadratic"
    """what D sees of a number t (section 3.2): linear (t) or quadratic (t and t^2)"""
    loss: str = "non-saturating"
    """minimax, non-saturating, wasserstein; chapter 6: relativistic; besides: least-squares, hinge"""
    steps: int = 4000
    """rounds of training, each a step of D, then one of G; from 1 to 1,000,000"""
    batch: int = 256
    """samples in a minibatch, real and generated each, from 1 to 100,000"""
    latent_dim: int = 1
    """how many numbers z has, from 1 to 1,000"""
    latent_sd: float = 1.0
    """standard deviation of each of them, from 0.01 to 100"""
    g_learning_rate: float = 0.02
    """Adam's, for G: about how far mu and w move in a round; from 0 to 1"""
    d_learning_rate: float = 0.02
    """Adam's, for D, from 0 to 1"""
    average: float = 0.99
    """decay of the moving average of G, from 0 (no average) to 0.9999"""
    seed: int = 0
    """of weights, data and z, from 0 to 2^32"""
    seeds: int = 5
    """how many seeds section 3.6 trains with, counted from `seed`; from 1 to 1,000"""
    out: Path = Path("runs/ch03")
    """folder for the figures"""

    def __post_init__(self):
        checks.one_of("Config", "loss", self.loss, losses.LOSSES)
        checks.one_of("Config", "features", self.features, ["linear", "quadratic"])
        for name, least, most in (
            ("steps", 1, 10**6),
            ("batch", 1, 10**5),
            ("latent_dim", 1, 1000),
            ("seed", 0, 2**32),
            ("seeds", 1, 1000),
        ):
            checks.integer("Config", name, getattr(self, name), least, most)
        for name, least, most in (
            ("mean", -100.0, 100.0),
            ("sd", 0.01, 100.0),
            ("latent_sd", 0.01, 100.0),
            ("g_learning_rate", 0.0, 1.0),
            ("d_learning_rate", 0.0, 1.0),
            ("average", 0.0, 0.9999),
        ):
            checks.number("Config", name, getattr(self, name), least, most)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 3: one Gaussian.", "python -m toy.ch03_one_gaussian"
    )

# %% [markdown]
r"""
## 3.1 The task, and an exact score

The data are numbers from $N(10, 1)$, and $z$ is one number from $N(0, 1)$. The generator is $G(z) = \mu + wz$. It
starts as $G(z) = z$, so $\mu = 0$ and $w = 1$. Its samples have exactly the distribution $N(\mu, w^2)$, and we need
no histogram to know how good it is. It is right if $\mu = 10$ and $|w| = 1$.

We score $G$ by its **Wasserstein-2 distance** from the data. Imagine each density as a heap of sand, and move one heap
onto the other so that the mean *squared* distance that a grain travels is as small as possible. The Wasserstein-2
distance, $W_2$, is the root of that mean. (Chapter 5 uses its sister $W_1$, the mean distance that is not squared.) On
the line the best plan keeps the order of the grains: if the paths of two grains cross, exchanging their goals makes the
sum of their squared distances smaller. So the grain at $\mu + |w|z$ travels to $10 + z$, by $(10 - \mu) + (1 - |w|) z$.
Since $z$ has mean 0 and mean square 1, the mean of the square is $(\mu - 10)^2 + (|w| - 1)^2$, so

$$W_2 = \sqrt{(\mu - 10)^2 + (|w| - 1)^2}. \tag{3.1}$$

It starts at 10 and should go to 0.
"""


# %%
def mean_and_sd(generator, latent_sd):
    """Mean and sd of G's samples, exact, from its weights.

    G(z) = mu + w z, with z from N(0, latent_sd^2), has mean mu and sd latent_sd |w|. (With several
    numbers z, |w| is the length of the vector of their weights.)
    """
    affine = generator.layers[0]
    mean = float(affine.bias[0])
    sd = float(latent_sd * tf.norm(affine.kernel))
    return mean, sd


# %% [markdown]
r"""
## 3.2 What the discriminator must be able to see

Against $G$'s $N(\mu, w^2)$ the best logit is $a^* = \log p - \log q$ (chapter 1). Insert the logarithms of the two
normal densities, $\log p = -\frac{(x - 10)^2}{2} - \log\sqrt{2\pi}$ and
$\log q = -\frac{(x - \mu)^2}{2w^2} - \log |w| - \log\sqrt{2\pi}$:

$$a^*(x) = \frac{(x - \mu)^2}{2 w^2} - \frac{(x - 10)^2}{2} + \log |w|. \tag{3.2}$$

This is a parabola in $x$. The coefficient of $x^2$ is $\frac{1}{2w^2} - \frac12$, and it vanishes only if $|w| = 1$.
So a logit that is a straight line in $x$ can be the best one only if the spread is right already.

*What can a straight line do when the mean is right?* If $\mu = 10$, both densities are symmetric around 10. Give a line
that was flat, at the logit 0, a slope $\psi$ around $x = 10$. Two mirrored samples, at $10 - t$ and $10 + t$, then cost
$s(\psi t)$ and $s(-\psi t)$ in place of $s(0)$ each. Softplus is convex, so the mean of the two is at least $s(0)$. The
best line is flat: $D$ says one half to everything, whatever $w$ is. It does not see the spread at all.

We build both discriminators. First $x$ is **standardised**, as is usual for any data: $t$ is $x$ less the mean of
5,000 real numbers, divided by their standard deviation. (This helps only $D$. $G$ starts at 0 and has to find
the way to 10.) Then $D$ sees its **features**: $t$ alone, or $t$ and $t^2$. Its logit is a weighted sum of them plus
a constant.

## 3.3 Two tools: Adam, and the moving average of G

Chapter 1 used plain gradient descent. Most GANs since 2015 use Adam [Kingma and Ba 2015], and many keep a moving
average of the generator.

> **Adam.** Let $g$ be the gradient in the $k$-th update, and $m$, $v$ two memories that start at 0. All operations
> are done for each parameter by itself:
>
> $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2,$$
> $$\hat m = \frac{m}{1 - \beta_1^k}, \qquad \hat v = \frac{v}{1 - \beta_2^k}, \qquad
> \theta \leftarrow \theta - h\, \frac{\hat m}{\sqrt{\hat v} + \epsilon}.$$
>
> - $m$ is a running mean of the gradient, $v$ one of its square. The divisions by $1 - \beta^k$ correct for the start
>   at 0.
> - A parameter whose gradient stays about the same moves by about $h$ in each update, however small the gradient is.
>   If the signs vary, $\hat m$ is small beside $\sqrt{\hat v}$, and the parameter moves less.
> - Usual values are $\beta_1 = 0.9$, $\beta_2 = 0.999$ and $\epsilon = 10^{-8}$.
> - Multiplying the loss by a positive constant changes nothing (except for the tiny $\epsilon$), because it multiplies
>   $\hat m$ and $\sqrt{\hat v}$ alike. Note that Adam does *not* keep the gradient's direction: it rescales each
>   coordinate by itself.
>
> In a game the gradient turns around, as chapter 2 shows, and with a large $\beta_1$ the memory $m$ keeps pushing in an
> old direction. GANs therefore mostly use $\beta_1 = 0.5$ or 0 in place of the usual 0.9 [Radford et al. 2016]. This
> chapter uses 0.5, and $\beta_2 = 0.99$, a memory of about 100 rounds, because its trainings are short.

> **The moving average of $G$.** Keep a second copy $\bar\theta$ of the generator's parameters. After each round
>
> $$\bar\theta \leftarrow d\,\bar\theta + (1 - d)\,\theta, \qquad 0 \le d < 1.$$
>
> - The copy does not play. It is used for sampling only.
> - A decay of $d = 0.99$ remembers about the last $1 / (1 - d) = 100$ rounds.
> - It helps because players circle around the goal, and the centre of a circle is nearer to the goal than the circle
>   is [Yazıcı et al. 2019].
"""


# %%
def build(config):
    """The trainer of this chapter, and the sampler of its real minibatches."""
    target = Normal(config.mean, config.sd)
    points = target.sample(5000, rng.seed(config.seed, "5,000 points")).numpy()
    layers = [standardise(points.mean(), points.std())]
    inputs_of_d = 1
    if config.features == "quadratic":
        layers.append(quadratic)  # t becomes (t, t^2)
        inputs_of_d = 2
    layers.append(mlp([inputs_of_d, 1], seed=config.seed, name="discriminator"))
    discriminator = Sequential(layers)
    generator = mlp(  # starts as G(z) = z
        [config.latent_dim, 1], seed=config.seed, name="generator", initializer=initializers.ones
    )
    average = config.average
    if average == 0.0:
        average = None  # no moving average
    trainer = GANTrainer(
        generator,
        discriminator,
        latent=latent.Normal(config.latent_dim, config.latent_sd),
        g_optimizer=Adam(config.g_learning_rate, beta_1=0.5, beta_2=0.99),
        d_optimizer=Adam(config.d_learning_rate, beta_1=0.5, beta_2=0.99),
        loss=losses.by_name(config.loss),
        average=average,
        seed=config.seed,
    )
    sampler = data.stream(target.sample, config.batch, config.seed)
    return trainer, sampler


# %% [markdown]
r"""
`mlp([2, 1])` is one layer: a weighted sum of two numbers, plus a constant. `Sequential` applies the features and then
the sum. `data.stream` makes a **sampler**: a function of a number $i$ that returns the $i$-th minibatch, always the
same one for the same $i$. So a training that was stopped can continue exactly where it stopped. `loop.fit` plays the
rounds and draws a progress bar. A **hook** is a function that `fit` calls while it trains, with the trainer and the
numbers that the trainer reported for the last round, called a *row*; `loop.every(25, look)` is a hook that calls `look`
every 25 rounds.

On the way we look at the game about 160 times, which is every 25 rounds. Each look asks $D$ about 5,000 real numbers,
5,000 generated ones and 400 places on the line. We look at the $G$ that plays, and not at its average. To compare the
games, the look computes the *non-saturating* loss of $G$ for all of them, also where $G$ is trained with another one.
"""


# %%
def measure(trainer, target, real, z, x):
    """What there is to know about the game now, by name."""
    fake = trainer.generator(z)
    a = trainer.discriminator(real)
    b = trainer.discriminator(fake)
    mean, sd = mean_and_sd(trainer.generator, trainer.latent.sd)
    generated = Normal(mean, max(sd, 1e-6))
    best_logit = target.log_density(x) - generated.log_density(x)
    share_real_right = np.mean(a > 0.0)
    share_fake_right = np.mean(b <= 0.0)
    return {
        "step": int(trainer.step),
        "mean": mean,
        "sd": sd,
        "distance": np.hypot(mean - target.mean, sd - target.sd),
        "fake": fake[:, 0],
        # The same two losses for every game, so that games can be compared.
        "d_loss": float(losses.discriminator_loss(a, b)),
        "g_loss": float(losses.non_saturating_generator_loss(b)),
        "d_real": np.mean(tf.sigmoid(a)),
        "d_fake": np.mean(tf.sigmoid(b)),
        "accuracy": 0.5 * (share_real_right + share_fake_right),
        "d": tf.sigmoid(trainer.discriminator(x))[:, 0],
        "best_d": tf.sigmoid(best_logit),
    }


def play(trainer, sampler, config):
    """Train, and look at the game about 160 times; gives by name an array of what was seen."""
    target = Normal(config.mean, config.sd)
    real = target.sample(5000, rng.seed(config.seed, "look"))
    z = trainer.latent(5000, rng.seed(config.seed, "look at z"))
    low = config.mean - 14 * config.sd  # so that G's start, N(0, 1), is on the picture
    high = config.mean + 5 * config.sd
    x = np.linspace(low, high, 400, dtype=np.float32)[:, np.newaxis]
    looks = []

    def look(*_):  # it needs neither the trainer, which is known here, nor the row
        looks.append(measure(trainer, target, real, z, x))

    look()
    rounds_between_looks = max(1, config.steps // 160)
    hook = loop.every(rounds_between_looks, look)
    loop.fit(trainer, sampler, config.steps, hooks=[hook])
    values = {}  # from a list of dictionaries to a dictionary of arrays
    for name in looks[0]:
        values[name] = np.array([one_look[name] for one_look in looks])
    values["x"] = x[:, 0]
    values["real"] = real[:, 0].numpy()
    return values


# %% [markdown]
r"""
## 3.4 Three games

We play the game with the square, and then two games without it: a linear $D$ with the non-saturating loss, and a
linear $D$ with minimax.
"""


# %%
def play_games(config):
    """The game asked for, then two with a linear D; gives what was seen of each, by its title."""
    wanted = (
        (config.features, config.loss),
        ("linear", "non-saturating"),
        ("linear", "minimax"),
    )
    games = {}
    for features, loss in wanted:
        game = dataclasses.replace(config, features=features, loss=loss)
        trainer, sampler = build(game)
        games[f"D {features}\n{loss}"] = play(trainer, sampler, game)
    return games


def show_ends(games, config):
    """Mean and sd of G's samples after the last round of each game."""
    rows = []
    for title, looks in games.items():
        end = [f"{looks[name][-1]:.3f}" for name in ("mean", "sd", "distance")]
        rows.append([title.replace("\n", ", "), *end])
    tables.show(
        ["game", "mean of G(z)", "sd of G(z)", "Wasserstein-2"],
        rows,
        caption=f"Table 3.1. The generator after {config.steps:,} rounds, not averaged; one run a "
        f"game. The data have mean {config.mean:g} and sd {config.sd:g}.",
    )


# %%
if __name__ == "__main__":
    games = play_games(config)
    first_game = next(iter(games.values()))  # all have the same looks
    last = len(first_game["step"]) - 1
    moments = (0, last // 20, last // 8, last)
    plots.show(
        line_plots.snapshots(games, moments),
        config.out / "snapshots.png",
        caption="Figure 3.1. Three games (rows) at four moments (columns): histograms of real and "
        "generated numbers, the learned D and the best D. Top: the spread is right in the end. "
        "Middle: the orange histogram narrows to a spike. Bottom: it flattens.",
        alt="Twelve panels of histograms with the curve of D drawn over them.",
    )
    plots.show(
        line_plots.path_to_the_data(games, config.mean, config.sd),
        config.out / "path.png",
        caption="Figure 3.2. Mean (left) and standard deviation (right, logarithmic) of the "
        "generated numbers in the same three games.",
        alt="Left: three curves reach 10. Right: one ends at 1, one far below, one far above.",
    )
    show_ends(games, config)

# %% [markdown]
r"""
> **Notice.**
>
> - *Figure 3.2, left: the mean arrives in all three games.*
> - *Figure 3.2, right: the standard deviation arrives only with the square.* Without it, one loss makes $G$ shrink
>   and the other makes it spread out.
> - *Figure 3.1, top row, second column: on the way $D$ is not $D^*$.* The best $D$ jumps from 1 to 0 and back around
>   $G$'s samples. The learned one is smooth, and so it has a slope for $G$ to follow.
> - *Figure 3.1, top row, second and third column: on the way the generated numbers shrink to a spike here, too.* While
>   $G$ is far away, $D$ says little more than "move right", as a linear one does, and then the spread shrinks (the
>   reason follows below). On arrival $D$ notices that the spike is too narrow, and the spread comes back (green curve
>   in Figure 3.2).
> - *Figure 3.1, last column: at the end of the first game $D$ and $D^*$ are near one half where there are samples.*
>   Far away from all samples nothing tells $D$ what to say.

**Why the spread goes wrong with a linear discriminator.** A linear $D$ gives every sample the same gradient
direction: "move right". That is enough to bring the mean of $G(z)$ to 10. It carries no information about the spread.
So what happens to the spread is decided by the *shape of the loss*.

As before, $b$ are the logits of the generated samples, and $s$ is softplus.

- The **non-saturating** loss is the mean of $s(-b)$. Softplus is convex, so by Jensen's inequality
  $\operatorname{mean} s(-b) \ge s(-\operatorname{mean} b)$, with equality when all logits are equal. So for a given mean
  of the logits, the loss is smallest when they are all equal. The logit is a line with a slope, so equal logits mean
  equal samples. $G$ shrinks.
- The **minimax** loss is the mean of $-s(b)$, which is concave. The inequality turns around, and $G$ spreads out.

Both need a slope. The *best* line is flat once the mean is right, but the players swing around that state, and $D$'s
slope is rarely exactly 0. A slope of either sign pushes the spread the same way, so the pushes do not cancel. To see
this, let the logit be $\psi x$ plus a constant. For a normal $z$, integration by parts gives
$\mathbb{E}[z\, u(z)] = \mathbb{E}[u'(z)]$ for a smooth function $u$. So the derivative of the non-saturating loss with
respect to $w$ is $-\psi\, \mathbb{E}[z\, \sigma(-b)] = \psi^2 w\, \mathbb{E}[\sigma'(b)]$: it has the sign of $w$, and
descent shrinks $|w|$. That of the minimax loss is minus as much.

With the square $D$ has something to say about the spread itself. In the first game this outweighs the shape of the
loss: a wrong spread changes $D$'s logits, and $G$ follows them.

> **Common mistake: judging the discriminator by the data alone.** "The data differ from noise by their mean, so $D$
> needs to see the mean." The question is not what tells the data from the *first* samples. It is what tells them from
> every distribution that $G$ can make on its way.

## 3.5 How to read the curves

Of real pictures nobody knows the distance of equation (3.1). What can the numbers of the two players tell? Figure 3.3
shows them for all three games, above the distance. $G$'s loss is the non-saturating one in all three panels. (The
minimax loss of the third game ends near $-\log 2$.)
"""


# %%
if __name__ == "__main__":
    plots.show(
        line_plots.curves(games),
        config.out / "curves.png",
        caption="Figure 3.3. What can be seen of the players (first and second row; G's loss is the "
        "non-saturating one in all columns) and how good the generator is (third row). Dotted: log 4 and log 2 in the first row, one half in the second.",
        alt="Three columns of curves: losses, probabilities and accuracy, distance.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *First row: the losses settle near $\log 4 = 1.386$ for $D$ and $\log 2 = 0.693$ for $G$.* These are the losses
>   when $D$ says one half to everything. They are no "low" values, and going down is not their purpose: each player's
>   loss rises when the *other* one gets better.
> - *First row: nearly the same losses in all three columns, very different generators.* The losses say that this $D$
>   cannot tell the two apart. A linear $D$ cannot tell a spike from a normal distribution.
> - *Second row, after the first 100 rounds: $D$'s accuracy is near 1 while $G$ is far away.* This is a sure sign that
>   $G$ is not good yet. An accuracy near one half is no sign that it is.
> - *Second row, second and third column: the accuracy of a linear $D$ jumps up and down.* A nearly flat $D$ calls
>   most generated numbers real in one round and fake in another, although its probabilities stay close to one half.
> - *Third row: only the distance shows which game went wrong.* It is measured outside of the game, by a formula that
>   neither player has.

Two rules follow. Watch the curves for *trouble*: a loss that runs away or, on data as simple as these, a $D$ that stays
at accuracy 1. (On images $D$ may stay ahead in a normal training; section 9.4.) To judge *quality*, use a measure from
outside. For images, chapters 7 and 11 build such measures.

> **Common mistake: keeping the round in which the average of $D$ is nearest one half.** Chapter 1 shows that the best
> $D$ averages one half for *every* generator. A $D$ that is always right does so as well: $(1 + 0) / 2$. Table 3.2
> applies the rule to the three games, and to a fourth that is played in haste, for 20 rounds, with settings that make
> it go wrong: $x$ is not standardised, $z$ has standard deviation 10, the learning rate is 0.5, $\beta_2$ is 0.8, and the
> players move simultaneously.
"""


# %%
def nearest_one_half(looks):
    """Which look has an average of D nearest one half; the start does not count."""
    average = 0.5 * (looks["d_real"] + looks["d_fake"])
    from_half = np.abs(average - 0.5)
    return 1 + int(np.argmin(from_half[1:]))


def play_in_haste(config, rounds=20):
    """A linear D on x as it is, z of sd 10, large learning rates, 20 rounds on 5,000 numbers."""
    trainer = GANTrainer(
        mlp([1, 1], seed=config.seed, name="generator"),
        mlp([1, 1], seed=config.seed, name="discriminator"),
        latent=latent.Normal(1, 10.0),
        update="simultaneous",
        seed=config.seed,
        mode="graph",
        g_optimizer=Adam(0.5, beta_1=0.5, beta_2=0.8),
        d_optimizer=Adam(0.5, beta_1=0.5, beta_2=0.8),
    )
    points = Normal(config.mean, config.sd).sample(5000, rng.seed(config.seed, "5,000 points"))

    def all_points(index):
        return points  # the same minibatch each time

    return play(trainer, all_points, dataclasses.replace(config, steps=rounds))


def judge_rule(games):
    """What the rule keeps of each game; gives the number of the look that it keeps, by title."""
    found = {}
    rows = []
    for title, looks in games.items():
        kept = nearest_one_half(looks)
        average = 0.5 * (looks["d_real"][kept] + looks["d_fake"][kept])
        values = [f"{average:.4f}", f"{looks['accuracy'][kept]:.3f}"]
        generator = f"{looks['mean'][kept]:.2f}, {looks['sd'][kept]:.2f}"
        rows.append([title.replace("\n", ", "), looks["step"][kept], *values, generator])
        found[title] = kept
    tables.show(
        ["game", "round kept", "average of D", "accuracy", "mean, sd of G(z)"],
        rows,
        caption="Table 3.2. The round in which D averages nearest one half, and the generator of "
        "that round; one run a game.",
    )
    return found


# %%
if __name__ == "__main__":
    kept = judge_rule({**games, "in haste": play_in_haste(config)})

# %% [markdown]
r"""
> **Notice.** *All four generators have an average of $D$ close to one half, and only the first is any good.* In the
> last row $D$ is right on *every* sample.

## 3.6 Is it so for every seed?

One run proves little. The next cell trains the first game with several seeds, and scores both generators of each run:
the one that played, and its moving average.
"""


# %%
def judge_seeds(config):
    """W2 of the G that plays and of its average, for each seed; gives an array [seeds, 2]."""
    found = []
    rows = []
    for seed in range(config.seed, config.seed + config.seeds):
        trainer, sampler = build(dataclasses.replace(config, seed=seed))
        loop.fit(trainer, sampler, config.steps)
        playing = trainer.generator
        averaged = playing
        if trainer.average is not None:
            averaged = trainer.average.model
        distances = []
        row = [str(seed)]
        for generator in (playing, averaged):
            mean, sd = mean_and_sd(generator, config.latent_sd)
            distance = np.hypot(mean - config.mean, sd - config.sd)
            distances.append(distance)
            row.append(f"{mean:.3f}, {sd:.3f}")
            row.append(f"{distance:.4f}")
        found.append(distances)
        rows.append(row)
    found = np.array(found)
    means = found.mean(axis=0)
    rows.append(["mean", "", f"{means[0]:.4f}", "", f"{means[1]:.4f}"])
    if config.seeds > 1:
        errors = found.std(axis=0, ddof=1) / np.sqrt(config.seeds)
        rows.append(["standard error", "", f"{errors[0]:.4f}", "", f"{errors[1]:.4f}"])
    tables.show(
        ["seed", "G that plays: mean, sd", "W2", "average of G: mean, sd", "W2"],
        rows,
        caption=f"Table 3.3. The game of {config.features} features and the {config.loss} loss after "
        f"{config.steps:,} rounds, with {config.seeds} seeds.",
    )
    return found


# %%
if __name__ == "__main__":
    distances = judge_seeds(config)

# %% [markdown]
r"""
> **Notice.**
>
> - *Every seed arrives.* With the square the spread is neither lost nor blown up, in any of the five runs.
> - *The average of $G$ is ten times nearer to the data than the $G$ that plays.* Its mean distance is 0.008, against
>   0.086 with a standard error of 0.020. It costs one argument, `average=0.99`, and the game does not notice it.

## Summary

- $G$ learns only what $D$ can see. A $D$ whose logit is a straight line brings the mean to the data and says nothing
  about the spread.
- What $D$ cannot see is decided by the shape of the loss: by Jensen's inequality the non-saturating $G$ shrinks, and
  the minimax $G$ spreads out.
- Adam rescales the step of each parameter by itself, and does not change when the loss is multiplied by a constant.
- The moving average of $G$ is nearer to the goal than the $G$ that plays, which circles around it.
- Losses near $\log 4$ and $\log 2$ mean that *this* $D$ cannot tell; they do not mean that $G$ is good. Quality is
  measured outside of the game.

## Exercises

1. ★ Write the best logit of equation (3.2) as $c_0 + c_1 x + c_2 x^2$. For which $G$ is a straight line enough? Check
   your formula against the densities.
2. ★ Show that Adam's *first* update moves every parameter by $h$ (for $\epsilon = 0$), however large or small its
   gradient is, if it is not 0. What does that mean for a parameter whose gradient is nothing but noise?
3. ★ A parameter circles: $\theta_t = r e^{i\omega t}$, in complex numbers. Show that the moving average then circles
   with the radius $r (1 - d) / |1 - d\,e^{-i\omega}|$. How large is that for $r = 1$, $\omega = 0.1$ and $d = 0.99$?
4. ★★ Let $D$'s logit be $\psi x$, and $G(z) = \mu + wz$ with $\mu = 0$ and $w = 1$. Which way does each of $G$'s two
   losses push $w$? Ask TensorFlow, for several $\psi$.
5. ★★ Some programs draw $z$ with standard deviation 10 for this task. Since $G$ can scale $z$ itself, it can make the
   same distributions either way. What does the larger $z$ help with? Think of where $G(z)$ starts for a random $w$, and
   of how far one step of Adam moves the spread.
6. ★★★ Build a $D$ that has to discover the square by itself: a network with hidden layers on the standardised $x$.
   Does $G$ arrive?

## Further reading

- [Kingma and Ba 2015] introduces Adam; Algorithm 1 there is the box of section 3.3.
- [Radford et al. 2016] made GANs on images work, with $\beta_1 = 0.5$ among its recipes.
- [Yazıcı et al. 2019] measures what averaging $G$ gains, and explains it by the circling of chapter 2.
- [Arora et al. 2017] shows in general that a limited $D$ cannot tell apart distributions that are far from each
  other.
"""
