# %% [markdown]
r"""
# 3. One Gaussian: a discriminator teaches no more than it can see

| | |
|---|---|
| **You need** | chapter 1 (the best $D$ and its logit), gradient descent; chapter 2 helps |
| **You get** | a first GAN that arrives: $N(0, 1)$ becomes $N(10, 1)$; and what lets it go astray |
| **New in gan_core** | `loop.fit`, `dense`, `optimizers.Adam`, `averaging`, `data.stream`, `sequential` |
| **Run it** | `python -m toy.ch03_one_gaussian`, or with `--loss hinge`, `--seeds 20`; `--help` lists the flags |
| **Time** | about 25 s on two CPU cores, nearly all of it compiling; each further seed about 5 s |

The data are numbers from $N(10, 1)$, the noise $z$ is from $N(0, 1)$, and the generator is one weighted sum,
$G(z) = \mu + wz$. So its samples are $N(\mu, w^2)$ *exactly*, we need no histogram to know how good it is, and
success is easy to state: $\mu = 10$ and $|w| = 1$. The distance still to go has a closed form, the Wasserstein-2
distance of two normals, $\sqrt{(\mu - 10)^2 + (|w| - 1)^2}$. Training sees nothing of all this.

**Where the lab that this book replaces went wrong** (by numbers, below): its $D$ cannot see the spread (section 2);
its rule for the best model keeps failures, and its "accuracy" is no accuracy (section 3); it calls $Z + 10$
"$N(10, 1)$" where its $Z$ has sd 2, so that the two sds, "almost identical", are 1.997 and 1.018; it then trains
with a $z$ of sd 10 (exercise 1); its `if i % 1000: print(...)` speaks at 1,998 of 2,000 steps, not at 2 of them
(here: `loop.every(1000, function)`).
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from gan_core import checks, data, latent, losses, rng
from gan_core.app import command_line
from gan_core.nn import initializers
from gan_core.nn.mlp import mlp, standardise
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import Adam
from gan_core.runs import loop
from gan_core.trainer import GANTrainer
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
    """what D sees of t, the standardised x: linear (t) or quadratic (t and t^2)"""
    loss: str = "non-saturating"
    """minimax, non-saturating, least-squares, hinge, wasserstein or relativistic"""
    steps: int = 4000
    """rounds of training, each a step of D, then one of G; from 1 to 1,000,000"""
    batch: int = 256
    """samples in a batch, real and generated each, from 1 to 100,000"""
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
    seeds: int = 1
    """how many seeds the table of section 4 has, counted from `seed`; from 1 to 1,000"""
    out: Path = Path("runs/ch03")
    """folder for the figures"""

    def __post_init__(self):
        losses.by_name(self.loss)
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
## 1. Two players, small enough to see through

$D$'s logit is a weighted sum too, of *features* of $x$. First $x$ is standardised, as one does with any data, to
$t = (x - \text{mean}) / \text{sd}$, by the mean and sd of 5,000 of them. (Only $D$ has that help. $G$ starts as
$G(z) = z$ and must find the way to 10.) Then $D$ sees $t$ alone, which is what the lab's can see, or $t$ and $t^2$.
"""


# %%
def build(config):
    """The trainer of this chapter, and the sampler of its real batches."""
    target = Normal(config.mean, config.sd)
    points = target.sample(5000, rng.seed(config.seed, "5,000 points")).numpy()
    features = [standardise(points.mean(), points.std())]
    inputs_of_d = 1
    if config.features == "quadratic":
        features.append(quadratic)
        inputs_of_d = 2
    affine = mlp([inputs_of_d, 1], seed=config.seed, name="discriminator")
    discriminator = Sequential([*features, affine])
    generator = mlp(
        [config.latent_dim, 1], seed=config.seed, name="generator", initializer=initializers.ones
    )
    trainer = GANTrainer(
        generator,
        discriminator,
        latent=latent.Normal(config.latent_dim, config.latent_sd),
        g_optimizer=Adam(config.g_learning_rate, beta_1=0.5, beta_2=0.99),
        d_optimizer=Adam(config.d_learning_rate, beta_1=0.5, beta_2=0.99),
        loss=losses.by_name(config.loss),
        average=config.average or None,
        seed=config.seed,
    )
    return trainer, data.stream(target.sample, config.batch, config.seed)


def mean_and_sd(generator, latent_sd):
    """G(z) = mu + w.z with z ~ N(0, latent_sd^2 I) is N(mu, (latent_sd |w|)^2).

    -> mu and latent_sd |w|, exact, from the weights.
    """
    affine = generator.layers[0]
    mean = float(affine.bias[0])
    sd = float(latent_sd * tf.norm(affine.kernel))
    return mean, sd


def play(trainer, sampler, config):
    """Train, and look about 160 times on the way at D and at the G that plays (not at its average).

    -> name -> its value at every look.
    """
    target = Normal(config.mean, config.sd)
    low = config.mean - 14 * config.sd
    high = config.mean + 5 * config.sd
    x = np.linspace(low, high, 400, dtype=np.float32)[:, np.newaxis]
    real = target.sample(5000, rng.seed(config.seed, "look"))
    z = trainer.latent(5000, rng.seed(config.seed, "look at z"))
    looks = []

    def look(*_):
        fake = trainer.generator(z)
        a = trainer.discriminator(real)
        b = trainer.discriminator(fake)
        mean, sd = mean_and_sd(trainer.generator, trainer.latent.sd)
        generated = Normal(mean, max(sd, 1e-6))
        best_logit = target.log_density(x) - generated.log_density(x)
        looks.append(
            {
                "step": int(trainer.step),
                "mean": mean,
                "sd": sd,
                "distance": np.hypot(mean - config.mean, sd - config.sd),
                "fake": fake[:, 0],
                "d_real": np.mean(tf.sigmoid(a)),
                "d_fake": np.mean(tf.sigmoid(b)),
                "accuracy": 0.5 * (np.mean(a > 0.0) + np.mean(b <= 0.0)),
                "d": tf.sigmoid(trainer.discriminator(x))[:, 0],
                "best_d": tf.sigmoid(best_logit),
            }
        )

    look()
    hook = loop.every(max(1, config.steps // 160), look)
    loop.fit(trainer, sampler, config.steps, hooks=[hook])
    over_looks = {name: np.array([one[name] for one in looks]) for name in looks[0]}
    over_looks["x"] = x[:, 0]
    over_looks["real"] = real[:, 0].numpy()
    return over_looks


# %% [markdown]
r"""
## 2. What D must be able to see

Against $G$'s $N(\mu, w^2)$ the best logit is (chapter 1: $\log p - \log q$)

$$a^*(x) = \frac{(x - \mu)^2}{2 w^2} - \frac{(x - 10)^2}{2} + \log |w|,$$

a parabola. $t$ and $t^2$ can draw it; $t$ alone cannot, unless $|w| = 1$. When $\mu = 10$ the parabola is symmetric
around 10, and the best *straight* line is flat: the linear $D$ says ½ to everything, whatever $w$ is. Let us see.
"""


# %%
def play_games(config):
    """The game asked for, then D linear under two losses. Draws their moments and their path.

    -> title -> looks.
    """
    from toy.figures import line_plots  # here: importing the chapter loads no plotting library

    wanted = (
        (config.features, config.loss),
        ("linear", "non-saturating"),
        ("linear", "minimax"),
    )
    games = {}
    for features, loss in wanted:
        title = f"D {features}\n{loss}"
        if title not in games:
            one = dataclasses.replace(config, features=features, loss=loss)
            trainer, sampler = build(one)
            games[title] = play(trainer, sampler, one)
        looks = games[title]
        print(
            f"D {features}, {loss}: after {config.steps} rounds G, not averaged, makes "
            f"N({looks['mean'][-1]:.3f}, {looks['sd'][-1]:.3f}²); "
            f"the data are N({config.mean:g}, {config.sd:g}²)"
        )
    last = len(looks["step"]) - 1
    moments = (0, last // 20, last // 8, last)
    line_plots.snapshots(config.out / "snapshots.png", games, moments)
    line_plots.path_to_the_data(config.out / "path.png", games, config.mean, config.sd)
    return games


# %%
if __name__ == "__main__":
    games = play_games(config)

# %% [markdown]
r"""
*Notice.* The linear $D$ is a signpost (samples too small: go right), so the mean arrives. But it says not a word about
the spread, and what becomes of that hangs on how the loss is *curved*. The mean softplus $s(-b)$ of the fakes' logits
is convex in $b$, and smallest, for one mean of $b$, with all samples at one place: the non-saturating $G$ shrinks, here
to an sd of .07 (the lab ends at .06 to .10). Minimax's mean of $-s(b)$ is concave, so its $G$ spreads out, here to 35
(exercise 3). $t^2$ cures both: the sd is lost on the way, too, but found again on arrival. On the way $D$ is not $D^*$,
which jumps from 1 to 0 and back around $G$'s samples, and has no slope to walk along. In the end both are near ½ where
samples are; elsewhere nobody tells $D$ what to say.

## 3. "D averages one half" is no reason to stop

The lab looks at $\frac12[\text{mean } D(x) + \text{mean } D(G(z))]$, calls it the accuracy, and keeps the epoch in
which it is nearest ½. Chapter 1: for the *best* $D$ it is ½ whatever $G$ does; and so it is for a $D$ that is
always right, $(1 + 0)/2$. Here is that rule on the runs above, and on one with the lab's own settings.
"""


# %%
def lab_rule(looks):
    """Which look the lab would keep: the one whose average of D is nearest one half.

    The first look, before any round, is not among those it chooses from.
    """
    average = 0.5 * (looks["d_real"] + looks["d_fake"])
    from_half = np.abs(average - 0.5)
    return 1 + int(np.argmin(from_half[1:]))


def lab_run(config, rounds: int = 20):
    """The lab's toy: D linear in x as it is, z of sd 10, 20 rounds with the same 5,000 points,
    fast Adam, both players moving at once. (Its D ends in a sigmoid; ours in a logit, which is the
    same game.)

    -> looks, one a round.
    """
    generator = mlp([1, 1], seed=config.seed, name="generator")
    discriminator = mlp([1, 1], seed=config.seed, name="discriminator")
    trainer = GANTrainer(
        generator,
        discriminator,
        latent=latent.Normal(1, 10.0),
        update="simultaneous",
        seed=config.seed,
        mode="graph",
        g_optimizer=Adam(0.5, beta_1=0.5, beta_2=0.8),
        d_optimizer=Adam(0.5, beta_1=0.5, beta_2=0.8),
    )
    points = Normal(config.mean, config.sd).sample(5000, rng.seed(config.seed, "5,000 points"))
    return play(trainer, lambda index: points, dataclasses.replace(config, steps=rounds))


def judge_rule(config, games):
    """What the lab's rule keeps of each game, and of the lab's own. -> title -> (looks, kept)."""
    from toy.figures import line_plots

    all_games = {**games, "the lab's\nown settings": lab_run(config)}
    runs = {title: (looks, lab_rule(looks)) for title, looks in all_games.items()}
    for title, (looks, kept) in runs.items():
        name = title.replace("\n", " ")
        average = 0.5 * (looks["d_real"][kept] + looks["d_fake"][kept])
        print(
            f"{name}: kept is round {looks['step'][kept]}, D averages {average:.4f}, its accuracy "
            f"is {looks['accuracy'][kept]:.3f}, "
            f"G makes N({looks['mean'][kept]:.2f}, {looks['sd'][kept]:.2f}²)"
        )
    line_plots.one_half(config.out / "one_half.png", runs)
    return runs


# %%
if __name__ == "__main__":
    judge_rule(config, games)

# %% [markdown]
r"""
*Notice.* All four keep a model for which $D$ averages ½. One $G$ is nearly right; one has a hundredth of the data's
sd, one 27 times it; and the lab's has not even arrived: there $D$ is right on *every* sample, and averages ½ for that
very reason. True accuracy, $\frac12[P(a > 0) + P(b \le 0)]$, gives that one away (1.000), but jumps about in both
others with a linear $D$: no player knows what it cannot see. The distance (lower row) is measured outside of the game.

## 4. Is it so for every seed?

`--seeds 20` makes a row of each. The last digits come from the moving average of $G$: batches of 256 push the
players around the goal, and the middle of a circle is nearer to it than its rim. Over 20 seeds all 20 end within .05,
with root mean square errors of .0065 (mean) and .0087 (sd). Without the average (`--average 0`) 5 do: .087 and .056.

The lab's settings with the lab's rule, over the same seeds: the kept mean is off by 5.2 in the median, and by more
than one sd in 19 of 20. (In round 20, the last, it is off by 1.5: the rule is worse than none.)
"""


# %%
def judge_seeds(config):
    """A row a seed: the averaged G, exactly, with the seconds; the lab's choice, with D's gap.

    -> [seeds, 6]: mean, sd, off by; the lab's mean, sd, D(x) - D(G(z)).
    """
    table = Table("seed", "mean", "sd", "off by", "s", "lab: round", "mean", "sd", "gap of D")
    rows = []
    for seed in range(config.seed, config.seed + config.seeds):
        one = dataclasses.replace(config, seed=seed)
        start = time.perf_counter()
        trainer, sampler = build(one)
        loop.fit(trainer, sampler, one.steps)
        generator = trainer.average.model if trainer.average else trainer.generator
        mean, sd = mean_and_sd(generator, one.latent_sd)
        seconds = time.perf_counter() - start
        off = max(abs(mean - one.mean), abs(sd - one.sd))

        looks = lab_run(one)
        kept = lab_rule(looks)
        gap = looks["d_real"][kept] - looks["d_fake"][kept]
        row = [mean, sd, off, looks["mean"][kept], looks["sd"][kept], gap]
        rows.append(row)
        cells = [f"{value:.3f}" for value in row]
        table.add_row(str(seed), *cells[:3], f"{seconds:.1f}", str(looks["step"][kept]), *cells[3:])
    Console().print(table)
    _print_errors(np.array(rows), config)
    return np.array(rows)


def _print_errors(rows, config):
    """How far the means and sds of all seeds are from the data's."""
    mean, sd, off, lab_mean, _, _ = rows.T
    mean_error = np.mean((mean - config.mean) ** 2) ** 0.5
    sd_error = np.mean((sd - config.sd) ** 2) ** 0.5
    within = np.count_nonzero(off <= 0.05)
    lab_off = np.abs(lab_mean - config.mean)
    lab_far = np.count_nonzero(lab_off > config.sd)
    print(
        f"{within} of {len(rows)} within .05; "
        f"root mean square errors {mean_error:.4f} and {sd_error:.4f}\n"
        f"the lab's: its mean is off by {np.median(lab_off):.2f} in the median, "
        f"and by more than an sd in {lab_far} of {len(rows)}"
    )


# %%
if __name__ == "__main__":
    judge_seeds(config)

# %% [markdown]
r"""
## Exercises

1. The lab's $z$ has sd 2 in its text and 10 in its training, "found to be better". $G$ can scale $z$ itself, so no
   distribution is gained. What is? (Where does $G(z)$ start? How far does one step of Adam move its sd?)
2. Write $a^*$ as $c_0 + c_1 x + c_2 x^2$. Check it against the densities. For which $G$ is a straight line enough?
3. Let $D$'s logit be $\psi x$, and $G(z) = \mu + wz$. Which way does each of $G$'s losses push $w$? Ask TensorFlow.
"""


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_1():
    """A start that reaches the data, and bigger steps. With w ~ N(0, 1) the share of wz within 2 of
    10 is 0.004 % for a z of sd 1, 5.4 % for 10; and Adam's first step moves w by the learning rate,
    so the sd by sd(z) times that. A wider start and a larger rate for w would do the same.

    -> (share, change of the sd) for sd 1 and 10."""
    w = rng.normal([100_000], rng.seed(0, "w"))
    z = rng.normal([100_000], rng.seed(0, "z"))
    found = []
    for latent_sd in (1.0, 10.0):
        share = np.mean(np.abs(w * latent_sd * z - 10.0) < 2.0)
        kernel = tf.Variable(1.0)
        any_gradient = tf.constant(-3.0)  # its size does not matter in Adam's first step
        Adam(0.5).bind([kernel]).apply([any_gradient])
        change = latent_sd * abs(float(kernel) - 1.0)
        found.append((float(share), change))
    return found


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_2(mean: float = 7.0, sd: float = 2.0):
    """c2 = 1/(2 w^2) - 1/2, c1 = 10 - mu/w^2, c0 = mu^2/(2 w^2) - 50 + log |w|: straight if and only
    if |w| = 1.

    -> the parabola and log p - log q, at 50 places."""
    x = np.linspace(0.0, 20.0, 50, dtype=np.float32)
    c0 = mean**2 / (2 * sd**2) - 50.0 + np.log(sd)
    c1 = 10.0 - mean / sd**2
    c2 = 0.5 / sd**2 - 0.5
    parabola = c0 + c1 * x + c2 * x**2
    column = x[:, np.newaxis]
    best = Normal(10.0, 1.0).log_density(column) - Normal(mean, sd).log_density(column)
    return parabola, best.numpy()


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_3():
    """d loss / dw at mu = 0, w = 1. Non-saturating: positive, so descent shrinks w. Minimax: negative,
    w grows. Both vanish with psi: a flat D says nothing.

    -> {loss: gradients for psi = -1, -0.1, 0, 0.1, 1}"""
    z = rng.normal([10_000, 1], rng.seed(0, "z"))
    found = {}
    for name in ("non-saturating", "minimax"):
        w = tf.Variable(1.0)
        gradients = []
        for psi in (-1.0, -0.1, 0.0, 0.1, 1.0):
            with tf.GradientTape() as tape:
                loss = losses.by_name(name).generator(None, psi * w * z)
            gradients.append(float(tape.gradient(loss, w)))
        found[name] = gradients
    return found
