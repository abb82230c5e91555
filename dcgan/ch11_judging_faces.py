# %% [markdown]
r"""
# 11. Judging faces: every measure has a blind spot

| | |
|---|---|
| **You need** | chapter 9 (a trained generator), chapter 7 (drawn faces and their factors) |
| **You get** | a generator on trial: four measures, each with its floor; memorising; missing combinations |
| **New in gan_core** | `metrics.mmd`; in dcgan `pyramid`, `distances`, `neighbours`, `judging`, `factor_classifier` |
| **Run it** | `python -m dcgan.ch11_judging_faces`, with `--run runs/dcgan-1`; `--help` lists the flags |
| **Time** | about four minutes on two CPU cores |

The lab that this book replaces looks at its faces, and finds them good. $D$ is no judge either (chapter 3). A loss that
falls says that one player got better against the other, not that faces did. So we need numbers from outside the game,
and must know of each number what it *cannot* see. We try them on faces that we spoil ourselves.
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from dcgan.drawn import drawn_faces
from dcgan.generation import trained_generator
from dcgan.judge import evidence, factor_classifier, factor_coverage
from dcgan.measures import distances, real_sets
from gan_core import checks, metrics, rng
from gan_core.app import command_line


@dataclasses.dataclass(frozen=True)
class Config:
    """Which generator is judged, with how many faces."""

    run: Path | None = None
    """folder of a run whose generator is judged; none: the package's own"""
    data: Path | None = None
    """folder or zip of the faces that it learnt from, if they have moved since"""
    samples: int = 1000
    """faces in a set; with data at most a seventh of those held aside"""
    counted: int = 3000
    """generated faces whose factors are read (drawn faces only)"""
    taught: int = 8000
    """drawn faces that the classifier of factors learns from"""
    steps: int = 800
    """steps of the classifier"""
    seed: int = 0
    """of samples, patches and pairs"""
    out: Path = Path("runs/ch11")
    """folder for the figures"""

    def __post_init__(self):
        checks.integer("Config", "samples", self.samples, evidence.FEWEST, 100_000)
        checks.integer("Config", "counted", self.counted, 1, 10**6)
        checks.integer("Config", "taught", self.taught, 128, 10**6)
        checks.integer("Config", "steps", self.steps, 1, 10**6)
        checks.integer("Config", "seed", self.seed, 0, 2**32)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 11: judging faces.", "python -m dcgan.ch11_judging_faces"
    )

# %% [markdown]
r"""
## 1. The measures, and the floor

* **Sliced Wasserstein distance of patches** (`distances.sliced_wasserstein_pyramid`; Karras et al. 2018). An image is
  split into bands, from edges to coarse colour (`pyramid`); in each we cut $7 \times 7$ patches and ask how far the
  real and generated clouds of patches are from each other, as seen along random lines. In thousandths of a real sd.
  (Training keeps the epoch at which the mean of these and of the same of whole faces is least: `patches_and_whole`.)
* **MMD of whole images** at $16 \times 16$ (`distances.image_mmd`; Gretton et al. 2012), *unbiased*: for a perfect
  generator its mean is 0 and more than half of the values are negative. Here times 1000. (The six of the floor below
  are held against the same set, and so share an offset, +0.3 here; with another set it may be below 0.)
* **MS-SSIM** (`distances.diversity`; Wang et al. 2003, Odena et al. 2017): how alike two random *generated* faces are.
  Not a distance to real faces at all. Higher than for real pairs: too little variety. Lower: more disorder than real.
* **% nearer** (`neighbours`): how many are nearer to a training face than all but 1 % of new real faces are.

Two sets of real faces are not 0 apart. A distance says nothing until it stands beside its **floor**: the same measure,
with the same number of faces, of real against real. Six real sets give the floor's mean and spread; what is five
spreads off is *found out*. (A spread of six values is a guess itself: a perfect generator is so far off about once in
170 times, by Student's $t$ with 5 degrees of freedom. Where it is close, take a second seed.) A smaller number of faces
gives a higher floor: figures of different $n$ do not compare. And where the real faces are a folder's, the best epoch
was chosen by some of these: then the generator's own figures are a little too good. Drawn faces are always fresh.

Beside the generator's the table has six sets that are real, but spoilt: blurred; with noise of 10 grey levels; redder
by 10 and less blue; only the lighter half of twice as many; only 50 faces, over and over; faces that were learnt from.
"""


# %%
def put_on_trial(config):
    """Measure the generator's faces, and sets of real ones that are spoilt.

    Returns:
        The generator, the evidence, {set: faces}, {set: {measure: value}}, the floor, and
        {set: {measure: whether it found the set out}}.
    """
    generator = trained_generator.load(config.run)
    proof = evidence.evidence(config.run, config.data, n=config.samples, size=generator.size)
    floor = evidence.floors(proof, seed=config.seed)
    sets = evidence.spoilt(proof, seed=config.seed)
    sets["the generator"] = generator.sample(len(proof.reference), config.seed + 1)
    rows = {
        name: evidence.measure(images, proof, seed=config.seed) for name, images in sets.items()
    }
    found = {name: evidence.found_out(row, floor) for name, row in rows.items()}
    return generator, proof, sets, rows, floor, found


def show_trial(config, proof, sets, rows, floor, found):
    """The table, and the figure."""
    from dcgan.figures import judging_plots  # drawing libraries are slow to import

    table = Table("", *floor, title=f"{len(proof.reference):,} faces a set; * found out")
    table.add_row("real (floor)", *(f"{mean:.3g} ± {sd:.2g}" for mean, sd in floor.values()))
    for name, row in rows.items():
        cells = []
        for measure, value in row.items():
            star = "*" if found[name][measure] else ""
            cells.append(f"{value:.3g}{star}")
        table.add_row(name, *cells)
    Console(width=120).print(table)
    shown = {"real (floor)": proof.others[0], **sets}
    judging_plots.verdicts(config.out / "verdicts.png", shown, rows, floor, found)


# %%
if __name__ == "__main__":
    generator, proof, sets, rows, floor, found = put_on_trial(config)
    show_trial(config, proof, sets, rows, floor, found)

# %% [markdown]
r"""
*Notice*, line by line (drawn faces, 1,000 a set, the package's own generator; other runs, other figures):

- *Blurred*: the finest patches are at 20 times the floor; the coarsest, and MMD at 16 pixels, see nothing. MS-SSIM
  finds faces more alike, with none lost. And **% nearer** cries "memorised" where nothing is: see section 2.
- *Noisy*: the finest patches alone. To MS-SSIM noise is no fault: disorder looks like variety.
- *Colours off*: the coarsest patches and MMD alone. (In the paper patches are scaled by each set's own mean and sd,
  and then they do not see it: exercise 2.)
- *Light half only*, half of the kinds dropped: the coarsest patches and MMD, loudly, and the finest patches. MS-SSIM,
  which is there to find missing variety, does not: the light half is nearly as varied within as the whole.
- *50 faces only*, each 20 times: found by the distances, not by MS-SSIM. One pair in 50 is of the same face, so its
  mean rises by 0.01, three spreads of the floor. It finds collapse, not missing kinds.
- *Training faces* pass every distance. Section 2 is for them.
- *The generator* is at twice the floor in fine detail, and passes where patches are coarse: its colours are right. MMD
  of whole faces and MS-SSIM (0.48, real 0.31) find it out all the same: its faces are far too alike.

So no number will do alone, and each only beside its floor.

## 2. Does it make faces, or hand out its training faces?

Training faces *are* real faces, so distances give the best score of all to a generator that has learnt its data by
heart and nothing else. The nearest training faces tell. But what is near? Nearer than *new real* faces are, which the
generator has never seen either. Beware: the mean face is nearer to all faces than they are to each other, so blurred
faces are nearer than sharp ones, with nothing memorised. Look at pairs.
"""


# %%
def look_up(config, proof, faces):
    """Print how near the faces are to training faces, and draw the nearest pairs.

    Returns:
        Their `neighbours.Memorising`.
    """
    from dcgan.figures import judging_plots
    from dcgan.measures.neighbours import compare

    indices, far = proof.nearest(faces, k=3)
    told = compare(far[:, 0], proof.distances_of_real)
    print(
        f"nearest training face: {told.samples:.1f} grey levels away in the median, "
        f"for new real faces {told.held_aside:.1f}; "
        f"nearer than {told.quantile:.1f}, as 1 % of those are: {told.nearer:.1%}; "
        f"nearer than any of those: {told.copies:.1%}"
    )
    shown = np.argsort(far[:, 0])[:8]
    judging_plots.nearest_faces(
        config.out / "nearest.png",
        faces[shown],
        proof.learnt[indices[shown]],
        far[shown],
        far[:, 0],
        proof.distances_of_real,
    )
    return told


# %%
if __name__ == "__main__":
    look_up(config, proof, sets["the generator"])

# %% [markdown]
r"""
## 3. Which combinations never come out?

All of the above look at pixels. Drawn faces have known factors, independent of each other, so a small classifier
(`factor_classifier`: four convolutions and two dense layers of `gan_core`, a softmax a factor) can learn to read them,
and read those of generated faces. Then one counts: how often does each hair colour come with each eye colour and each
mouth? A perfect sampler misses some combinations too, $\sum (1 - p)^n$ of them on average; and the classifier errs. So
the same is counted for new real faces, with the same classifier; and for these without any of pink hair *and* blue
eyes: a gap.
"""

# %%
THREE = ("hair_colour", "eye_colour", "mouth")


def count_combinations(config, generator):
    """Read the factors of real and generated faces, and count how they are combined.

    Returns:
        The classifier's accuracies, {name: `factor_coverage.Coverage`}, and the real faces with a
        gap.
    """
    from dcgan.figures import judging_plots

    reader = factor_classifier.train_classifier(
        generator.size, faces=config.taught, steps=config.steps, seed=config.seed
    )
    images, factors = factor_classifier.held_aside(
        config.counted, size=generator.size, seed=config.seed
    )
    is_pink = factors["hair_colour"] == drawn_faces.FACTORS["hair_colour"].index("pink")
    is_blue = factors["eye_colour"] == drawn_faces.FACTORS["eye_colour"].index("blue")
    with_gap = images[~(is_pink & is_blue)]
    accuracies = reader.accuracy(images, factors)
    told = ", ".join(f"{factor} {share:.1%}" for factor, share in accuracies.items())
    print("the classifier's accuracy on new drawn faces:", told)
    many = drawn_faces.factors(np.arange(100_000), seed=config.seed)
    three = {factor: drawn_faces.FACTORS[factor] for factor in THREE}
    sets = {
        "real": images,
        "real with a gap": with_gap,
        "generated": generator.sample(config.counted, config.seed + 2),
    }
    found = {}
    for name, faces in sets.items():
        found[name] = factor_coverage.coverage(reader.predict(faces), many, three)
        print_coverage(name, found[name])
    judging_plots.combinations(config.out / "combinations.png", found["generated"])
    return accuracies, found, with_gap


def print_coverage(name, one):
    """How many combinations never come out, and the first five of them."""
    print(
        f"{name}: {len(one.missing)} of {one.counts.size} combinations never come out in "
        f"{one.n:,} faces (a perfect sampler misses {one.missed_by_perfect:.2f}); "
        f"total variation {one.distance:.1%}"
    )
    for names in one.missing[:5]:
        print(f"  never: {' + '.join(names)}")


def measure_gap(config, proof, floor, faces):
    """Do the measures of section 1 see that a combination is missing?

    Returns:
        {measure: whether it found it out}; nothing where too few faces are left to tell.
    """
    if len(faces) < len(proof.reference):
        print(
            f"whether the gap is found out is not measured: {len(faces):,} faces are left, "
            f"and the floor is that of {len(proof.reference):,}. Say a larger --counted."
        )
        return {}
    faces = faces[: len(proof.reference)]
    if proof.mirrored:
        faces = real_sets.mirror_half(faces, seed=config.seed)
    out = evidence.found_out(evidence.measure(faces, proof, seed=config.seed), floor)
    names = [name for name, is_out in out.items() if is_out]
    print("the gap is found out by:", ", ".join(names) or "none of them")
    return out


# %%
if __name__ == "__main__":
    if proof.drawn:
        *_, gap = count_combinations(config, generator)
        measure_gap(config, proof, floor, gap)
    else:
        print("no combinations are counted: the factors of these faces are not known")

# %% [markdown]
r"""
*Notice.* The classifier reads every factor of new drawn faces at 98 % or more. Of new real faces no combination of
the 240 is missing; the total variation (chapter 10), 11 %, is what counting 3,000 faces in 240 cells gives. The gap is
named, and nothing else is: five missing combinations, pink and blue with each mouth. No measure of section 1 sees it.
Of the generator's faces 51 of the 240 are missing, most of them with a frown (46 by a classifier that learnt on another
CPU). In the figure, green cells come out too often, violet ones too seldom, crosses never; so whole columns and panels
tell which *values* it cannot make, before one asks for combinations. (A blurred mouth reads as *some* mouth: look at
the faces, too.)

## Exercises

1. Take the biased MMD (`metrics.mmd(..., unbiased=False)`) of two real sets, of 50 and of 200 faces. What would you
   conclude of two generators, one judged by 50 samples and one by 200? What does the unbiased one say?
2. Karras et al. divide the patches of each set by that set's *own* mean and sd. Which spoilt set would pass? Try: give
   every channel of a generated set the mean and sd of the real one, then measure again.
3. A combination has probability 1/1000. How many faces must you see before its absence means anything? (Say: before a
   perfect sampler misses it with a chance of only 5 %.)
"""


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_1(real, tries: int = 20):
    """The biased one is above 0 by (2/n)(1 - mean k).

    It falls as 1/n, so the generator with more samples wins. The unbiased is around 0 for both.

    Returns:
        {n: (mean of the biased, mean of the unbiased)} over random halves.
    """
    bandwidth = distances.mmd_bandwidth(real)
    found = {}
    for n in (50, 200):
        biased = []
        unbiased = []
        for seed in range(tries):
            one, other = distances.halves(real, n, seed=seed)
            x = distances.small(one)
            y = distances.small(other)
            biased.append(metrics.mmd(x, y, bandwidth=bandwidth, unbiased=False))
            unbiased.append(metrics.mmd(x, y, bandwidth=bandwidth, unbiased=True))
        found[n] = (float(np.mean(biased)), float(np.mean(unbiased)))
    return found


def solution_2(real, fake):
    """The one with its colours off: a constant is what the mean takes away.

    (Pixels stand in for patches here.)

    Returns:
        The coarsest level's distance by the real ruler, and after each set had its own.
    """
    moved = fake.astype(np.float64)
    for channel in range(3):
        ours = moved[..., channel]
        theirs = real[..., channel]
        moved[..., channel] = (ours - ours.mean()) / ours.std() * theirs.std() + theirs.mean()
    moved = np.clip(np.round(moved), 0, 255).astype(np.uint8)
    by_real = distances.sliced_wasserstein_pyramid(real, fake, seed=0)
    by_own = distances.sliced_wasserstein_pyramid(real, moved, seed=0)
    return by_real[16], by_own[16]


def solution_3(p: float = 0.001, chance: float = 0.05):
    """(1 - p)^n = 0.05 at n = log 0.05 / log(1 - p), about 3/p: 2,995.

    Returns:
        n, and the share of 1,000 perfect samplers that miss it in so many faces.
    """
    n = int(np.ceil(np.log(chance) / np.log(1.0 - p)))
    drawn = rng.uniform([1000, n], rng.seed(0, "1,000 samplers")).numpy()
    seen = (drawn < p).any(axis=1)
    return n, float(1.0 - np.mean(seen))
