# %% [markdown]
r"""
# 10. The latent space: which number of z is the hair?

After this chapter you can walk through the latent space without leaving the region that $G$ knows, find directions
that change one property of a face, say what else they change, and find the $z$ of a given face.

## The question: which number of z is the hair?

A trained generator turns a latent vector $z$ of 100 numbers into a face. So each property of the face is decided by
these numbers: the colour of the hair, the eyes, the mouth. Is there a number for each of them, a knob that one could
turn?

The obvious experiment is to take one face and to turn one number at a time. Figure 10.1 does that with the first
three numbers of $z$. Look for the knob of the hair before you read on.

| | |
|---|---|
| **You need** | chapter 9 (a trained generator), chapter 7 (drawn faces and their factors), least squares |
| **You will learn** | on which shell $z$ lies, and what leaving it costs; truncation; lerp and slerp; directions of known factors, and what leaks; how to find the $z$ of a face |
| **New in gan_core** | nothing; in dcgan `latent.space`, `latent.effects`, `latent.inversion` and `Generator.truncated` |
| **Run it** | `python -m dcgan.ch10_latent_space`; with `--run RUN` for a generator of your own |
| **Time** | about five minutes of processor time on two CPU cores; more than a minute of it trains the classifier |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
from pathlib import Path

import numpy as np

from dcgan.figures import latent_plots
from dcgan.generation import trained_generator
from dcgan.judge import kept_classifier
from dcgan.judge.factor_classifier import held_aside
from dcgan.latent import effects, inversion, space
from dcgan.measures import distances
from gan_core import checks
from gan_core.app import command_line, plots, tables


@dataclasses.dataclass(frozen=True)
class Config:
    """Whose latent space is explored, and with how many faces."""

    run: Path | None = None
    """folder of a run on drawn faces; none: the generator that comes with the package"""
    faces: int = 1000
    """faces behind every measured share or distance but those of section 10.5"""
    samples: int = 6000
    """faces to which the directions of section 10.5 are fitted"""
    amount: float = 3.0
    """how far along a direction a face is moved; the prior's sd is 1"""
    edited: int = 250
    """faces behind every share of section 10.5, for each value of each factor"""
    taught: int = 8000
    """drawn faces that the classifier learns from"""
    steps: int = 800
    """steps of its training"""
    pictures: int = 4
    """generated faces, and as many drawn ones, whose z section 10.6 looks for"""
    descent_steps: int = 400
    """steps of that search"""
    seed: int = 0
    """of everything random"""
    out: Path = Path("runs/ch10")
    """folder for the figures"""

    def __post_init__(self):
        checks.integer("Config", "faces", self.faces, 10, 10**5)
        checks.integer("Config", "samples", self.samples, 10, 10**6)
        checks.integer("Config", "edited", self.edited, 10, 10**5)
        checks.integer("Config", "taught", self.taught, 128, 10**6)
        checks.integer("Config", "steps", self.steps, 1, 10**6)
        checks.integer("Config", "pictures", self.pictures, 1, 1000)
        checks.integer("Config", "descent_steps", self.descent_steps, 1, 10**5)
        checks.integer("Config", "seed", self.seed, 0, 2**32)
        checks.number("Config", "amount", self.amount, above=0.0, below=100.0)
        if self.run is not None:
            trained_generator.check(self.run)


def one_number_at_a_time(config, generator):
    """Rows of faces: in each, one number of the same z goes from -3 to 3."""
    z = generator.z(1, config.seed)[0]
    values = np.linspace(-3.0, 3.0, 7)
    words = [f"{value:+.0f}" for value in values]
    rows = {}
    for number in range(3):
        axis = space.coordinate(generator.latent_dim, number)
        faces = generator(space.set_component(z, axis, values))
        rows[f"number {number + 1} of z"] = (faces, words)
    return latent_plots.strips(rows)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 10: the latent space.", "python -m dcgan.ch10_latent_space"
    )
    generator = trained_generator.load(config.run)
    plots.show(
        one_number_at_a_time(config, generator),
        config.out / "one_number.png",
        caption="Figure 10.1. One face. In each row a single number of z goes from -3 to 3, and the "
        "other 99 stay.",
        alt="Three rows of seven faces that differ a little from left to right.",
    )

# %% [markdown]
r"""
No number is the hair. All three change the hair, and with it the background or the fringe. (Hair of two colours is a
fault of this small generator.) There is a reason for that. The prior $N(0, I)$ looks the same in all directions: if $R$ is
a rotation, $Rz$ has the same distribution as $z$. So the generators $G(z)$ and $G(Rz)$ make exactly the same faces equally
often, and no loss that sees only faces can prefer one of them. Nothing in the game asks $G$ to line up the hair with the
first number.

If properties have a place in the latent space at all, it is a *direction*, in general one that mixes all 100
numbers. Section 10.5 looks for such directions. But first we must know how far one may walk.

## 10.1 The shell: where samples of the prior lie

The density of $N(0, I)$ is highest at $z = 0$. Yet samples almost never lie near it.

**To show:** in $d$ dimensions the norm of a sample is about $\sqrt d$, with a standard deviation of about
$\sqrt{1/2}$, whatever $d$ is.

*Step 1: the squared norm.* $\lVert z\rVert^2 = z_1^2 + \dots + z_d^2$ is a sum of $d$ independent terms. Each has the
mean $\mathbb{E} z_i^2 = 1$ and the variance $\mathbb{E} z_i^4 - (\mathbb{E} z_i^2)^2 = 3 - 1 = 2$. Means and variances
of independent terms add up:

$$\mathbb{E} \lVert z\rVert^2 = d, \qquad \operatorname{Var} \lVert z\rVert^2 = 2d. \tag{10.1}$$

*Step 2: the root.* Write $\lVert z\rVert^2 = d + e$, where $e$ is small compared with $d$. A first-order expansion of
the root gives $\lVert z\rVert = \sqrt{d + e} \approx \sqrt d + e / (2 \sqrt d)$. The mean of $e$ is 0 and its standard
deviation is $\sqrt{2d}$. So

$$\mathbb{E} \lVert z\rVert \approx \sqrt d, \qquad
\operatorname{sd} \lVert z\rVert \approx \frac{\sqrt{2d}}{2 \sqrt d} = \sqrt{\tfrac12} \approx 0.71. \tag{10.2}$$

*In words.* For $d = 100$ the norm is $10 \pm 0.7$. All samples lie in a thin **shell** around 0. Why not in the
middle, where the density is highest? A ball of radius 5 around 0 is dense but tiny: the shell's volume is larger
by a factor of about $2^{100}$. (`space.shell` computes both numbers exactly. For $d = 100$ they are 9.98 and 0.71.)

This matters, because *$G$ was trained on the shell alone*. Each $z$ that it ever saw was a sample, and $D$ never
judged a face from elsewhere. So we look at walks through the latent space that one finds in tutorials and ask whether
they stay on the shell: scaling $(1, \dots, 1)$, flipping the signs of its numbers, and fixing a part of $z$.
"""


# %%
def draw_shell(config, generator):
    """The norms of samples and of six walks."""
    dim = generator.latent_dim
    mean, sd = space.shell(dim)
    print(f"‖z‖ of a sample in {dim} dimensions: {mean:.2f} ± {sd:.2f}")
    walks = space.simple_walks(dim, config.seed) | space.further_walks(dim, config.seed)
    of_walks = {title: space.norms(z) for title, z in walks.items()}
    of_samples = space.norms(generator.z(20_000, config.seed))
    return latent_plots.shell(of_samples, of_walks)


# %%
if __name__ == "__main__":
    plots.show(
        draw_shell(config, generator),
        config.out / "shell.png",
        caption="Figure 10.2. Above: the norms of 20,000 samples of the prior. Below: the norms of "
        "the latent vectors of six walks, a dot each.",
        alt="A narrow histogram; most walks have dots inside its range, three have dots outside.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The histogram is narrow, and it is nowhere near 0.*
> - *Scaling leaves the shell.* The norm of $c\,(1, \dots, 1)$ is $10\,c$, so $c = 0.4$ is more than eight standard
>   deviations inside.
> - *Flipping signs does not*, since $(-1)^2 = 1^2$. Fixing a part at 1 or $-1$ does not either: 35 ones and 65 drawn
>   numbers have the mean squared norm $35 + 65 = 100$.

## 10.2 What a wrong norm costs, and truncation

Figure 10.3 shows three of these walks, with the norm above each face.
"""


# %%
def faces_with_norms(generator, walks):
    """title -> (the faces of a walk, their norms as words)."""
    rows = {}
    for title, z in walks.items():
        words = [f"{norm:.1f}" for norm in space.norms(z)]
        rows[title] = (generator(z), words)
    return rows


# %%
if __name__ == "__main__":
    walks = space.simple_walks(generator.latent_dim, config.seed)
    plots.show(
        latent_plots.strips(faces_with_norms(generator, walks)),
        config.out / "walks.png",
        caption="Figure 10.3. Three walks; the norm of z stands above each face. Top: scaling. "
        "Middle: flipping signs. Bottom: a fixed part.",
        alt="Three rows of faces. In the top row they fade.",
    )

# %% [markdown]
r"""
In the top row the face fades as the norm falls. We measure that. Take samples of the prior, keep their directions, and
set their norms to $r$. Then compare a thousand such faces with a thousand drawn ones. The measure is the sliced
Wasserstein distance of patches from chapter 7 (its formula is in chapter 11); the smaller, the more alike the two sets.
Two sets of drawn faces are not 0 apart either. That value is the **floor**: a perfect generator would reach it.
"""


# %%
def distance_to_drawn(config, generator):
    """-> a function of faces: how far they are from drawn ones; and the floor."""
    both, _ = held_aside(2 * config.faces, size=generator.size, seed=config.seed)
    drawn = both[: config.faces]
    other_drawn = both[config.faces :]

    def distance(faces):
        found = distances.sliced_wasserstein_pyramid(drawn, faces, seed=config.seed)
        return found["mean"]

    return distance, distance(other_drawn)


def judge_norms(config, generator, distance):
    """The same directions at other norms. -> norms [R], distances [R]."""
    mean, _ = space.shell(generator.latent_dim)
    z = generator.z(config.faces, config.seed)
    directions = z / space.norms(z)[:, np.newaxis].astype(np.float32)
    shares = np.float32([0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 1.84])
    radii = mean * shares
    found = np.array([distance(generator(radius * directions)) for radius in radii])
    rows = [[f"{radius:.1f}", f"{value:.0f}"] for radius, value in zip(radii, found, strict=True)]
    tables.show(
        ["‖z‖", "distance to drawn faces"],
        rows,
        caption="Table 10.1. The same directions of z at other norms.",
    )
    return radii, found


def draw_norms(generator, radii, found, floor):
    """The distances, with the shell shaded."""
    mean, sd = space.shell(generator.latent_dim)
    return latent_plots.by_norm(radii, found, floor, (mean - 2.0 * sd, mean + 2.0 * sd))


# %%
if __name__ == "__main__":
    distance, floor = distance_to_drawn(config, generator)
    print(f"floor, other drawn faces: {floor:.0f} (thousandths of an sd)")
    radii, by_radius = judge_norms(config, generator, distance)
    plots.show(
        draw_norms(generator, radii, by_radius, floor),
        config.out / "by_norm.png",
        caption="Figure 10.4. Faces from other norms: their distance to drawn faces. The generator "
        "is best at the norm it was trained at.",
        alt="A curve with its minimum on the shell; it rises steeply towards 0 and slowly outwards.",
    )

# %% [markdown]
r"""
> **Notice.** (All numbers of this chapter belong to the generator that comes with the package, one training.)
>
> - *The distance is smallest on the shell:* 25, with a floor of 18.
> - *Towards 0 it grows quickly:* 45 at norm 8 and 325 at norm 4. The faces fade.
> - *Outwards it grows slowly:* 37 at norm 12 and 95 at norm 18.4. There contrasts are exaggerated.

So leaving the shell is a mistake here. But a small step inwards can be wanted. **Truncation** replaces $G(z)$ by

$$G(\psi z), \qquad 0 < \psi \le 1. \tag{10.3}$$

Rare faces come from directions and lengths that are rare. With $\psi < 1$, $z$ comes nearer to the middle, and the
faces become more ordinary and more alike. Large generators gain quality for the variety that they give up
[Brock et al. 2019; Karras et al. 2019], and nearly all published pictures of theirs are truncated. (StyleGAN truncates
an inner vector $w$ instead of $z$.) Does our small generator gain something?

In the package this is `generator.truncated(0.7)`, and `python -m dcgan generate --truncation 0.7`. We measure quality
by the distance, and variety by the spread of the colours: the standard deviation of a pixel over the faces of a set,
averaged over all pixels and channels.
"""


# %%
def spread_of_colours(faces):
    """The sd over the faces, in grey levels, averaged over pixels and channels."""
    return float(np.mean(np.std(faces.astype(np.float32), axis=0)))


def truncate(config, generator, distance):
    """Quality and variety for several psi. -> {psi: (distance, spread)}, and some faces."""
    found = {}
    shown = {}
    rows = []
    for psi in (1.0, 0.9, 0.8, 0.6, 0.4):
        faces = generator.truncated(psi).sample(config.faces, config.seed)
        spread = spread_of_colours(faces)
        found[psi] = (distance(faces), spread)
        shown[f"ψ = {psi:g}"] = (faces[:10], [""] * 10)
        rows.append([f"{psi:g}", f"{found[psi][0]:.0f}", f"{spread:.1f}"])
    drawn, _ = held_aside(config.faces, size=generator.size, seed=config.seed)
    rows.append(["drawn faces", "", f"{spread_of_colours(drawn):.1f}"])
    tables.show(
        ["ψ", "distance to drawn faces", "spread of colours"],
        rows,
        caption="Table 10.2. Truncation: distance to drawn faces (lower is better), and the spread of "
        "a pixel's colour in grey levels (higher is more varied).",
    )
    return found, shown


# %%
if __name__ == "__main__":
    truncated, shown = truncate(config, generator, distance)
    plots.show(
        latent_plots.strips(shown),
        config.out / "truncation.png",
        caption="Figure 10.5. The same ten z with truncation, equation (10.3).",
        alt="Rows of ten faces that become more alike from top to bottom.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Quality falls:* at $\psi = 0.8$ the distance has nearly doubled, from 25 to 46. This generator is at its best on its
>   shell.
> - *Variety hardly falls:* the spread of colours goes from 49.6 grey levels to 47.5 at $\psi = 0.6$. (Drawn faces have
>   56.8.) The faces of a column keep their colours and lose their detail, until at $\psi = 0.4$ they are pale.

So here truncation costs quality and buys nothing. A likely reason is that $G$ depends mostly on the *direction* of $z$: a
linear layer followed by a ReLU only scales its output when its input is scaled. That a trick helps a large network says
little about a small one. Measure before you truncate.

> **Common mistake.** To explore the latent space by scaling one vector, as in $c\,(1, \dots, 1)$, and to read the
> fading as a property of faces. It is a property of leaving the shell.

## 10.3 From one face to another

To morph one face into another, we need a path from its latent vector $a$ to the other's, $b$. The straight line is
called **lerp** (linear interpolation):

$$z(t) = (1 - t)\,a + t\,b, \qquad 0 \le t \le 1.$$

**To show:** half way, the squared norm is half of what it was.

For independent samples, $\mathbb{E}\, a \cdot b = 0$: in many dimensions two samples are nearly at right angles. So

$$\mathbb{E} \lVert z(t) \rVert^2 = (1 - t)^2\, \mathbb{E} \lVert a \rVert^2 + t^2\, \mathbb{E} \lVert b \rVert^2
= \big((1 - t)^2 + t^2\big)\, d, \tag{10.4}$$

which is $d / 2$ at $t = \frac12$. For $d = 100$ the norm there is about 7.1, four standard deviations inside the
shell. The line is a short cut through a region that $G$ has never seen.

The remedy is to walk along the arc [Shoemake 1985; White 2016], called **slerp** (spherical linear interpolation). Let
$u$ and $v$ be the directions of $a$ and $b$, and $\omega$ the angle between them. The direction turns at constant
speed and the length changes linearly:

$$\frac{z(t)}{\lVert z(t)\rVert} = \frac{\sin((1-t)\omega)\,u + \sin(t\omega)\,v}{\sin\omega},\qquad
\lVert z(t)\rVert = (1-t)\lVert a\rVert + t\lVert b\rVert. \tag{10.5}$$
"""


# %%
def plane_coordinates(a, b, z):
    """z [T, d] in the plane of 0, a and b, with a on the first axis: [T, 2]."""
    first = a / np.linalg.norm(a)
    rest = b - (b @ first) * first
    second = rest / np.linalg.norm(rest)
    return np.stack([z @ first, z @ second], axis=1)


def draw_two_paths(config, generator):
    """Line and arc in the plane of two samples, and their norms for many pairs."""
    t = np.linspace(0.0, 1.0, 11)
    a, b = generator.z(2, config.seed)
    plane = {
        "lerp": plane_coordinates(a, b, space.lerp(a, b, t)),
        "slerp": plane_coordinates(a, b, space.slerp(a, b, t)),
    }
    many_a, many_b = generator.z(2 * 200, config.seed).reshape(2, 200, -1)
    norms = {
        "lerp": space.norms(space.lerp(many_a, many_b, t)).T,
        "slerp": space.norms(space.slerp(many_a, many_b, t)).T,
    }
    mean, sd = space.shell(generator.latent_dim)
    return latent_plots.two_paths(plane, t, norms, (mean - 2.0 * sd, mean + 2.0 * sd))


def both_paths(config, generator):
    """title -> z of ten steps between two samples."""
    t = np.linspace(0.0, 1.0, 10)
    a, b = generator.z(2, config.seed)
    return {"lerp": space.lerp(a, b, t), "slerp": space.slerp(a, b, t)}


def judge_middles(config, generator, distance):
    """The faces half way between many pairs. -> {name: (mean norm, distance to drawn faces)}"""
    a, b = generator.z(2 * config.faces, config.seed).reshape(2, config.faces, -1)
    middles = {
        "the samples themselves": a,
        "lerp, half way": space.lerp(a, b, 0.5),
        "slerp, half way": space.slerp(a, b, 0.5),
    }
    found = {}
    rows = []
    for name, z in middles.items():
        length = float(space.norms(z).mean())
        value = distance(generator(z))
        found[name] = (length, value)
        rows.append([name, f"{length:.1f}", f"{value:.0f}"])
    tables.show(
        ["faces", "mean ‖z‖", "distance to drawn faces"],
        rows,
        caption="Table 10.3. Faces half way between two samples.",
    )
    return found


# %%
if __name__ == "__main__":
    plots.show(
        draw_two_paths(config, generator),
        config.out / "two_paths.png",
        caption="Figure 10.6. Shell, lerp and slerp. Left: eleven steps between two samples, in the "
        "plane that they span. Right: the norm along the way, for 200 pairs.",
        alt="The straight line cuts through the inside of a grey ring; the arc stays in the ring.",
    )
    plots.show(
        latent_plots.strips(faces_with_norms(generator, both_paths(config, generator))),
        config.out / "paths.png",
        caption="Figure 10.7. From one face to another along both paths; above each face its norm.",
        alt="Two rows of ten faces. In the middle of the upper row they are paler.",
    )
    middles = judge_middles(config, generator, distance)

# %% [markdown]
r"""
> **Notice.** *Half way along the line the distance is 81, along the arc 25*, the same as for samples. The arc costs
> nothing, so use it. (`python -m dcgan walk --kind slerp` writes such a walk as an animation.)

> **Common mistake.** To take only two faces, compare lerp with slerp by eye, and conclude that there is no difference.
> With faces whose colours vary the paleness half way is easily missed. A thousand middles show it.

## 10.4 What stays when a part of z is fixed?

Fix the first 35 numbers of $z$ at 1 and draw the other 65. Looking at such faces, as in the bottom row of
Figure 10.3, one soon finds that "the hair stays light". Does it, or does one see what one expects? Drawn faces have
ten known **factors**, among them hair colour, fringe and mouth. So a classifier can be trained on drawn faces and then
read the factors of generated ones. (It is a small network: four convolutions, two dense layers, and a softmax for each
factor.)

Three numbers answer the question for each factor:

- the share of its commonest value among faces with the fixed part, and among all faces;
- the **total variation** of the two distributions of values, $\frac12 \sum_v |p(v) - q(v)|$, which is the share of
  faces that would have to change for both to be equal;
- the same for fixed parts of *random* signs, on average over ten. *Any* fixed part holds something, so this is what to
  compare with. Two samples of the prior ("chance") are not 0 apart either.
"""


# %%
def show_what_stays(config, generator, classifier, value=1.0):
    """A row for each factor. -> {factor: effects.Stays}"""
    dim = generator.latent_dim
    return effects.what_stays(
        generator,
        classifier.predict,
        dim,
        fixed=35 * dim // 100,
        n=config.faces,
        seed=config.seed,
        value=value,
    )


def rows_of_stays(classifier, stays):
    """The cells of Table 10.4."""
    rows = []
    for factor, row in stays.items():
        name = factor.replace("_", " ")
        commonest = classifier.factors[factor][row.value]
        shares = [f"{row.held:.0%}", f"{row.among_all:.0%}"]
        apart = [f"{row.apart:.2f}", f"{row.random:.2f}", f"{row.chance:.2f}"]
        rows.append([name, commonest, *shares, *apart])
    return rows


# %%
if __name__ == "__main__":
    classifier = kept_classifier.trained_or_read(
        config.out.parent / "factor_classifier",
        generator.size,
        faces=config.taught,
        steps=config.steps,
        seed=config.seed,
    )
    images, labels = held_aside(config.faces, size=generator.size, seed=config.seed)
    right = classifier.accuracy(images, labels)
    words = ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in right.items())
    print("The classifier is right on new drawn faces:", words)
    stays = show_what_stays(config, generator, classifier)
    tables.show(
        ["factor", "commonest", "its share", "among all", "apart", "random signs", "chance"],
        rows_of_stays(classifier, stays),
        caption="Table 10.4. The first 35 of 100 numbers of z fixed at 1: the commonest value of each "
        "factor, its share, and the total variation to all faces.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *What stays is the fringe:* it is straight in 65 % of these faces, and in 28 % of all. The background stays, too: mint
>   in 43 %, where 22 % of all have it.
> - *The hair's colour does not stay.* Its distribution is 0.29 apart, no more than with random signs (0.31).
> - *Fixing a part of $z$ fixes something.* Which property that is depends on $G$, and only counting tells.

## 10.5 Directions of known factors, and what leaks

Now we look for the knobs of the opening question, as directions. Let the classifier name the factors of 6,000
generated faces. For "blue hair", let $y_i = 1$ where face number $i$ has blue hair and $y_i = 0$ elsewhere. Least
squares finds the plane that is nearest to these answers,

$$\min_{w, c} \; \sum_i \big( w \cdot z_i + c - y_i \big)^2, \qquad u = \frac{w}{\lVert w \rVert}, \tag{10.6}$$

and $u$ is the direction in which blue hair becomes likelier. To *edit* a face, set the component of its $z$ along $u$
to a value $k$ and leave the rest alone: $z' = z - (z \cdot u)\,u + k\,u$. We take $k = 3$; the prior has a component of 3
or more once in 740 samples.

Then ask two questions on *new* faces whose hair is not blue. Did it become blue (**reached**)? And how often did
another factor change on the way (**leakage**)?

Some leakage must be expected, because any move of this length changes a face. So it is compared with a *random*
direction. There is also a remedy [Shen et al. 2020]: remove from $u$ its projection on the space that the directions of
all other factors span, so that moving along what is left keeps their scores $w \cdot z$ constant.
"""


# %%
def fit_directions(config, generator, classifier):
    """-> the directions of all values of all factors; and orthogonal to those of other factors."""
    z = generator.z(config.samples, config.seed + 2)
    straight = effects.factor_directions(z, classifier.predict(generator(z)))
    return {"as fitted": straight, "orthogonal to the others": effects.less_the_others(straight)}


def measure_directions(config, generator, classifier, kinds):
    """What each direction changes, on new faces. -> {kind: the table of effects.changes}"""
    z = generator.z(config.edited, config.seed + 3)
    measured = {}
    rows = []
    for kind, directions in kinds.items():
        table = effects.changes(generator, classifier.predict, z, directions, config.amount)
        shares = effects.summary(table)
        rows.append([kind, *(f"{share:.0%}" for share in shares)])
        measured[kind] = table
    tables.show(
        ["directions", "reached", "leakage", "changed along a random direction"],
        rows,
        caption="Table 10.5. Means over all values of all factors: the share of faces that reached "
        "what was asked, and the share in which another factor changed.",
    )
    return measured


def edited_faces(config, generator, classifier, directions):
    """title -> (faces, no words): ten faces before, and edited along a direction of each factor."""
    z = generator.z(10, config.seed + 3)
    no_words = [""] * len(z)
    rows = {"before": (generator(z), no_words)}
    for factor, values in directions.items():
        value, u = next(iter(values.items()))
        title = f"{factor.replace('_', ' ')}: {classifier.factors[factor][value]}"
        rows[title] = (generator(space.set_component(z, u, config.amount)), no_words)
    return rows


# %%
if __name__ == "__main__":
    kinds = fit_directions(config, generator, classifier)
    changes = measure_directions(config, generator, classifier, kinds)
    plots.show(
        latent_plots.changes(changes),
        config.out / "what_leaks.png",
        caption="Figure 10.8. What changes (columns) when a face is moved along the direction of a "
        "factor (rows). Framed: the share that became what was asked.",
        alt="Two tables of percentages; framed diagonals, and large numbers beside them on the left.",
    )
    plots.show(
        latent_plots.strips(edited_faces(config, generator, classifier, kinds["as fitted"])),
        config.out / "edits.png",
        caption="Figure 10.9. Ten faces, and the same faces moved along one direction of each factor.",
        alt="A row of ten faces, and below it a row of edited ones for each factor.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The directions work:* 75 % of the faces reach what was asked.
> - *They leak:* each other factor changes in 50 % of the faces, and in 25 % along a random direction.
> - *Orthogonal directions trade one for the other:* only 12 % leakage, but only 22 % get there. In this $G$ factors share
>   directions, so it cannot change one without the others.
> - *Another classifier moves these numbers by a percent or two:* one that had learnt from 12,000 faces gave 73, 49, 25, 12
>   and 22 %.

You can turn these knobs by hand. `python -m dcgan page --out faces.html` writes one HTML file in which the generator
runs, with a slider for each direction and beside it the leakage that was measured.

<!-- moving: faces -->

> **Common mistake.** To show one edited face on which nothing else changed. Leakage is a share; it takes many new
> faces, and a random direction beside it, to say whether it is small.

## 10.6 The way back: which z makes a given face?

So far every face came from a $z$ that we knew. To edit a *given* picture $x$ we need a $z$ with $G(z) \approx x$. $G$
has no inverse that could be written down, so we search by gradient descent [Zhu et al. 2016]:

$$z^* = \operatorname*{arg\,min}_{\lVert z \rVert \le r} \; \frac{1}{3 S^2} \sum_{\text{pixels, channels}}
\big( G(z) - x \big)^2. \tag{10.7}$$

This is called **inversion**. The weights of $G$ are fixed, and the gradient is taken with respect to $z$. Two details
decide whether it works.

- *The error has many local minima.* So each search starts from several $z$: of 2,048 samples, the eight whose faces are
  nearest to $x$. The best end counts.
- *The norm is limited.* A $z$ far outside the shell may have a smaller error, but steps from it do not lead to faces. We
  take $r$ two standard deviations above the shell's mean, and shorten $z$ after each step where it is longer.

The quality of a result is given as **PSNR**, $10 \log_{10} (255^2 / \text{mean squared error})$ in decibels (dB). At
30 dB the typical error is 8 of 255 grey levels, which is hard to see; at 20 dB it is 25.

There is a test with a known answer: faces that $G$ itself has made. And there is a control: drawn faces, which $G$ has
never seen and can perhaps not make at all.
"""


# %%
def invert(config, generator):
    """Search the z of generated faces and of drawn ones.

    -> {kind: (the pictures, inversion.Found)}, and the true z of the generated ones.
    """
    true_z = generator.z(config.pictures, config.seed + 5)
    drawn, _ = held_aside(config.pictures, size=generator.size, seed=config.seed)
    pictures = {"generated": generator(true_z), "drawn": drawn}
    found = {}
    for kind, images in pictures.items():
        result = inversion.find(
            generator.samples,
            generator.latent_dim,
            images,
            steps=config.descent_steps,
            seed=config.seed,
        )
        found[kind] = (images, result)
    return found, true_z


def rows_of_inversion(found):
    """title -> (faces, words above them)."""
    rows = {}
    for kind, (images, result) in found.items():
        rows[f"{kind} faces"] = (images, [""] * len(images))
        words = [f"{value:.0f} dB" for value in result.psnr]
        rows[f"the nearest faces that G makes to the {kind} ones"] = (result.faces, words)
    return rows


def print_distances_of_z(found, true_z):
    """How far each z that was found is from the true one."""
    far = space.norms(found["generated"][1].z - true_z)
    print("‖z found - true z‖ of the generated faces:", ", ".join(f"{one:.1f}" for one in far))


# %%
if __name__ == "__main__":
    if generator.samples is None:
        print("No z is looked for: this generator was exported without gradients.")
    else:
        inverted, true_z = invert(config, generator)
        plots.show(
            latent_plots.strips(rows_of_inversion(inverted)),
            config.out / "inversion.png",
            caption="Figure 10.10. Inversion: faces that G has made, drawn faces, and below each the "
            "face that was found, with its PSNR.",
            alt="Four rows of faces; below each row the faces that the search found.",
        )
        print_distances_of_z(inverted, true_z)

# %% [markdown]
r"""
> **Notice.**
>
> - *The generator's own faces are found,* here with 33 to 43 dB. A longer test with `python -m dcgan find --generated 50`
>   found 98 % of 50 faces with 30 dB or more, with a median of 38 dB (one run).
> - *The $z$ that was found is not the true one.* The two are 3 to 7 apart, and the faces look the same: this $G$ maps
>   different $z$ to nearly the same face.
> - *Drawn faces come back with 17 or 18 dB only.* Hair colour and pose are right. The ornament, the glasses and the exact
>   eyes are lost, so this is what $G$ has not learnt.

`python -m dcgan find --image me.png --z me.npy` does the same for any picture. Two consequences are worth a thought.
Whoever has the generator can look up whether it can make a certain picture, which is a test for memorising. And whoever
can invert a face can edit it.

## Summary

- Samples of $N(0, I)$ in $d$ dimensions lie in a thin shell of radius $\sqrt d$. $G$ knows nothing else.
- A wrong norm costs quality. Truncation is a small wrong norm on purpose; what it gains and what it costs must be
  measured for each generator.
- Between two faces walk along the arc (slerp). The straight line (lerp) leaves the shell.
- No single number of $z$ has a meaning, because the prior looks the same in all directions. Directions that least
  squares finds do have one.
- Directions leak. Report leakage as a share of new faces, beside that of a random direction.
- Inversion finds the $z$ of a face by gradient descent from several starts, within the shell.

## Exercises

1. ★ Take $(1, \dots, 1)$ in 100 dimensions and set its first $20n$ numbers to $-0.5n$, for $n = 0, \dots, 4$. Compute the
   five norms by hand. Which of these vectors lie on the shell?
2. ★ Show that the cosine of the angle between two independent samples of $N(0, I)$ has a standard deviation of about
   $1 / \sqrt d$. Which angle is typical for $d = 100$? Check it by sampling.
3. ★★ Is $G(-z)$ the opposite of $G(z)$? Do more factors differ between the two than between two faces that have nothing
   to do with each other?
4. ★★ Fix the first 35 numbers at $-1$ instead of 1 and draw the rest. Is what stays the opposite of what stayed in
   section 10.4?
5. ★★ A walk that never ends: $z_{k+1} = \cos(\alpha)\, z_k + \sin(\alpha)\, \varepsilon_k$ with new noise
   $\varepsilon_k \sim N(0, I)$. Prove that every $z_k$ has the distribution of the prior, and program it.
6. ★★★ Build inpainting: a rectangle of a generated face is hidden. Find the $z$ that agrees with the visible pixels, and
   fill the hole with $G(z)$.

## Further reading

- [White 2016] introduces slerp for latent vectors, and shows how to remove unwanted correlations from directions.
- [Shen et al. 2020] finds directions of face properties by linear classifiers, and orthogonalises them.
- [Härkönen et al. 2020] and [Shen and Zhou 2021] find directions without any labels.
- [Zhu et al. 2016] inverts a generator to edit photographs.
- [Karras et al. 2019] explains truncation in the inner latent space of StyleGAN.
"""
