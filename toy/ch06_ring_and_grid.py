# %% [markdown]
r"""
# 6. Ring and grid: a generator that drops modes, and a recipe against it

After this chapter you can see, measure and prevent mode collapse, and say which ingredient of a recipe does what.

## The question

Real data come in islands: there are faces with dark hair and faces with blond hair, and few in between. A GAN may
learn some of the islands, make perfect samples there, and never make anything else. This is **mode collapse**. A loss
does not show it, and a sheet of good samples does not show it either. How do we notice it, and what helps?

We need data whose islands can be counted. Two targets in the plane are common [Lin et al. 2018]: the **ring**, 8
normals of standard deviation 0.01 on a circle of radius 1, and the **grid**, 25 normals of standard deviation 0.05 at
$\{-4, -2, 0, 2, 4\}^2$. This chapter trains on the grid, first a plain GAN, then with one or two ingredients more in
each section.

| | |
|---|---|
| **You need** | chapter 2 (R1), chapter 3 (the moving average), chapter 4 (why a continuous $G$ fills gaps) |
| **You will learn** | four numbers that measure coverage; what penalties, a relativistic loss, falling rates, an average, noise and coin flips each do; what PacGAN does; how to read an ablation table |
| **New in gan_core** | `augment.instance_noise`, `latent.NormalAndBits`, penalties with a schedule |
| **Run it** | `python -m toy.ch06_ring_and_grid`, or with `--target ring`; `--seeds 10` adds the table over ten seeds (one to two hours) |
| **Time** | about three and a half minutes of processor time on two CPU cores |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # housekeeping: a quick --help, and a start without TensorFlow's messages

import dataclasses
import time
from pathlib import Path

import tensorflow as tf

from gan_core import augment, checks, losses, penalties, rng
from gan_core.app import command_line, plots, tables
from gan_core.data import stream
from gan_core.latent import NormalAndBits
from gan_core.nn.initializers import he_normal
from gan_core.nn.mlp import mlp, standardise, unstandardise
from gan_core.nn.sequential import Sequential
from gan_core.optim import schedules
from gan_core.optim.optimizers import Adam
from gan_core.runs.loop import every, fit
from gan_core.trainer import GANTrainer
from toy.figures import plane_plots, scrubber
from toy.measures import coverage, coverage_table, published, ten_seeds
from toy.targets import by_name

SAMPLES = 2_500


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides a run. The defaults are the full recipe."""

    target: str = "grid"
    """ring, grid, ring-of-12, grid-4x4, two-moons, swiss-roll, checkerboard, unequal-ring or -grid"""
    steps: int = 10_000
    """rounds, each a step of D, then one of G; from 1 to 1,000,000"""
    batch: int = 128
    """samples in a batch, real and generated each, from 1 to 100,000"""
    loss: str = "relativistic"
    """minimax, non-saturating, least-squares, hinge, wasserstein or relativistic"""
    latent_dim: int = 2
    """normal numbers in z, from 1 to 1,000"""
    bits: int = 12
    """coin flips of -1 or 1 that z has besides, from 0 to 1,000; 0: none"""
    width: int = 128
    """units of each of the 3 hidden layers, in G and in D, from 1 to 4,096"""
    learning_rate: float = 1e-3
    """of both networks for the first fifth of the run, above 0 and at most 1; then it falls to 0"""
    gamma: float = 0.03
    """weight of R1 and R2 at the start, for data of sd 1, from 0 to 1,000; 0: no penalty"""
    gamma_end: float = 1e-4
    """weight of R1 and R2 from four fifths of the run on, above 0 and at most 1,000"""
    noise: float = 0.5
    """sd of the noise that D sees at the start, in sds of the data, from 0 to 100; 0: no noise"""
    noise_end: float = 0.01
    """sd of the noise just before half of the run, where it ends, above 0 and at most 100"""
    average: float = 0.995
    """decay of the moving average of G that is sampled, from 0 to below 1; 0: no average"""
    decay: bool = True
    """whether the learning rate falls"""
    seed: int = 0
    """seed of weights, data, z and noise, from 0 to 2^32"""
    seeds: int = 1
    """seeds of the last table, 1 to 1,000; above 1: every recipe on both targets (10: 1 to 2 hours)"""
    mode: str = "xla"
    """how rounds are executed: xla (compiled; fast), graph, or eager (slow; for a debugger)"""
    out: Path = Path("runs/ch06")
    """folder for the figures and the table's runs"""

    def __post_init__(self):
        owner = "Config"
        checks.one_of(owner, "target", self.target, by_name.BY_NAME)
        checks.one_of(owner, "loss", self.loss, losses.LOSSES)
        checks.one_of(owner, "mode", self.mode, ["xla", "graph", "eager"])
        for name, least, most in (
            ("steps", 1, 10**6),
            ("batch", 1, 10**5),
            ("latent_dim", 1, 1000),
            ("bits", 0, 1000),
            ("width", 1, 4096),
            ("seed", 0, 2**32),
            ("seeds", 1, 1000),
        ):
            checks.integer(owner, name, getattr(self, name), least, most)
        checks.number(owner, "gamma", self.gamma, 0.0, 1000.0)
        checks.number(owner, "gamma_end", self.gamma_end, above=0.0, high=1000.0)
        checks.number(owner, "noise", self.noise, 0.0, 100.0)
        checks.number(owner, "noise_end", self.noise_end, above=0.0, high=100.0)
        checks.number(owner, "learning_rate", self.learning_rate, above=0.0, high=1.0)
        checks.number(owner, "average", self.average, 0.0, below=1.0)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config,
        "Chapter 6, ring and grid: mode collapse, and a recipe against it.",
        "python -m toy.ch06_ring_and_grid",
    )

# %% [markdown]
r"""
## 6.1 Mode collapse, seen

$G$ and $D$ are multilayer perceptrons with three hidden layers of 128 units. $D$ takes and $G$ gives points in the
data's units. Inside, both work with numbers of mean 0 and sd 1: $D$ begins with (x − mean) / scale, and $G$ ends with
the reverse. Mean and scale, measured on a sample, are the only things about the target that the networks are told.
"""


# %%
def networks(config, mean, scale):
    """G turns z [B, latent_dim + bits] into points [B, 2], D turns points into logits [B, 1]."""
    hidden = [config.width] * 3
    inputs_of_g = config.latent_dim + config.bits
    g_layers = mlp([inputs_of_g, *hidden, 2], seed=config.seed, name="G", initializer=he_normal)
    d_layers = mlp([2, *hidden, 1], seed=config.seed, name="D", initializer=he_normal)
    generator = Sequential([g_layers, unstandardise(mean, scale)], name="generator")
    discriminator = Sequential([standardise(mean, scale), d_layers], name="discriminator")
    return generator, discriminator


def mean_and_scale(distribution, seed):
    """The mean [2] of 10,000 samples, and one sd for both coordinates."""
    known = distribution.sample(10_000, rng.seed(seed, "scale"))
    mean = tf.reduce_mean(known, axis=0)
    variances = tf.math.reduce_variance(known, axis=0)
    return mean, float(tf.sqrt(tf.reduce_mean(variances)))


# %% [markdown]
r"""
One function trains every recipe of this chapter. Each of its optional parts, the penalty, the noise, the average and
the falling learning rate, is explained in the section that switches it on. The defaults in `Config` were found by
trying, not by theory. On a first reading, skip `falling_penalties` and `fading_noise`; sections 6.3 and 6.6 come back
to them.
"""


# %%
def train(distribution, config: Config, hooks=()) -> GANTrainer:
    """Fit a distribution of the plane; gives the trainer, whose samples have the data's units."""
    mean, scale = mean_and_scale(distribution, config.seed)
    generator, discriminator = networks(config, mean, scale)
    rate = learning_rate(config)
    trainer = GANTrainer(
        generator,
        discriminator,
        loss=losses.by_name(config.loss),
        seed=config.seed,
        latent=NormalAndBits(config.latent_dim, config.bits),
        g_optimizer=Adam(rate, beta_1=0.0, beta_2=0.999),
        d_optimizer=Adam(rate, beta_1=0.0, beta_2=0.999),
        penalty=falling_penalties(config, scale),
        augment=fading_noise(config, scale),
        average=config.average or None,  # None: no average
        mode=config.mode,
    )
    sampler = stream(distribution.sample, config.batch, config.seed)
    fit(trainer, sampler, config.steps, log_every=config.steps, hooks=hooks)
    return trainer


def learning_rate(config):
    """Constant for a fifth of the run, then half a cosine down to 0; constant without `decay`."""
    if not config.decay:
        return config.learning_rate
    return schedules.cosine_decay(config.learning_rate, config.steps, start=config.steps // 5)


def falling_penalties(config, scale):
    """R1 and R2, whose weight falls by the same factor each round.

    If the data are `scale` times as wide, D's gradient is 1 / scale times as large, and R1, a square,
    1 / scale^2 times. So the weight that suits data of sd 1 is multiplied by scale^2.
    """
    if config.gamma == 0.0:
        return None
    end = max(1, config.steps * 4 // 5)
    first = config.gamma * scale**2
    last = config.gamma_end * scale**2
    gamma = schedules.geometric_decay(first, end, final=last)
    return [penalties.r1(gamma), penalties.r2(gamma)]


def fading_noise(config, scale):
    """Instance noise that falls by the same factor each round, and ends at half of the run."""
    if config.noise == 0.0:
        return None
    end = max(1, config.steps // 2)
    falling = schedules.geometric_decay(config.noise * scale, end, final=config.noise_end * scale)

    def noise_sd(step):
        return tf.where(step < end, falling(step), 0.0)

    return augment.instance_noise(noise_sd)


# %% [markdown]
r"""
`watch` counts, about forty times in a run, which modes 2,500 samples of $G$ hit. A sample **hits** a mode if its
distance from the mode's centre is at most three times the standard deviation of that mode. `train_and_tell` prints the
last count, and below it a distance from the target, which also serves targets that have no modes to count. (Section 7.6
explains this sliced Wasserstein distance.)
"""


# %%
def watch(distribution, config, times: int = 40, at_each_look=None):
    """Train, and look about `times` times at 2,500 samples.

    Gives the trainer, and a list of looks: (round, samples, their Coverage), with None for the
    Coverage of a target without modes. `at_each_look(trainer)`, if given, is called at each look.
    """
    looks = []

    def look(trainer, row):
        samples = trainer.sample(SAMPLES)
        looks.append((int(row["step"]), samples, coverage.of(samples, distribution)))
        if at_each_look is not None:
            at_each_look(trainer)

    hook = every(max(1, config.steps // times), look)
    trainer = train(distribution, config, hooks=[hook])
    return trainer, looks


def train_and_tell(title, config, at_each_look=None):
    """`watch` on the config's target, and lines about the last look; gives what `watch` gives."""
    distribution = by_name.BY_NAME[config.target]()
    start = time.perf_counter()
    trainer, looks = watch(distribution, config, at_each_look=at_each_look)
    seconds = time.perf_counter() - start
    print(f"{config.target}, {title}: {config.steps:,} rounds in {seconds:.0f} s")
    _, samples, counts = looks[-1]
    if counts is not None:
        print(f"  {counts}")
    print(f"  {by_name.distance(samples, distribution)}")
    return trainer, looks


# %% [markdown]
r"""
The full recipe is the default configuration. With everything off, a *plain GAN* is left: the non-saturating loss and
Adam. `recipes_of` makes a configuration for each row of the tables below. The first is the plain GAN, and each further
one keeps what came before and adds an ingredient.
"""

# %%
OFF = {
    "loss": "non-saturating",
    "gamma": 0.0,
    "average": 0.0,
    "decay": False,
    "noise": 0.0,
    "bits": 0,
}
INGREDIENTS = (
    ("+ R1 and R2", ["gamma"]),
    ("+ relativistic loss", ["loss"]),
    ("+ falling rates, average", ["decay", "average"]),
    ("+ fading noise", ["noise"]),
    ("+ coin flips (full)", ["bits"]),
)


def recipes_of(config: Config) -> dict[str, Config]:
    """Gives a dictionary: the name of each recipe, and its configuration."""
    still_off = dict(OFF)
    recipes = {"plain GAN": dataclasses.replace(config, **still_off)}
    for name, fields in INGREDIENTS:
        for field in fields:
            del still_off[field]  # what is no longer in still_off keeps the config's value
        recipes[name] = dataclasses.replace(config, **still_off)
    return recipes


# %%
if __name__ == "__main__":
    recipes = recipes_of(config)
    target = by_name.BY_NAME[config.target]()
    real = target.sample(SAMPLES, rng.seed(config.seed, "shown")).numpy()
    runs = {"plain GAN": train_and_tell("plain GAN", recipes["plain GAN"])}

# %%
if __name__ == "__main__":
    plots.show(
        plane_plots.over_time(runs, real),
        config.out / "plain_over_time.png",
        caption=f"Figure 6.1. The plain GAN on the {config.target}: real (blue) and generated "
        "(orange) samples at four moments, and on the right how many modes are hit "
        "(solid) and the share of samples that hit one (dashed).",
        alt="Generated samples form threads between the modes and leave some modes out at "
        "every moment; the count of modes goes up and down and does not settle at 25.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - Threads of samples run from mode to mode. A continuous $G$ of a normal $z$ cannot avoid them (section 4.7).
> - Some modes have no sample, in the last picture too.
> - The count of modes goes up *and down*. A mode that was found can be lost again, because no term of $G$'s loss
>   speaks of places where $G$ has no sample.

## 6.2 Mode collapse, measured

Each sample belongs to its nearest mode. Four numbers describe 2,500 samples:

- the number of **modes** with at least one hit;
- **high quality**: the share of samples that hit a mode. In the plane a sample of a normal lies at a distance of more
  than $r$ standard deviations with probability $e^{-r^2/2}$. So even a perfect sampler misses with probability
  $e^{-9/2} = 1.1\,\%$, and has 98.9 % hits (the 99.7 % that you may know are for one dimension);
- **reverse KL**: $\sum_k q_k \log(q_k / w_k)$, where $q_k$ is the share of mode $k$ among the hits and $w_k$ the true
  weight (a mode without hits adds 0). It is 0 if all modes get their due;
- the **sd ratio**: the sd of a mode's hits, around their own mean, divided by the sd that the hits of a perfect sampler
  have (0.974 times the mode's, since hits lie within three sds); then averaged over the modes. So a perfect sampler has
  1, and modes that are too narrow have less.

No single number suffices. A $G$ that makes 24 of the 25 modes perfectly has a reverse KL of only $\log(25/24) = 0.04$;
the count of modes tells. A $G$ whose modes have shrunk to points has a perfect count, and a *larger* share of hits
than the data; the sd ratio tells.

> **Common mistake.** To take "high quality" for a score that should be as high as possible. The right value is that of
> a perfect sampler, 98.9 %. A $G$ that reaches 100 % makes modes that are too narrow.
"""

# %% [markdown]
r"""
## 6.3 Penalties: a discriminator without cliffs

The first ingredient is known from chapter 2: $R_1$ is the mean squared slope of $D$ at *real* samples, times
$\gamma / 2$. $R_2$ is the same at *generated* samples. Together they add to $D$'s loss

$$\frac{\gamma}{2}\, \mathbb{E}_{x \sim p} |\nabla D(x)|^2 + \frac{\gamma}{2}\, \mathbb{E}_{x \sim q} |\nabla D(x)|^2, \tag{6.1}$$

where $D$ stands for the logit. Without them nothing keeps the logit from becoming arbitrarily steep between modes.
Then $G$'s samples are thrown from one mode to the next, and the game circles as the Dirac-GAN did. The weight $\gamma$
falls during the run, from 0.03 to 0.0001 (for data with sd 1). So $D$ has to be smooth at first. Later it may become
steep enough to see narrow modes.
"""

# %%
if __name__ == "__main__":
    runs["+ R1 and R2"] = train_and_tell("+ R1 and R2", recipes["+ R1 and R2"])
    pair = {name: runs[name] for name in ("plain GAN", "+ R1 and R2")}
    plots.show(
        plane_plots.fields_of_d(pair, real),
        config.out / "penalty_field_of_d.png",
        caption="Figure 6.2. The probability with which D says real, over the plane at the end, "
        "without and with R1 and R2. Arrows: the slope of the logit at some generated samples, "
        "which is the direction in which G is told to move them.",
        alt="Left, large yellow blobs around several modes where no generated samples are, "
        "dark blue elsewhere. Right, the blobs are smaller and dimmer, and there are "
        "arrows at almost every mode.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - Without penalties $D$ says "certainly real" (yellow) at several modes without generated samples, and "certainly
>   generated" (dark blue) right beside them. $G$ does not learn of these modes, because none of its samples is there
>   to follow the slope.
> - With the penalties the peaks are lower and softer: $D$ is less sure, and its slope reaches further around each mode.
> - In this run 17 modes are hit after the last round, against 19 without penalties. Over ten seeds the
>   penalties find three modes *more* on the grid (Table 6.2).

## 6.4 A relativistic loss: compare, do not grade

With the non-saturating loss $G$ wants a high logit. If $D$ likes one mode best, all samples gain by going there. The
**relativistic** loss [Jolicoeur-Martineau 2018] compares pairs of a real sample, with the logit $a$, and a generated
one, with the logit $b$. With $s$ for softplus,

$$\text{D minimises } \operatorname{mean} s(b - a), \qquad \text{G minimises } \operatorname{mean} s(a - b). \tag{6.2}$$

Since $s(b - a) = -\log \sigma(a - b)$, $D$'s loss is small if the *real* sample of the pair has the larger logit, and
$G$'s if the generated one has. There is no fixed bar at logit 0 any more.

*Why might this help against collapse?* With the non-saturating loss $D$ has little left to gain from a real sample
whose logit is far above 0. In equation (6.2) it has to be far above the logits of *generated* samples. As long as some
of those are about as high, each real sample still changes $D$. [Huang et al. 2024] argue that $D$ therefore keeps a
slope near every real sample, and that this slope leads $G$ to modes that it has dropped. They use this loss together
with $R_1$ and $R_2$ and call the result R3GAN.

*What it does not do.* It does not tell $G$ to stop when its samples score as high as real ones. The derivative of
$s(a - b)$ with respect to $b$ is $-\sigma(a - b)$, so at $a = b$ it is $-1/2$. The non-saturating loss $s(-b)$ has the
same $-1/2$ at $b = 0$. With either loss $G$ comes to rest only where $D$ is flat.
"""

# %%
if __name__ == "__main__":
    name = "+ relativistic loss"
    runs[name] = train_and_tell(name, recipes[name])
    pair = {name: runs[name] for name in ("+ R1 and R2", "+ relativistic loss")}
    plots.show(
        plane_plots.last_samples(pair, real),
        config.out / "relativistic.png",
        caption="Figure 6.3. The last samples without (left) and with (right) the relativistic "
        "loss; both have R1 and R2.",
        alt="Two pictures of the grid with threads of generated samples between the modes; "
        "neither covers all modes cleanly.",
    )

# %% [markdown]
r"""
> **Notice.** In this run more modes are hit (21, after 17). But Table 6.2 will not show an improvement: over ten seeds
> the two recipes cannot be told apart. An argument is not a measurement.

## 6.5 Falling learning rates and the average of G

With a constant learning rate $G$ never comes to rest. Its samples circle around the modes: the larger the learning
rate, the wider. There are two cures:

- the learning rate of both players stays constant for a fifth of the run, and then falls to 0 along half a cosine;
- samples are drawn from a moving average of $G$'s weights (chapter 3) over about $1/(1 - 0.995) = 200$ rounds.
"""

# %%
if __name__ == "__main__":
    name = "+ falling rates, average"
    runs[name] = train_and_tell(name, recipes[name])
    pair = {name: runs[name] for name in ("+ relativistic loss", "+ falling rates, average")}
    half_width = 0.1 * plane_plots.span_of(real)
    # Of 100 real samples, one near which both runs have many generated ones.
    place = plane_plots.most_visited(pair, real[:100], half_width)
    plots.show(
        plane_plots.around_a_point(pair, real, place, half_width),
        config.out / "average.png",
        caption="Figure 6.4. The surroundings of one mode at the last four looks. Above: "
        "constant learning rates. Below: falling rates, and samples from the average of "
        "G.",
        alt="Above, the generated samples lie in another place at each look, beside the blue mode "
        "or partly on it. Below, they lie on the mode and hardly move from look to look.",
    )

# %% [markdown]
r"""
> **Notice.** In the upper row the samples lie in another place at each look, on the mode or beside it. In the lower row
> they lie on the mode and stay. High quality rises from 24.9 to 49.7 % in this run. The other half of the samples lies
> on the threads between the modes. The threads have come to rest, too.

## 6.6 Noise: islands that overlap

Between two far modes there is no real sample and perhaps no generated one. Nothing there corrects $D$, and nothing
leads $G$ across. **Instance noise** [Sønderby et al. 2017] adds the same kind of normal noise to all that $D$ sees,
real and generated. Both distributions become blurred until their islands overlap. The target of the game does not
change: blurred distributions are equal only if they were equal before. (Blurring looks as if it destroyed detail, but
for normal noise and exact densities it can be undone; we do not prove it.) The noise starts at half of the data's
standard deviation, falls by the same factor each round, and ends at half of the run.

The picture shows the real samples as $D$ sees them.
"""

# %%
if __name__ == "__main__":
    name = "+ fading noise"
    runs[name] = train_and_tell(name, recipes[name])
    noise = fading_noise(config, mean_and_scale(target, config.seed)[1])
    rounds = [0, config.steps // 8, config.steps // 4, config.steps // 2]
    seed = rng.seed(config.seed, "noise that is shown")
    seen_by_d = {f"round {step:,}": noise(real, seed, step).numpy() for step in rounds}
    plots.show(
        plane_plots.clouds(seen_by_d, plane_plots.span_of(real)),
        config.out / "noise.png",
        caption="Figure 6.5. Real samples as D sees them: the noise fades, and the data appear.",
        alt="Four panels: a single blurred square, then overlapping spots, then separate "
        "spots, and at half of the run the sharp grid of 25 modes.",
    )

# %% [markdown]
r"""
> **Notice.** At round 0 the grid cannot be seen at all: $D$ compares two clouds, and $G$ only has to get the cloud
> right. As the noise fades, the modes separate.
>
> In this run one mode more is hit (24, after 23). Again Table 6.2 will not confirm it: over ten seeds the noise makes
> no difference that can be seen, once the average is there.

## 6.7 Coin flips in z: islands in the prior

The threads are left. Chapter 4 said why: any two values of a normal $z$ can be joined by a path of other values. A
continuous $G$ turns the path into a path between the two samples, and that is a thread. No training removes it. But
the **prior**, the distribution of $z$, is ours to choose. We give $z$ twelve further coordinates that are coin flips,
−1 or 1 each. Fix the twelve flips. The two normal numbers are still free and fill a plane, a *sheet*. There are
$2^{12} = 4{,}096$ sheets, one for each outcome of the flips, and no path leads from one to another. So $G$ may send
different sheets to different modes, without a thread between them.
"""

# %%
if __name__ == "__main__":
    name = "+ coin flips (full)"
    span = plane_plots.span_of(real)
    fields = []  # D at each look, for Figure 6.9

    def keep_field(trainer):
        fields.append(scrubber.field_of(trainer.discriminator, span))

    runs[name] = train_and_tell(name, recipes[name], at_each_look=keep_field)
    pair = {name: runs[name] for name in ("+ fading noise", "+ coin flips (full)")}
    plots.show(
        plane_plots.last_samples(pair, real),
        config.out / "coin_flips.png",
        caption="Figure 6.6. The last samples without (left) and with (right) twelve coin flips "
        "in z.",
        alt="Left: all modes are joined by threads of generated samples. Right: the threads "
        "are gone, and the samples lie on the 25 modes.",
    )

# %% [markdown]
r"""
> **Notice.** The threads are gone. All 25 modes are hit, and the high quality is 98.9 %, that of a perfect sampler.
> But compare the pictures, too: a rim of blue is left around each orange mode, so the generated modes are a little too
> narrow. Narrow modes alone would have *more* hits than 98.9 %, so some samples still stray. Section 6.8 returns to
> that.

## 6.8 The whole recipe

We put the plain GAN and the full recipe side by side, and watch the full recipe train.
"""

# %%
if __name__ == "__main__":
    ends = {name: runs[name] for name in ("plain GAN", "+ coin flips (full)")}
    plots.show(
        plane_plots.over_time(ends, real),
        config.out / f"{config.target}_over_time.png",
        caption="Figure 6.7. The plain GAN (above) and the full recipe (below) on the "
        f"{config.target}. Right: modes hit (solid) and high quality (dashed).",
        alt="Above, threads and missing modes until the end. Below, a blurred cloud at "
        "first that splits into 25 clean modes; the count reaches 25 and stays there.",
    )

# %%
if __name__ == "__main__":
    _, looks = runs["+ coin flips (full)"]
    frames = [(step, samples[:1000]) for step, samples, _ in looks]
    film = config.out / f"{config.target}.gif"
    plane_plots.save_animation(plane_plots.animation(frames, real), film)
    plots.show_file(
        film,
        caption="Figure 6.8. The full recipe while it trains. A player with a slider lies "
        "beside it as an HTML file.",
        alt="An animation: a cloud of generated samples spreads over the grid and contracts "
        "onto the 25 modes.",
    )
    moments = []  # each look, and D at that moment
    for (step, samples, counts), field in zip(looks, fields, strict=True):
        moments.append((step, samples, counts, field))
    plots.show_file(
        scrubber.save(config.out / "scrubber.html", moments, real, span),
        caption="Figure 6.9. The same training under your hand: move the slider. Grey is D: lighter "
        "is more real, and only differences between points count. The line below counts modes and "
        "quality at that moment.",
        alt="A slider moves through the training: samples, the field of D, and the coverage.",
    )

# %% [markdown]
r"""
An **ablation** is a table that adds or removes ingredients of a recipe, to see what each contributes. Ours adds: each
row keeps what came before, and two rows add two ingredients together. Table 6.1 has one run a row. One run proves
little, as chance decides which modes are found; the next table is over ten seeds.
"""


# %%
def measure(config: Config) -> dict:
    """Train on config.target and count.

    Gives a dictionary: the numbers of the Coverage, and the seconds it took, compiling included.
    """
    distribution = by_name.BY_NAME[config.target]()
    start = time.perf_counter()
    samples = train(distribution, config).sample(SAMPLES)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, **dataclasses.asdict(coverage.of(samples, distribution))}


def table_over_seeds(config: Config) -> None:
    """Every recipe on ring and grid over all seeds; what was measured before is not run again."""
    places = []  # row and column of each run's numbers in the table
    configs = []
    for name, recipe in recipes_of(config).items():
        for target in ("grid", "ring"):
            for seed in range(config.seeds):
                places.append((name, target))
                configs.append(dataclasses.replace(recipe, target=target, seed=seed))
    measured = coverage_table.run_all(measure, configs, config.out / "table.jsonl")

    rows = {name: {"ring": [], "grid": []} for name in recipes_of(config)}
    for (name, target), line in zip(places, measured, strict=True):
        rows[name][target].append(line)
    perfect = {
        target: coverage.perfect_sampler(by_name.BY_NAME[target](), SAMPLES)
        for target in ("ring", "grid")
    }
    coverage_table.show(rows, perfect)


# %%
if __name__ == "__main__":
    tables.show(
        coverage_table.HEADINGS,
        coverage_table.last_looks(runs, target, SAMPLES),
        caption="Table 6.1. The last look of each run of this chapter: one seed, 2,500 samples.",
    )
    if config.seeds > 1:
        table_over_seeds(config)

# %% [markdown]
r"""
`python -m toy.ch06_ring_and_grid --seeds 10` trains every recipe ten times on both targets, which takes one to two
hours on two cores. This is what it printed.
"""

# %%
if __name__ == "__main__":
    tables.show(
        ten_seeds.HEADINGS,
        ten_seeds.ROWS,
        caption="Table 6.2. Every recipe on ring and grid: mean ± standard error of 10 runs, "
        "2,500 samples each.",
    )

# %% [markdown]
r"""
How to read it: if two independent means both have the standard error $e$, their difference has $\sqrt 2\, e$. We call a
difference a finding if it is more than twice that, so more than $2.8\, e$.

- **Penalties** find more modes: 20.6 instead of 17.2 on the grid, 7.6 instead of 6.4 on the ring. They do not raise the
  quality.
- **The relativistic loss** changes nothing that ten seeds can show (20.6 ± .9 against 21.0 ± .9 modes).
- **Falling rates and the average** more than double the high quality, and on the grid more modes are hit (23.7 ± .4).
- **Fading noise** changes nothing that ten seeds can show, given what is there already.
- **Coin flips** remove the threads: from 53 to 98.5 % high quality, and every mode in every run.

**What is still wrong.** The sd ratio of the full recipe is 0.88 on the grid and 0.90 on the ring: its modes are about a
tenth too narrow, with a standard error of 0.01, so this is not chance. High quality cannot show it. Modes with an sd
ratio of 0.9 and no other fault would have about 99.7 % hits (their own sd is about 0.885 of the true one, because the
ratio counts hits only), and the samples that stray bring the share down to about that of a perfect sampler. Two faults
cancel in one number. On the grid the shares of the modes are uneven, too: the reverse KL is 0.031, and a perfect
sampler has 0.005. Mass in the wrong mode is far from where it belongs, so in the run above the sliced Wasserstein
distance is still 3.4 times that of two real sets.

**Why are the modes narrow?** We do not know. Two guesses were wrong.

- *The average* is not the cause. At the end of five runs the averaged $G$ and $G$ itself have the same sd ratio, 0.880
  and 0.881 (exercise 6).
- *Too few rounds* after the noise, in which $D$ could learn the width, are not the cause either. In the same five runs
  the modes of $G$ itself are too *wide* when the noise ends, with an sd ratio of 1.13 ± 0.02. While the learning rate
  falls, the ratio passes 1 and ends at 0.88 ± 0.01. Two runs of 20,000 rounds (`--steps 20000`, seeds 0 and 1; all
  schedules are stretched) end even lower: at 0.73 and 0.69, after 0.85 and 0.89 with 10,000 rounds.

**What the table does not say.** Each row keeps what came before. So the table does not tell what the noise would do
without the average, or whether coin flips alone would suffice (exercise 4). Nor does it tell R1 from R2, or the
falling rates from the average, which were added together. (At the end of the full recipe the average makes no
difference, because the rates have fallen to 0: exercise 6.)

## 6.9 Packing: let D see several samples at once

PacGAN [Lin et al. 2018] cures collapse in another way. Its $D$ receives a *pack* of $m$ samples, all real or all
generated, and judges them together. Why does this help? Suppose that $G$ makes only half of the ring's modes, each one
perfectly. A single sample gives no hint. But two real samples share a mode with probability 1/8, two generated ones
with probability 1/4: the *pair* gives $G$ away. In general, if $p$ and $q$ differ by dropped modes, the distributions
of packs differ more than those of single samples, and larger packs differ more than smaller ones [Lin et al. 2018].

$D$ changes in its input layer alone: $m$ samples of two coordinates become one vector of $2m$ (exercise 7 builds it).
The paper prints these numbers for our two targets:
"""

# %%
if __name__ == "__main__":
    tables.show(
        published.HEADINGS,
        published.cells_of(published.PACGAN),
        caption="Table 6.3. What the PacGAN paper prints for ring and grid: mean ± standard "
        "error of 10 runs (table 1 of the paper). PacGAN2 packs two samples, and so on.",
    )

# %% [markdown]
r"""
Can the last row of Table 6.2 be put beside this? Only with care, since the two protocols differ.

- *Length*: PacGAN trained for 400,000 steps (section 4.1 of the paper), our recipe for 10,000 rounds.
- *The plain GAN*: theirs has 98.2 % (ring) and 94.8 % (grid) high quality, ours 42.5 and 22.0 %. Their plain GAN drops
  modes but makes clean samples. The baseline depends on the networks and on the length of training at least as much as
  on the method.
- *The prior*: our last row has coin flips in $z$; their prior is a normal, which is connected. Without the coin flips
  our recipe has 53 % high quality on the grid, far less than every row of theirs.

So the tables do not show that one method is better. What this chapter saw are three faults: dropped modes, samples that
never rest, and threads. Each needs a cure of its own.

> **Common mistake.** To compare one's own best row with the published rows and leave out what differs. A fair
> comparison trains both methods on the same networks for the same number of rounds.

## Summary

- Mode collapse can be counted on data whose modes are known: modes hit, high quality, reverse KL, sd ratio. Compare
  each with a perfect sampler, and never look at one of them alone.
- Penalties on $D$'s slope find more modes. Falling rates and an average of $G$ bring the samples to rest on them.
- A connected prior makes threads between the modes. Coin flips in $z$ cut the prior into pieces and remove the threads.
- Over ten seeds the relativistic loss and the fading noise make no difference *here*.
- The full recipe finds every mode in every run, and its modes are a tenth too narrow.
- Packing shows $D$ several samples at once, so that missing variety is visible.

## Exercises

1. ★ A sampler is perfect but for one mode of the grid, which it never makes. Compute the four numbers by hand. Which of
   them reveal it?
2. ★ $G$ makes $k$ of $n$ equally likely modes perfectly. Draw $m$ samples. How probable is it that no two of them lie
   in the same mode, (a) for real samples, (b) for generated ones? For the ring and $k = 4$, at which $m$ do the two
   probabilities differ most?
3. ★★ Shrink a perfect sampler's samples half way to their modes. Which number praises it, which one reveals it?
4. ★★ Train with the coin flips alone (everything else off). Which of the four numbers does it repair, and which not?
5. ★★ Take the coin flips away (`--bits 0`). Where are the samples that hit no mode?
6. ★★ Sample the full recipe and find how much the average contributes to the narrow modes: compare the sd ratio with
   and without it (`--average 0`).
7. ★★★ Build packing: a generator that makes packs of $m$ independent samples, a sampler of real packs, and a $D$ that
   judges a pack, for the ordinary `GANTrainer`.

## Further reading

- `python -m toy play` (`pip install -e '.[explore]'`), lessons *Collapse* (the ring) and *The full recipe*
  (the grid): both under your hands, in the browser.
- [Lin et al. 2018]: PacGAN, with a theory of why packs help.
- [Srivastava et al. 2017]: VEEGAN, where the ring, the grid and high quality come from.
- [Sønderby et al. 2017]: instance noise.
- [Huang et al. 2024]: R3GAN, the relativistic loss with $R_1$ and $R_2$ on images.
- [Khayatkhoei et al. 2018]: disconnected data and connected priors.
"""
