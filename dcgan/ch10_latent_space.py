# %% [markdown]
r"""
# 10. The latent space: which number of z is the hair?

After this chapter you can walk through the latent space without leaving the region that $G$ knows, find directions
that change one property of a face, say what else they change, and find the $z$ of a given face.

## The question: which number of z is the hair?

A trained generator turns a latent vector $z$ of 100 numbers into a face. So each property of the face is decided by
these numbers: the colour of the hair, the eyes, the mouth. Is there a number for each of them, a knob that one could
turn?

(The package comes with two generators. One is also told which face to make; chapter 13 explains how. This chapter takes
the other one, which makes a face from $z$ alone.)

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

chapters.start(__name__)  # housekeeping: a quick --help, and a start without TensorFlow's messages

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
    """folder of a run on drawn faces; none: the package's generator without labels"""
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
    for number in (1, 2, 3):
        axis = space.coordinate(generator.latent_dim, number - 1)  # it counts from 0
        # copies of z that differ in this number only
        faces = generator(space.set_component(z, axis, values))
        rows[f"number {number} of z"] = (faces, words)
    return latent_plots.strips(rows)


def load_generator(config):
    """The generator of the run; ValueError if its faces are grey."""
    generator = trained_generator.load(config.run)
    if generator.form.colours == "grey":
        came = f"{generator.name}, whose faces are grey"
        checks.fail("Config", "run", "a run in colours, which the sections below read", came)
    return generator


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 10: the latent space.", "python -m dcgan.ch10_latent_space"
    )
    generator = load_generator(config)
    plots.show(
        one_number_at_a_time(config, generator),
        config.out / "one_number.png",
        caption="Figure 10.1. One face. In each row a single number of z goes from -3 to 3, and the "
        "other 99 stay.",
        alt="Three rows of seven faces that differ a little from left to right.",
    )

# %% [markdown]
r"""
None of the three is the hair: it is long and blue in all 21 faces. All three change a lock at the side a little (its
shade or its shape), and with it the background, the eyes or the skin. (This face has a green patch in its hair and eyes
of two colours, which no drawn face has. Most faces of this generator have hair of one colour, but many have eyes of two.)

There is a reason why no single number has to be the hair. The prior $N(0, I)$ looks the same in all directions: if $R$ is
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
middle, where the density is highest? Because there is so little room. Compare the radii 5 and 10. The density is
proportional to $e^{-\lVert z \rVert^2 / 2}$, so it is larger at radius 5, by the factor $e^{(100 - 25)/2} \approx 2^{54}$.
But the volume of a ball in $d$ dimensions is proportional to $r^d$, so the larger ball has $2^{100}$ times the room. Room
wins by far. (`space.shell` computes mean and sd of the norm exactly. For $d = 100$ they are 9.98 and 0.71.)

This matters, because *$G$ was trained on the shell alone*. Each $z$ that it ever saw was a sample, and $D$ never
judged a face from elsewhere. So we look at walks through the latent space that one finds in tutorials and ask whether
they stay on the shell: scaling $(1, \dots, 1)$, flipping the signs of its first numbers, and fixing the first 35 numbers
of $z$ at 1 while the others are drawn. Three more walks use negative numbers: scaling by $-1, \dots, -0.4$;
fixing the first 35 at $-1$; and setting the first $20n$ numbers of $(1, \dots, 1)$ to $-0.5n$, for $n = 0, \dots, 4$.
"""


# %%
def draw_shell(config, generator):
    """The norms of samples and of six walks."""
    dim = generator.latent_dim
    mean, sd = space.shell(dim)
    print(f"‖z‖ of a sample in {dim} dimensions: {mean:.2f} ± {sd:.2f}")
    walks = space.simple_walks(dim, config.seed)
    walks.update(space.further_walks(dim, config.seed))
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
> - *Flipping signs does not*, since $(-1)^2 = 1^2$. Fixing the first 35 numbers at 1 or $-1$ does not either: with 65
>   drawn numbers the mean squared norm is $35 + 65 = 100$.
> - *Setting the first $20 n$ numbers to $-0.5 n$ leaves it in the end* (exercise 1).

## 10.2 What a wrong norm costs, and truncation

Figure 10.3 shows three of these walks, with the norm above each face.
"""


# %%
def faces_with_norms(generator, walks):
    """For each title: the faces of a walk, and their norms as words."""
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
        alt="Three rows of faces. In the top row the hair stays blue, the green eyes turn violet and the "
        "lines blur.",
    )

# %% [markdown]
r"""
In the top row hair and skin keep their colours as the norm falls. But the green eyes turn violet, and at norm 4 the lines
are blurred. We measure what a wrong norm costs. Take samples of the prior, keep their directions, and set their norms to
$r$. Then compare a thousand such faces with a thousand drawn ones. The measure is the sliced Wasserstein distance of
*patches*, squares of 7 × 7 pixels (equation (7.3)); the smaller, the more alike the two sets. It is given in thousandths
of the standard deviation of real patches. (The distance of chapter 9 also compares whole faces, so its values are other
numbers.) Two sets of drawn faces are not 0 apart either. Their distance is the **floor**: a perfect generator would reach
it.
"""


# %%
def distance_to_drawn(config, generator):
    """A function that measures how far faces are from drawn ones, and its floor."""
    both, _ = held_aside(2 * config.faces, size=generator.size, seed=config.seed)
    drawn = both[: config.faces]
    other_drawn = both[config.faces :]

    def distance(faces):
        found = distances.sliced_wasserstein_pyramid(drawn, faces, seed=config.seed)
        return found["mean"]

    return distance, distance(other_drawn)


def judge_norms(config, generator, distance):
    """The same directions at other norms: the norms [R], and the distances of their faces [R]."""
    mean, _ = space.shell(generator.latent_dim)
    z = generator.z(config.faces, config.seed)
    directions = z / space.norms(z)[:, np.newaxis].astype(np.float32)
    # the last one is the longest vector of exercise 1
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
    """The distances, with the shell shaded: the mean norm ± 2 sd."""
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
        caption="Figure 10.4. Faces from other norms: their distance to drawn faces. Shaded: the "
        "shell, mean ± 2 sd. The generator is best on the shell, where it was trained.",
        alt="A curve with its minimum on the shell; it rises steeply towards 0 and slowly outwards.",
    )

# %% [markdown]
r"""
> **Notice.** (All numbers of this chapter belong to the package's generator without labels, one training.)
>
> - *The distance is smallest on the shell:* 26, with a floor of 18.
> - *A step of 2 inwards costs more than a step of 2 outwards:* 44 at norm 8, and 31 at norm 12.
> - *Further away the difference grows:* 134 at norm 4 and 525 at norm 1, but 87 at norm 18.4.

So leaving the shell is a mistake here. But a small step inwards can be wanted. **Truncation** replaces $G(z)$ by

$$G(\psi z), \qquad 0 < \psi \le 1. \tag{10.3}$$

What can it do? It does not pick likelier faces by picking a likelier direction: all directions are equally likely, and
$\psi z$ has the direction of $z$. But it makes all differences between latent vectors smaller by the factor $\psi$. $G$ is
continuous, so with shorter $z$ the faces move towards the one face $G(0)$ and, sooner or later, become more alike. Large
generators gain quality for the variety that they give up [Brock et al. 2019; Karras et al. 2019], and many of their
published pictures are truncated. (StyleGAN truncates an inner vector $w$ instead of $z$.) Does our small generator gain
something?

In the package this is `generator.truncated(0.7)`, and `python -m dcgan generate --without-labels --truncation 0.7`. We
measure quality by the distance, and variety by the spread of the colours: the standard deviation of a pixel over the
faces of a set, averaged over all pixels and channels. (The variety of chapter 9 is a ratio, and it leaves out each
face's mean colour.)
"""


# %%
def spread_of_colours(faces):
    """The sd over the faces, in grey levels, averaged over pixels and channels."""
    return float(np.mean(np.std(faces.astype(np.float32), axis=0)))


def truncate(config, generator, distance):
    """Distance and spread of colours for several psi, and some faces of each."""
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
        alt="Rows of ten faces. From top to bottom most keep the colour of their hair, and they lose "
        "detail; in the last row some hair has dissolved.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Quality falls from the first step on.* The distance goes from 26 to 32 at $\psi = 0.9$. (With two other sets of a
>   thousand $z$ it rose as well.) At $\psi = 0.8$ it is 44, and at $\psi = 0.6$ it is 81.
> - *Variety falls slowly:* the spread of colours goes from 54.7 grey levels to 49.3 at $\psi = 0.6$. (Drawn faces have
>   56.8.)
> - *In most columns the hair keeps its colour.* The ninth column is an exception: its black hair turns brown, and then red.
>   At $\psi = 0.6$ hair begins to dissolve (eighth column), and at $\psi = 0.4$ some faces have fallen apart.

So truncation costs quality here, and for that it buys nothing: the faces are more alike and worse. A likely reason for
the *quality* is that $G$ was never trained at shorter norms (Table 10.1). A likely reason for the *variety* is that the
direction of $z$ decides who is shown: if the input of a linear layer is scaled, all its outputs are scaled alike, and a
ReLU keeps the same ones. (This holds roughly: batch norm also adds a shift, which is not scaled.) We tested neither
reason. That a trick helps a large network says little about a small one. Measure before you truncate.

> **Common mistake.** To explore the latent space by scaling one vector, as in $c\,(1, \dots, 1)$, and to read what
> changes as a property of faces. It is a property of leaving the shell.

## 10.3 From one face to another

To morph one face into another, we need a path from its latent vector $a$ to the other's, $b$. The straight line is
called **lerp** (linear interpolation):

$$z(t) = (1 - t)\,a + t\,b, \qquad 0 \le t \le 1.$$

**To show:** half way, the squared norm is half of what it was.

The coordinates of $a$ and $b$ are independent with mean 0, so $\mathbb{E}\, a \cdot b = \sum_i \mathbb{E} a_i\,
\mathbb{E} b_i = 0$. (The angle is near 90°, see exercise 2.) The mixed term vanishes:

$$\mathbb{E} \lVert z(t) \rVert^2 = (1 - t)^2\, \mathbb{E} \lVert a \rVert^2 + t^2\, \mathbb{E} \lVert b \rVert^2
= \big((1 - t)^2 + t^2\big)\, d, \tag{10.4}$$

which is $d / 2$ at $t = \frac12$. For $d = 100$ the norm there is about 7.1, four standard deviations inside the
shell. The line is a short cut through a region that $G$ has never seen.

The remedy is to walk along the arc [Shoemake 1985; White 2016], called **slerp** (spherical linear interpolation). Let
$u$ and $v$ be the directions of $a$ and $b$, and $\omega$ the angle between them. The direction turns at constant
speed and the length changes linearly:

$$\frac{z(t)}{\lVert z(t)\rVert} = \frac{\sin((1-t)\omega)\,u + \sin(t\omega)\,v}{\sin\omega},\qquad
\lVert z(t)\rVert = (1-t)\lVert a\rVert + t\lVert b\rVert. \tag{10.5}$$

**To show:** the right side of the first equation has length 1. Choose coordinates in the plane of $u$ and $v$ so that
$u = (1, 0)$ and $v = (\cos\omega, \sin\omega)$. By the addition theorem $\sin((1-t)\omega) = \sin\omega \cos t\omega -
\cos\omega \sin t\omega$. So the first coordinate is
$(\sin((1-t)\omega) + \sin t\omega \cos\omega) / \sin\omega = \cos t\omega$, and the second is $\sin t\omega$. This is
the unit vector at the angle $t\omega$ from $u$.
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
    samples = generator.z(400, config.seed)
    many_a = samples[:200]
    many_b = samples[200:]
    norms = {
        "lerp": space.norms(space.lerp(many_a, many_b, t)).T,  # a row for each pair
        "slerp": space.norms(space.slerp(many_a, many_b, t)).T,
    }
    mean, sd = space.shell(generator.latent_dim)
    return latent_plots.two_paths(plane, t, norms, (mean - 2.0 * sd, mean + 2.0 * sd))


def both_paths(config, generator):
    """The z of ten steps between two samples, along both paths."""
    t = np.linspace(0.0, 1.0, 10)
    a, b = generator.z(2, config.seed)
    return {"lerp": space.lerp(a, b, t), "slerp": space.slerp(a, b, t)}


def judge_middles(config, generator, distance):
    """Mean norm, and distance to drawn faces, of the faces half way between many pairs."""
    samples = generator.z(2 * config.faces, config.seed)
    a = samples[: config.faces]
    b = samples[config.faces :]
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
        alt="Two rows of ten faces, from blue hair by way of silver to pink; the rows look nearly alike.",
    )
    middles = judge_middles(config, generator, distance)

# %% [markdown]
r"""
> **Notice.** *Half way along the line the distance is 58, along the arc 21.* The samples themselves have 26. (Five other
> sets of a thousand samples had 17 to 21: sets differ by as much.) So the arc costs no quality that we can see: use it.
> (`python -m dcgan walk --kind slerp --gif walk.gif` writes such a walk as an animation.)

> **Common mistake.** To take only two faces, compare lerp with slerp by eye, and conclude that there is no difference.
> The two rows of Figure 10.7 can hardly be told apart. A thousand middles show the difference.

## 10.4 What stays when a part of z is fixed?

Fix the first 35 numbers of $z$ at 1 and draw the other 65. In the bottom row of Figure 10.3 five of ten such faces have
silver hair. Does the fixed part make hair silver, or are ten faces too few? Drawn faces have ten known **factors**, among
them hair colour, fringe and mouth. So a classifier can be trained on drawn faces and then read the factors of generated
ones. (It is a small network: four convolutions, two dense layers, and a softmax for each factor.)

Table 10.4 answers the question for each factor by these columns:

- the share of its commonest value among faces with the fixed part, and among all faces;
- the **total variation** of the two distributions of values, $\frac12 \sum_v |p(v) - q(v)|$, which is the share of
  faces that would have to change for both to be equal;
- the same total variation when the 35 numbers are fixed at *random* values $\pm 1$, averaged over ten such choices. Any
  fixed numbers change something, so this is what to compare with. The last column, "chance", is the total variation
  between two sets of faces with nothing fixed. It is not 0 either.
"""


# %%
def show_what_stays(config, generator, classifier, value=1.0):
    """What fixing the first numbers of z does to each factor (`effects.Stays`)."""
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
    """The cells of Table 10.4: a row for each factor, with shares and total variations."""
    rows = []
    for factor, row in stays.items():  # row: an effects.Stays, with a field for each column
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
        ["factor", "commonest", "its share", "among all", "variation", "random signs", "chance"],
        rows_of_stays(classifier, stays),
        caption="Table 10.4. The first 35 of 100 numbers of z fixed at 1: the commonest value of each "
        "factor, its share, and the total variation between these faces and all faces.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The hair's colour stands out most:* 47 % of these faces have blue hair, and 10 % of all. The total variation is 0.56,
>   with random signs 0.29.
> - *Ten faces were too few to say which colour.* Silver was the commonest among them. Among a thousand it comes second.
> - *Ornament and eye colour come next.* 62 % wear no ornament, and 34 % of all. The total variation is 0.39, with random
>   signs 0.27; that of the eye colour is 0.39, with random signs 0.28.
> - *The background is no special case.* Mint has 43 %, where 17 % of all have it. The total variation of 0.27 is far above
>   chance (0.04), but 35 random signs change the background just as much (0.28). Any fixed numbers hold it somewhat, and
>   these 35 hold it no more than others. Skin and blush are like it.
> - *Hair style and mouth are hardly held:* their total variations are 0.06 and 0.08, near chance. Random signs change them
>   much more, by 0.32 and 0.25.
> - *Fixing a part of $z$ fixes something.* Which property that is depends on $G$, and only counting tells.

## 10.5 Directions of known factors, and what leaks

Now we look for the knobs of the opening question, as directions. Let the classifier name the factors of 6,000
generated faces. For "blue hair", let $y_i = 1$ where face number $i$ has blue hair and $y_i = 0$ elsewhere. Least
squares finds $w$ and $c$ so that $w \cdot z_i + c$ is on average nearest to $y_i$,

$$\min_{w, c} \; \sum_i \big( w \cdot z_i + c - y_i \big)^2, \qquad u = \frac{w}{\lVert w \rVert}, \tag{10.6}$$

and $u$ is the direction in which blue hair becomes likelier. To *edit* a face, set the component of its $z$ along $u$
to a value $k$ and leave the rest alone: $z' = z - (z \cdot u)\,u + k\,u$. We take $k = 3$; the prior has a component of 3
or more once in 740 samples. Does $z'$ stay on the shell? Its mean squared norm is $99 + 3^2 = 108$, so its norm is about
10.4, which is within one standard deviation of the shell's mean.

Then measure two shares on *new* faces whose hair is not blue. In how many does it become blue (**reached**)? And for each
*other* factor: in how many faces does it change? The mean of these shares over the other factors is the **leakage**.
(With nine other factors and a leakage of 40 %, 3.6 of them change in a face on average.)

Some leakage must be expected, because any move of this length changes a face. So it is compared with a *random*
direction. There is also a remedy [Shen et al. 2020]. Let $v_1, v_2, \dots$ be the directions of all other factors, and $P u$
the projection of $u$ on the space that they span. Move along $u - P u$, scaled to length 1. It is orthogonal to every
$v_k$, so moving along it leaves $v_k \cdot z$ as it was.
"""


# %%
def fit_directions(config, generator, classifier):
    """The directions of all values of all factors, as fitted and orthogonal to those of other factors."""
    z = generator.z(config.samples, config.seed + 2)
    straight = effects.factor_directions(z, classifier.predict(generator(z)))
    return {"as fitted": straight, "orthogonal to the others": effects.less_the_others(straight)}


def measure_directions(config, generator, classifier, kinds):
    """What each direction changes, on new faces: for each kind the table of `effects.changes`."""
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
        "what was asked; and the share in which another factor changed, averaged over the others.",
    )
    return measured


def edited_faces(config, generator, classifier, directions):
    """Rows of faces without words: ten faces, and the same edited along a direction of each factor."""
    z = generator.z(10, config.seed + 3)
    no_words = [""] * len(z)
    rows = {"before": (generator(z), no_words)}
    for factor, values in directions.items():
        first_value = next(iter(values))
        u = values[first_value]
        title = f"{factor.replace('_', ' ')}: {classifier.factors[factor][first_value]}"
        rows[title] = (generator(space.set_component(z, u, config.amount)), no_words)
    return rows


# %%
if __name__ == "__main__":
    kinds = fit_directions(config, generator, classifier)
    measured_changes = measure_directions(config, generator, classifier, kinds)
    plots.show(
        latent_plots.changes(measured_changes),
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
> - *The directions work:* 65 % of the faces reach what was asked.
> - *They leak:* on average another factor changes in 40 % of the faces, and in 27 % along a random direction.
> - *Orthogonal directions trade one for the other:* only 15 % leakage, less than along a random direction, but only 32 %
>   get there. In this $G$ factors share directions, and these edits rarely change one without the others.
> - *How much the factors lose differs.* Of the faces that were asked for another background 69 % still get it, of those
>   asked for another blush 9 %.

You can turn these knobs by hand. `python -m dcgan page --without-labels` writes one HTML file in which the generator
runs, with a slider for each direction and beside it the leakage that was measured.

<!-- moving: faces -->

> **Common mistake.** To show one edited face on which nothing else changed. Leakage is a share; it takes many new
> faces, and a random direction beside it, to say whether it is small.

## 10.6 The way back: which z makes a given face?

So far every face came from a $z$ that we knew. To edit a *given* picture $x$ we need a $z$ with $G(z) \approx x$. $G$
has no inverse that could be written down, so we search by gradient descent [Zhu et al. 2016]:

$$z^* = \operatorname*{arg\,min}_{\lVert z \rVert \le r} \; \frac{1}{3 S^2} \sum_{\text{pixels, channels}}
\big( G(z) - x \big)^2, \tag{10.7}$$

where $S$ is the side of a picture in pixels.

This is called **inversion**. The weights of $G$ are fixed, and the gradient is taken with respect to $z$. Two details
decide whether it works.

- *The error has many local minima.* So each search starts from several $z$: of 2,048 samples, the eight whose faces are
  nearest to $x$. Of the eight results the one with the smallest error is kept.
- *The norm is limited.* A $z$ far outside the shell may have a smaller error, but when it is edited or walked
  from, $G$ is asked for faces that it has not learnt to make. We
  take $r$ two standard deviations above the shell's mean, and shorten $z$ after each step where it is longer.

The quality of a result is given as **PSNR**, $10 \log_{10} (255^2 / \text{mean squared error})$ in decibels (dB). At
30 dB the typical error is 8 of 255 grey levels, which is hard to see; at 20 dB it is 25.

There is a test with a known answer: faces that $G$ itself has made. And there is a control: drawn faces, which $G$ has
never seen and can perhaps not make at all.
"""


# %%
def invert(config, generator):
    """Search the z of generated faces and of drawn ones.

    Returns:
        For each kind its pictures and what was found; and the true z of the generated ones.
    """
    true_z = generator.z(config.pictures, config.seed + 5)
    drawn, _ = held_aside(config.pictures, size=generator.size, seed=config.seed)
    pictures = {"generated": generator(true_z), "drawn": drawn}
    found = {}
    for kind, images in pictures.items():
        result = inversion.find(
            generator.samples,  # the function from z to faces, with gradients
            generator.latent_dim,
            images,
            steps=config.descent_steps,
            seed=config.seed,
        )
        found[kind] = (images, result)
    return found, true_z


def rows_of_inversion(found):
    """For each title: faces, and the words above them."""
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
> - *The generator's own faces are found,* here with 33 to 39 dB. A longer test with `python -m dcgan find --generated 50`
>   (800 steps in place of 400) found 98 % of 50 faces with 30 dB or more, with a median of 38 dB (one run).
> - *The $z$ that was found is not the true one.* The two are 5 to 9 apart, where two samples are $\sqrt{200} \approx 14$
>   apart. The faces look the same: this $G$ maps different $z$ to nearly the same face.
> - *Drawn faces come back with 17 to 20 dB only.* Hair colour and pose are right. The ribbon is missing, of two pairs of
>   glasses only a faint trace of one is left, and the eyes are not the same. Either $G$ cannot make these faces, or the
>   search did not find them. It did find most of $G$'s own faces, which speaks for the former.

`python -m dcgan find --image me.png --z me.npy` does the same for any picture. Two consequences are worth a thought.
By inversion one can test whether $G$ can make a certain picture, for example a training picture that it should not have
memorised. And whoever can invert a face can edit it.

## Summary

- Samples of $N(0, I)$ in $d$ dimensions lie in a thin shell of radius $\sqrt d$. $G$ knows nothing else.
- A wrong norm costs quality. Truncation is a small wrong norm on purpose; what it gains and what it costs must be
  measured for each generator.
- Between two faces walk along the arc (slerp). The straight line (lerp) leaves the shell.
- Nothing in the game gives a single number of $z$ a meaning, because the prior looks the same in all directions.
  Directions that least squares finds do have one.
- Directions leak. Report leakage on new faces, as the mean share over the other factors, beside that of a random
  direction.
- Inversion finds the $z$ of a face by gradient descent from several starts, within the shell.

## Exercises

1. ★ Take $(1, \dots, 1)$ in 100 dimensions and set its first $20n$ numbers to $-0.5n$, for $n = 0, \dots, 4$. Compute the
   five norms by hand. Which of these vectors lie on the shell?
2. ★ Show that the cosine of the angle between two independent samples of $N(0, I)$ has a standard deviation of about
   $1 / \sqrt d$. Which angle is typical for $d = 100$? Check it by sampling.
3. ★★ Is $G(-z)$ in any sense the opposite of $G(z)$? Count factors: do more of them differ between the two than between
   two faces of independent $z$?
4. ★★ Fix the first 35 numbers at $-1$ instead of 1 and draw the rest. Do the same factors stay as in section 10.4, and
   with other values?
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
