# %% [markdown]
r"""
# 10. The latent space: where faces lie, and which way is blue hair

| | |
|---|---|
| **You need** | chapter 9 (a trained $G$); for section 5 least squares |
| **You get** | the shell that $z$ lives on, the lab's walks, slerp; directions with a meaning, and what leaks |
| **New in gan_core** | nothing: `dcgan.latent.space`, `dcgan.latent.effects` and `dcgan.generation.trained_generator` are new |
| **Run it** | `python -m dcgan.ch10_latent_space`; with `--run RUN` on a generator of yours |
| **Time** | about five minutes on two CPU cores |

A GAN gives a function from $z$ to faces and no word about what $z$ means. This chapter asks $G$ itself, and lets no
statement pass that was not counted: drawn faces have known *factors* (hair colour, eyes, mouth, ...), so a classifier
can learn to read them off a picture (`dcgan.judge.factor_classifier`), off a generated one too.

**Where the lab that this book replaces went wrong**: its walks leave the prior (sections 1, 2), its text fixes "the
first 20 elements" where the code fixes 35, and that "hair stays light" is looked at and not measured (section 3).
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from dcgan.generation import trained_generator
from dcgan.judge.factor_classifier import held_aside, train_classifier
from dcgan.latent import effects, space
from dcgan.measures import distances
from gan_core import checks
from gan_core.app import command_line


@dataclasses.dataclass(frozen=True)
class Config:
    run: Path | None = None
    """folder of a run on drawn faces; none: the generator that comes with the package"""
    faces: int = 1000
    """faces behind every measured share or distance"""
    samples: int = 6000
    """faces to which the directions of section 5 are fitted"""
    amount: float = 3.0
    """how far along a direction a face is moved; the prior's sd is 1"""
    classifier_faces: int = 12_000
    """drawn faces that the classifier learns from"""
    classifier_steps: int = 600
    """steps of its training"""
    seed: int = 0
    """of everything random"""
    out: Path = Path("runs/ch10")
    """folder for the figures"""

    def __post_init__(self):
        checks.integer("Config", "faces", self.faces, 10, 10**5)
        checks.integer("Config", "samples", self.samples, 10, 10**6)
        checks.integer("Config", "classifier_faces", self.classifier_faces, 128, 10**6)
        checks.integer("Config", "classifier_steps", self.classifier_steps, 1, 10**5)
        checks.integer("Config", "seed", self.seed, 0, 2**32)
        checks.number("Config", "amount", self.amount, above=0.0, below=100.0)
        if self.run is not None:
            trained_generator.check(self.run)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 10: the latent space.", "python -m dcgan.ch10_latent_space"
    )
    generator = trained_generator.load(config.run)

# %% [markdown]
r"""
## 1. The shell

$z \sim N(0, I)$ is most *dense* at 0, and never there. Its squared norm is a sum of $d$ independent terms of mean 1
and variance 2: $d \pm \sqrt{2d}$. So $\lVert z\rVert$ is $\sqrt d$ give or take $\sqrt{1/2}$, whatever $d$ is: for 100
dimensions $10 \pm 0.7$. All that $G$ ever saw in training lies on that thin shell, and all that is known of $D$'s
judgement too. In which *direction* $z$ points does not matter: the prior is the same all around.

Now the lab's walks. $(1, \ldots, 1)$ is on the shell, $\sqrt{100} = 10$. But $c\,(1, \ldots, 1)$ has norm $10c$.
"""


# %%
def show_shell(config, generator) -> None:
    """The norms of samples, and of all the lab's walks."""
    # Here, so that importing the chapter loads no plotting library.
    from dcgan.figures import latent_plots

    dim = generator.latent_dim
    mean, sd = space.shell(dim)
    walks = space.lab_walks(dim, config.seed) | space.exercise_walks(dim, config.seed)
    print(f"||z|| of a sample in {dim} dimensions: {mean:.2f} ± {sd:.2f}")
    of_walks = {title: space.norms(z) for title, z in walks.items()}
    for title, norms in of_walks.items():
        print(f"  {title}: {listed(norms, ' ')}")
    of_samples = space.norms(generator.z(20_000, config.seed))
    latent_plots.shell(config.out / "shell.png", of_samples, of_walks)


def listed(numbers, between: str) -> str:
    """Numbers with one digit behind the point."""
    return between.join(f"{number:.1f}" for number in numbers)


# %%
if __name__ == "__main__":
    show_shell(config, generator)

# %% [markdown]
r"""
## 2. The lab's walks, with $\lVert z\rVert$ beside each picture

The second and the third walk stay on the shell (35 ones and 65 drawn numbers: $35 + 65 = 100$). The rays do not.
What does a wrong norm cost? Take samples of the prior, keep their directions, set their norms to $r$, and hold a
thousand such faces against a thousand drawn ones: sliced Wasserstein distance, chapter 11.
"""


# %%
def show_walks(config, generator, walks: dict, name: str) -> None:
    """A row of faces for each walk."""
    from dcgan.figures import latent_plots

    strips = {title: (generator(z), space.norms(z)) for title, z in walks.items()}
    latent_plots.strips(config.out / name, strips)


def distance_to_drawn(config, generator):
    """-> a function of z [n, d]: how far its faces are from drawn ones; how far other drawn ones are"""
    drawn, _ = held_aside(2 * config.faces, size=generator.size, seed=config.seed)
    drawn, other_drawn = drawn[: config.faces], drawn[config.faces :]

    def distance(faces):
        found = distances.sliced_wasserstein_pyramid(drawn, faces, seed=config.seed)
        return found["mean"]

    def distance_of(z):
        return distance(generator(z))

    return distance_of, distance(other_drawn)


def judge_norms(config, generator):
    """The same directions at other norms. -> norms [R], distances [R], the floor"""
    from dcgan.figures import latent_plots

    mean, sd = space.shell(generator.latent_dim)
    distance_of, floor = distance_to_drawn(config, generator)
    z = generator.z(config.faces, config.seed)
    directions = z / space.norms(z)[:, None].astype(np.float32)
    radii = mean * np.float32([0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 1.84])
    found = np.array([distance_of(radius * directions) for radius in radii])
    print(f"other drawn faces are {floor:.0f} from drawn faces (thousandths of an sd),")
    print("generated ones with ||z|| =")
    for radius, value in zip(radii, found, strict=True):
        print(f"  {radius:.1f}: {value:.0f}")
    on_the_shell = (mean - 2 * sd, mean + 2 * sd)
    latent_plots.by_norm(config.out / "by_norm.png", radii, found, floor, on_the_shell)
    return radii, found, floor


# %%
if __name__ == "__main__":
    walks = space.lab_walks(generator.latent_dim, config.seed)
    show_walks(config, generator, walks, "lab_walks.png")
    judge_norms(config, generator)

# %% [markdown]
r"""
*Notice* (all such figures: the package's generator) that the distance is least on the shell, 25 where other drawn faces
are 18 away. A ray towards 0 fades: 45 at norm 8, 325 at 4. Outwards contrasts are stretched: 37 at norm 12, 95 at 18.4.
The best norm is the one that $G$ was trained at; nothing else in the training asks for it.

## 3. "Hair stays light", as a number

The lab fixes the first 35 of 100 numbers at 1, draws the rest, and finds that some things stay. Do they? For each
factor: the share of its commonest value among faces with the fixed part, and among all faces; and how far the two
distributions of values are apart (total variation, $\frac12\sum|p - q|$: the share of faces that would have to
change). *Any* 35 fixed numbers hold something, so beside it stands the mean over ten fixed parts of random signs; and
two samples of the prior, which are not 0 apart either.
"""


# %%
def show_what_stays(config, generator, classifier, value: float = 1.0) -> dict:
    """A row for each factor. -> {factor: Stays}

    "random": how far apart, for random signs; "chance": two samples of the prior.
    """
    dim = generator.latent_dim
    found = effects.what_stays(
        generator,
        classifier.predict,
        dim,
        fixed=35 * dim // 100,
        n=config.faces,
        seed=config.seed,
        value=value,
    )
    columns = ("factor", "commonest", "its share", "among all", "apart", "random", "chance")
    table = Table(*columns, title=f"The first 35 % of z fixed at {value:g}")
    for factor, row in found.items():
        table.add_row(
            factor.replace("_", " "),
            classifier.factors[factor][row.value],
            f"{row.held:.0%}",
            f"{row.among_all:.0%}",
            f"{row.apart:.2f}",
            f"{row.random:.2f}",
            f"{row.chance:.2f}",
        )
    Console().print(table)
    return found


# %%
if __name__ == "__main__":
    classifier = train_classifier(
        generator.size,
        faces=config.classifier_faces,
        steps=config.classifier_steps,
        seed=config.seed,
    )
    images, labels = held_aside(config.faces, size=generator.size, seed=config.seed)
    right = classifier.accuracy(images, labels)
    print(
        "right on drawn faces:", ", ".join(f"{name} {share:.0%}" for name, share in right.items())
    )
    stays = show_what_stays(config, generator, classifier)

# %% [markdown]
r"""
*Notice.* Here not the hair's colour stays but the fringe (straight in 63 %, among all in 26 %) and the background (mint
in 53 %, among all in 22 %). The colour is 0.29 apart, no more than with random fixed parts (0.31). What is fixed in $z$
fixes *something*.

## 4. From one face to another

On the straight line from $a$ to $b$ (*lerp*) the norm sinks: two samples are nearly at right angles, so half way the
squared norm is half of what it was, $\lVert z\rVert = 7.1$, which is 4 sd inside of the shell. The arc (*slerp*,
Shoemake 1985) turns at constant speed and keeps the norm:

$$\frac{z(t)}{\lVert z(t)\rVert} = \frac{\sin((1-t)\omega)\,u + \sin(t\omega)\,v}{\sin\omega},\qquad
\lVert z(t)\rVert = (1-t)\lVert a\rVert + t\lVert b\rVert,$$

with $u, v$ the directions of $a, b$ and $\omega$ the angle between them.
"""


# %%
def show_paths(config, generator) -> dict:
    """Both paths between two faces; then the middles between many.

    -> {name: (mean norm, distance to drawn faces)}
    """
    a, b = generator.z(2, config.seed)
    t = np.linspace(0.0, 1.0, 10)
    paths = {"lerp": space.lerp(a, b, t), "slerp": space.slerp(a, b, t)}
    show_walks(config, generator, paths, "paths.png")
    distance_of, _ = distance_to_drawn(config, generator)
    a, b = generator.z(2 * config.faces, config.seed).reshape(2, config.faces, -1)
    middles = {
        "the samples": a,
        "lerp, half way": space.lerp(a, b, 0.5),
        "slerp, half way": space.slerp(a, b, 0.5),
    }
    found = {}
    for name, z in middles.items():
        length = float(space.norms(z).mean())
        value = distance_of(z)
        print(f"{name}: ||z|| {length:.1f} on average, {value:.0f} from drawn faces")
        found[name] = (length, value)
    return found


# %%
if __name__ == "__main__":
    show_paths(config, generator)

# %% [markdown]
r"""
*Notice.* Half way on the line the norm is 7.0 and the distance 81; on the arc 10.0 and 25, as for samples.

## 5. Directions of known factors, and what leaks

Let the classifier name the factors of some thousand generated faces. For "blue hair", find by least squares the
plane $w \cdot z + c$ that is nearest to 1 where hair is blue and to 0 elsewhere; $u = w / \lVert w\rVert$ is the
direction in which blue hair becomes likelier. Then take *new* faces whose hair is not blue, set the component of $z$
along $u$ to 3 (the prior's is 3 or more once in 740 samples), and read all factors again: did the hair become blue?
And what else changed?

Something always does, for it is a move about as long as any other: so hold it against a *random* direction. The second
table takes out of $u$ what lies in the space of all other factors' directions (`orthogonal_to`; Shen et al. 2020).
"""


# %%
def show_directions(config, generator, classifier):
    """The two tables, a figure of them, and faces before and after. -> directions, tables"""
    from dcgan.figures import latent_plots

    z = generator.z(config.samples, config.seed + 2)
    straight = effects.factor_directions(z, classifier.predict(generator(z)))
    kinds = {"directions": straight, "less the others": effects.less_the_others(straight)}
    z = generator.z(config.faces, config.seed + 3)  # new faces
    tables = {}
    for name, directions in kinds.items():
        table = effects.changes(generator, classifier.predict, z, directions, config.amount)
        reached, leaked, random = effects.summary(table)
        print(
            f"{name}: {reached:.0%} reach what was asked; another factor changes in {leaked:.0%} "
            f"of faces, along a random direction a factor changes in {random:.0%}"
        )
        tables[name] = table
    latent_plots.changes(config.out / "what_leaks.png", tables)
    rows = {"before": z[:10]}
    for factor, values in straight.items():
        value, u = next(iter(values.items()))
        title = f"{factor}: {classifier.factors[factor][value]}"
        rows[title] = space.set_component(z[:10], u, config.amount)
    show_walks(config, generator, rows, "edits.png")
    return straight, tables


# %%
if __name__ == "__main__":
    directions, tables = show_directions(config, generator, classifier)

# %% [markdown]
r"""
*Notice.* 73 % reach what was asked, and each other factor changes, on average, in 49 % of faces; in 25 % along a random
direction. With the others taken out only 12 % leak, and only 22 % get there: in this $G$ factors share directions.
(On another CPU 74, 49, 25, 12 and 21 %: the classifier that reads the faces learns with other rounding.)

## Exercises

These are the lab's, with a question to each that a number answers.

1. Walk $c\,(1, \ldots, 1)$ for $c = -1, -.8, -.6, -.4$. Is $c = -1$ the "opposite" face of $c = 1$: do more factors
   differ between $G(z)$ and $G(-z)$ than between two faces that have nothing to do with each other?
2. Set the first $20n$ numbers to $-.5n$, for $n < 5$. Which norms do you expect? Which faces lie on the shell?
3. Fix the first 35 numbers at $-1$ and draw the rest. Is what stays the opposite of what stayed at $+1$? Is it more?
"""


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_1(config, generator, classifier) -> tuple[float, float]:
    """The share of factors that differ.

    -> between G(z) and G(-z), and between G(z) and G of another sample
    """
    z, other = generator.z(2 * config.faces, config.seed + 4).reshape(2, config.faces, -1)
    here = classifier.predict(generator(z))
    opposite = classifier.predict(generator(-z))
    elsewhere = classifier.predict(generator(other))
    return share_that_differs(here, opposite), share_that_differs(here, elsewhere)


def share_that_differs(labels: dict, others: dict) -> float:
    """Over all factors and faces."""
    return float(np.mean([labels[factor] != others[factor] for factor in labels]))


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_2(dim: int = 100) -> np.ndarray:
    """sqrt(20n (n/2)^2 + 100 - 20n) = 10, 9.2, 10, 13.2, 18.4 in 100 dimensions.

    The shell is 10 ± 0.7: three lie on it, one is 4.6 sd away, one 12.
    """
    _, switched, _ = space.exercise_walks(dim, 0).values()
    return space.norms(switched)


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_3(config, generator, classifier, plus: dict) -> dict:
    """What is commonest with the part at +1 (section 3) and at -1, and how far each is from all.

    -> {factor: (value at +1, value at -1, apart at +1, apart at -1)}
    """
    minus = show_what_stays(config, generator, classifier, -1.0)
    return {
        factor: (plus[factor].value, minus[factor].value, plus[factor].apart, minus[factor].apart)
        for factor in plus
    }


# %%
if __name__ == "__main__":
    walks = space.exercise_walks(generator.latent_dim, config.seed)
    show_walks(config, generator, walks, "exercises.png")
    opposite, elsewhere = solution_1(config, generator, classifier)
    print(
        f"exercise 1: {opposite:.0%} of factors differ between z and -z, "
        f"{elsewhere:.0%} between two samples"
    )
    print("exercise 2: ||z|| =", listed(solution_2(generator.latent_dim), " "))
    solution_3(config, generator, classifier, stays)
