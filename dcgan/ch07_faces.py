# %% [markdown]
r"""
# 7. Faces: look at the data before a network does

After this chapter you can turn a folder of pictures into one array, you know what to check in it, and you can measure
how far one set of pictures is from another.

## The question: what is in the data?

From here on the generator makes pictures: faces of $64 \times 64$ pixels, $12{,}288$ numbers each. It will learn what
its data *are*, faults and all. If a face is there fifty times, the generator makes it more often than others. If
every tenth picture is a thumbnail that somebody enlarged, every tenth generated face is blurred, and it *should* be:
the discriminator has seen such pictures among the real ones. No loss tells you about this, because from the loss's
point of view nothing is wrong.

Nobody looks at $20{,}000$ pictures one by one. **How can you find out, in a few minutes, what is in a folder of
pictures? And once a generator makes faces of its own, how can you say with a number how far they are from the real
ones?**

This chapter trains nothing. Its faces are drawn by a program, so that anybody can run it, and so that we know exactly
what is in them. With `--data` it looks at pictures of your own in the same way.

| | |
|---|---|
| **You need** | arrays, mean and standard deviation (sd); chapter 5 for the Wasserstein distance |
| **You will learn** | how files become one array; how to show pictures without fooling yourself; how to find near-duplicates and enlarged thumbnails; the sliced Wasserstein distance, and why it needs a floor |
| **New in gan_core** | `data.shuffled`, `metrics.sliced_wasserstein`; in dcgan `data`, `drawn`, `measures` |
| **Run it** | `python -m dcgan.ch07_faces`, or with `--data FOLDER_OR_ZIP`; `--help` lists the flags |
| **Time** | about a minute on two CPU cores; with 18,000 faces of your own about two |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # housekeeping: a quick --help, and a start without TensorFlow's messages

import dataclasses
import tempfile
from pathlib import Path

import numpy as np

from dcgan.data import faces, pixels
from dcgan.drawn import drawn_faces
from dcgan.figures import face_plots
from dcgan.lessons import untidy
from dcgan.measures import distances, duplicates, pyramid, statistics
from gan_core import checks, data, metrics, rng
from gan_core.app import command_line, plots, tables


@dataclasses.dataclass(frozen=True)
class Config:
    """Which faces the chapter looks at."""

    data: Path | None = None
    """folder, zip, tar, .npy or .npz of pictures of any size; none: faces that are drawn"""
    count: int = 2000
    """how many faces are drawn, at least 100"""
    size: int = 64
    """pixels on a side: 32, 64, 96 or 128"""
    batch: int = 128
    """faces in a batch, at least 2, at most as many as there are"""
    seed: int = 0
    """seed of the drawn faces and of every random choice, any whole number from 0 to 2^32"""
    cache: Path = Path("runs/cache")
    """folder where decoded pictures are kept"""
    out: Path = Path("runs/ch07")
    """folder for the figures"""

    def __post_init__(self):
        checks.one_of("Config", "size", self.size, (32, 64, 96, 128))
        checks.integer("Config", "count", self.count, 100, 10**6)
        checks.integer("Config", "batch", self.batch, 2, 10**5)
        checks.integer("Config", "seed", self.seed, 0, 2**32)


# %%
if __name__ == "__main__":
    config = command_line.read(Config, "Chapter 7: faces.", "python -m dcgan.ch07_faces")

# %% [markdown]
r"""
## 7.1 From files to one array

Faces from the web come as JPEG, PNG or GIF. Some are grey, some have a palette of 32 colours, some are transparent,
some are rotated, with an **EXIF orientation tag** that says how to turn them (EXIF is the note that a camera writes
into the file), and many are not square. The function `decode` of `dcgan.data.images` turns each of them into the same
thing, an array `uint8 [size, size, 3]`:

1. turn the picture upright, as its tag says;
2. fill transparent parts with white, and convert the picture to red, green and blue;
3. cut out the square at the centre (`--not-square` of a training has two other ways: bars, and squeezing);
4. resize it so that each new pixel is an average of all the old pixels that it replaces (if the side shrinks to an
   eighth, of about $8 \times 8$ old pixels; exercise 4 shows what happens otherwise).

Some files give no picture at all: a download that broke off, a web page saved under the name of a picture, a tiny
file that unpacks to hundreds of megabytes. A loader that stops at the first of them costs you a night. A loader that
silently ignores them hides how much is missing. `faces.load` skips them and says why.

To see this, we write an untidy folder: seven usable files of seven kinds, and five files that cannot be used.
"""


# %%
def read_untidy_folder(config) -> faces.Faces:
    """Seven usable files and five others: read them, and say what was passed over."""
    drawn = drawn_faces.draw(np.arange(7), seed=config.seed, size=2 * config.size)
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        untidy.folder(pictures, drawn)
        found = faces.load(pictures, config.size, cache=None)
    print(found.summary())
    tables.show(
        ["file", "why it was passed over"],
        found.skipped,
        caption="Table 7.1. Files of the untidy folder that gave no picture.",
    )
    return found


# %%
if __name__ == "__main__":
    tidied = read_untidy_folder(config)
    plots.show(
        face_plots.contact_sheet(tidied.images, columns=7),
        config.out / "untidy_folder.png",
        caption="Figure 7.1. Seven usable files, decoded: JPEG, PNG, grey, 32 colours, transparent "
        "corners (now white), a wide picture (cut), and one that was rotated in its file.",
        alt="Seven drawn faces in a row, all upright; the third is grey.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *All seven faces are upright, square and of one size.* A network can now take them as one array.
> - *The third is grey and stays grey.* It has three equal channels. A few grey pictures among coloured ones are a
>   kind of their own, which the generator will learn as well.

Now the faces that the rest of the chapter looks at: yours, or $2{,}000$ drawn ones.
"""


# %%
def get(config) -> faces.Faces:
    """The faces of `data`, or drawn ones."""
    if config.data is None:
        drawn = drawn_faces.draw(np.arange(config.count), seed=config.seed, size=config.size)
        return faces.Faces(drawn, [f"drawn {i}" for i in range(config.count)], [])
    with checks.renamed("faces.load: source", "Config: data"):
        found = faces.load(config.data, config.size, cache=config.cache)
    fewest = max(100, config.batch)
    if len(found.images) < fewest:
        wanted = f"at least {fewest} usable pictures"
        checks.fail("Config", "data", wanted, f"{len(found.images)}")
    return found


# %%
if __name__ == "__main__":
    with command_line.errors_in_one_line(Config):  # what is wrong with --data is one line
        found = get(config)
    print(found.summary())
    u = found.images
    plots.show(
        face_plots.contact_sheet(u[:32], columns=8),
        config.out / "sheet.png",
        caption="Figure 7.2. The first 32 faces.",
        alt="Four rows of eight faces.",
    )

# %% [markdown]
r"""
Figure 7.2 is called a **contact sheet**, a word from photography. It is the first thing to look at, before any
number: are these faces? Are they cut well? Do they look like each other, or come from different worlds?

## 7.2 Showing pictures on one scale

Pictures are stored as whole numbers $u$ from 0 to 255. Networks work best with numbers around 0, so we convert them
by

$$x = \frac{u}{127.5} - 1, \tag{7.1}$$

which lies between $-1$ and $1$. The generator ends in $\tanh$, which has the same range. To *show* $x$, go the same
way back: $(x + 1)/2$ is a brightness between 0 and 1. The scale is the same **for all pictures**.

Many plotting snippets do something else. They take each picture's own smallest value as black and its own largest
value as white, $(x - \min x)/(\max x - \min x)$. The next cell compares both ways, on the faces themselves and on
faces whose contrast has been reduced to a quarter. (Section 8.9 has a generator whose first pictures are far paler
still.)
"""


# %%
def dimmed(u) -> np.ndarray:
    """The pictures with a quarter of their contrast, around the middle of the scale."""
    return np.uint8(96 + u // 4)  # from 96 to 159


def there_and_back(u) -> np.ndarray:
    """Equation (7.1), and the way back to levels."""
    return pixels.to_uint8(pixels.to_float(u)).numpy()


def mean_changes(u, shown) -> np.ndarray:
    """By how many levels each picture changes, on average over its pixels."""
    return np.abs(np.float32(shown) - u).mean(axis=(1, 2, 3))


def measure_scales(u) -> dict:
    """What both ways of showing change; gives a dictionary: what was measured, in levels."""
    dim = dimmed(u)
    changes = mean_changes(u, statistics.stretched(u))
    level_change = np.abs(np.float32(there_and_back(dim)) - dim).max()
    measured = {
        "equation (7.1) and back: largest change of a level": float(level_change),
        "own scale: mean change of a face": float(changes.mean()),
        "own scale: change of the face that changes most": float(changes.max()),
        "sd of all levels": float(u.std()),
        "sd of all levels, dim faces": float(dim.std()),
        "sd of all levels, dim faces on their own scales": float(statistics.stretched(dim).std()),
    }
    tables.show(
        ["", "levels, 0 to 255"],
        [[name, f"{value:.1f}"] for name, value in measured.items()],
        caption="Table 7.2. What showing each picture on its own scale changes "
        "(the first 1,000 faces).",
    )
    return measured


def draw_scales(u):
    """A figure: eight faces on one scale and on their own, as they are and with less contrast."""
    changes = mean_changes(u, statistics.stretched(u))
    most_changed = np.argsort(-changes)[:4]
    others = [i for i in range(8) if i not in most_changed][:4]
    chosen = u[[*most_changed, *others]]
    dim = dimmed(chosen)
    rows = {
        "one scale": chosen,
        "own scale": statistics.stretched(chosen),
        "dim, one scale": dim,
        "dim, own scale": statistics.stretched(dim),
    }
    return face_plots.rows_of_pictures(rows)


# %%
if __name__ == "__main__":
    measure_scales(u[:1000])
    plots.show(
        draw_scales(u[:1000]),
        config.out / "stretched.png",
        caption="Figure 7.3. Eight faces on one scale and each on its own; below, the same with a "
        "quarter of the contrast. Left: the four faces that their own scale changes most.",
        alt="Four rows of faces. The third is dim; the fourth looks like the second.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Equation (7.1) and the way back lose nothing:* no level changes.
> - *Third and fourth row: a contrast of a quarter is plain to see on one scale, and invisible on each picture's own.*
>   In Table 7.2 the sd of the dim faces is a quarter of what it should be, and showing them on their own scales
>   brings it back.
> - *First and second row: the four faces on the left have no black pixel.* Stretching makes their darkest pixel black,
>   and so the whole face darker. The same hair colour now looks different in two pictures.

> **Common mistake: scaling each picture by its own minimum and maximum.** It hides exactly what you look for:
> pictures that are too dark, too pale, or of one colour. Most real faces reach from 0 to 255 anyway, so the mistake
> goes unnoticed until the generator makes pictures with a small range.

## 7.3 What to hold in memory, and how to take batches

A face is $64 \cdot 64 \cdot 3 = 12{,}288$ bytes as `uint8`, and four times that as `float32`. For $20{,}000$ faces
that is 246 MB or 983 MB. So keep `uint8`, and convert the pictures that you use. Table 7.3 measures the difference
for the small task of showing five pictures.
"""


# %%
def convert_all_and_take_five(u):
    return (np.float32(u) / 127.5 - 1.0)[:5]


def convert_five(u):
    return np.float32(u[:5]) / 127.5 - 1.0


def measure_memory(u) -> dict:
    """The most memory in use in both ways; gives a dictionary of bytes."""
    measured = {
        "five faces, after converting all": statistics.peak_bytes(
            lambda: convert_all_and_take_five(u)
        ),
        "five faces, converted alone": statistics.peak_bytes(lambda: convert_five(u)),
        "all faces, kept as uint8": u.nbytes,
    }
    rows = []
    for name, value in measured.items():
        megabytes = value / 1e6
        rows.append([name, f"{megabytes:,.2f}"])
    tables.show(["", "MB"], rows, caption="Table 7.3. Most memory in use at once.")
    return measured


# %%
if __name__ == "__main__":
    measure_memory(u)

# %% [markdown]
r"""
Converting all faces takes eight times the memory of the `uint8` array, and not four times: for a moment NumPy holds
the quotient *and* the difference, both as float32 and so four times as large.

**Batches.** Training goes through the faces in random order, a batch at a time; once through all of them is an
**epoch**. If the number of faces is no multiple of the batch size $B$, some faces are left over at the end:
$20{,}000 = 156 \cdot 128 + 32$. A short last batch is not harmless in a GAN. The loss is a mean over the real
samples plus a mean over the generated ones, and with 32 real and 128 generated samples each real face has four times
the weight of a generated one (exercise 2). `gan_core.data.shuffled` makes full batches only. Each epoch has a new
order, so other faces are left over each time.
"""


# %%
def count_views(config, n: int, epochs: int = 10) -> np.ndarray:
    """How often each of n faces is seen in so many epochs."""
    sampler = data.shuffled(np.arange(n), config.batch, seed=config.seed)
    batches_an_epoch = n // config.batch
    views = np.zeros(n, int)
    for index in range(epochs * batches_an_epoch):
        seen = sampler(index).numpy()  # the numbers of the faces in a batch, each of them once
        views[seen] += 1
    tables.show(
        ["faces", "full batches an epoch", "left over", "views of a face in 10 epochs"],
        [[n, batches_an_epoch, n % config.batch, f"{views.min()} to {views.max()}"]],
        caption=f"Table 7.4. Full batches of {config.batch}.",
    )
    return views


# %%
if __name__ == "__main__":
    count_views(config, len(u))

# %% [markdown]
r"""
> **Common mistake: a short last batch.** It gives real samples another weight than generated ones, and batch norm
> other statistics (chapter 8). Besides, a compiled training step is compiled once more for the odd shape. Drop the
> rest of the epoch, and shuffle anew.

## 7.4 What to check: copies, thumbnails, alignment

**Near-duplicates.** A face that is in the data fifty times counts fifty times in the loss. A copy that lies
both among the training faces and among those kept for judging is worse still, because it makes a generator that
memorises look good (chapter 11). Exact copies are easy to find. But copies from the web are compressed again, or a
little brighter, or cut one pixel further left. The function `duplicates.pairs` works in two steps:

1. It reduces each picture to 64 bits, a **difference hash**: 8 rows of 9 cells. Each row has 8 pairs of neighbours, and
   for each pair one bit says whether the right cell is brighter. Compression and brightness change few of these
   $8 \cdot 8 = 64$ bits. Pairs that differ in at most 10 bits are candidates.
2. Among millions of pairs some hashes agree by chance. So it compares the candidates themselves, reduced to
   $16 \times 16$ pixels. A pair is reported if the root of the mean squared difference is at most 16 levels.

**Enlarged thumbnails.** A picture of 24 pixels that was enlarged to 64 has the right size and no fine detail. To
measure detail, halve each picture, double it again, and subtract the result from the picture. What is left is what
only the full size can hold: edges and texture. Its sd is the picture's *detail*. We flag pictures with less than half
of the median detail.

The thresholds (10 bits, 16 levels, half of the median) are choices, and no theory gives them. A check that finds
nothing may be blind, and a check that flags everything is useless. So we plant 100 faults of each kind, count how many
are found, and count what is flagged among the faces themselves.
"""


# %%
def detail(u) -> np.ndarray:
    """The sd of what a picture loses when it is halved and doubled again: [N], in levels."""
    parts = []
    for first in range(0, len(u), 500):  # in pieces, to save memory
        finest = pyramid.laplacian_pyramid(u[first : first + 500])[0]
        parts.append(finest.std(axis=(1, 2, 3)))
    return np.concatenate(parts)


def find_faults(u) -> tuple[list, dict, int]:
    """Plant faults and find them; look for the same faults among the faces.

    Gives the near-duplicates among the faces, a list of (i, j, difference); a dictionary: how many
    of 100 planted faults of each kind are found; and how many faces lack fine detail.
    """
    planted = {}
    for kind, copies in untidy.copies(u[:100]).items():
        pairs = duplicates.pairs(copies, u[:100])
        found = [i for i, j, _ in pairs if i == j]  # copy i was matched with face i
        planted[kind] = len(found)
    details = detail(u)
    least = 0.5 * np.median(details)
    planted["thumbnails"] = int(np.count_nonzero(detail(untidy.thumbnails(u[:100])) < least))
    among_the_faces = duplicates.pairs(u)
    without_detail = int(np.count_nonzero(details < least))
    rows = [[f"planted: {kind}", f"{number} of 100"] for kind, number in planted.items()]
    rows += [
        ["near-duplicates among the faces", f"{len(among_the_faces)} pairs"],
        ["faces without fine detail", f"{without_detail} of {len(u):,}"],
    ]
    tables.show(
        ["fault", "found"], rows, caption="Table 7.5. Planted faults, and faults of the faces."
    )
    return among_the_faces, planted, without_detail


def show_planted_faults(u):
    """A figure of eight faces and their copies."""
    rows = {"as it is": u[:8], **untidy.copies(u[:8]), "thumbnail": untidy.thumbnails(u[:8])}
    return face_plots.rows_of_pictures(rows)


# %%
if __name__ == "__main__":
    pairs, planted, without_detail = find_faults(u)
    plots.show(
        show_planted_faults(u),
        config.out / "planted.png",
        caption="Figure 7.4. Eight faces, and the faults that were planted: compressed again, 12 "
        "levels brighter, moved by a pixel, enlarged from 3/8 of the size.",
        alt="Five rows of the same eight faces; the last row is blurred.",
    )
    if pairs:
        shown = np.concatenate([u[[i, j]] for i, j, _ in pairs[:16]])
        plots.show(
            face_plots.contact_sheet(shown),
            config.out / "pairs.png",
            caption="The pairs that are most alike, side by side.",
            alt="Faces; the second of each two looks like the first.",
        )

# %% [markdown]
r"""
> **Notice.**
>
> - *All compressed and brighter copies are found, and four in five of those moved by a pixel.* The check is not
>   blind.
> - *95 of 100 planted thumbnails are found.* In Figure 7.4 they are easy to see. Nobody would see them among $20{,}000$
>   faces; the computed detail still finds them.
> - *There are no false alarms.* The drawn faces have neither fault, and none of them is flagged. With a folder of your
>   own, look at each pair and decide: two frames of one film may both be wanted.

**Alignment and levels.** Two pictures and a plot sum up all faces at once: the mean face, the sd of each pixel, and
how often each level occurs.
"""


# %%
def sum_up(u):
    """A figure of the mean face, the sd of each pixel, and how often each level occurs."""
    channels = [u[..., channel] for channel in range(3)]
    counts = np.stack([np.bincount(channel.ravel(), minlength=256) for channel in channels])
    variances = [np.var(channel, axis=0, dtype=np.float64) for channel in channels]
    spread = np.sqrt(np.mean(variances, axis=0))
    return face_plots.mean_and_histograms(statistics.mean_picture(u), spread, counts)


# %%
if __name__ == "__main__":
    plots.show(
        sum_up(u),
        config.out / "mean_face.png",
        caption="Figure 7.5. Left: the mean of all faces. Middle: how much each pixel varies. "
        "Right: how often each level occurs.",
        alt="A blurred face, a map with bright eyes, and three curves that rise at level 255.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The mean face is a face.* The sharper it is, the better the faces are aligned, and the easier is the generator's
>   task.
> - *The eyes vary most,* the middle of the face least. That is where a generator has most to learn.
> - *The mean is nearly symmetric.* This matters if you mirror faces at random to have more of them. A generator
>   trained on mirrored faces makes mirrored faces. That is harmless only if the data contain each kind of face as
>   often as its mirror image. An asymmetric mean (partings mostly on one side, for example) shows that they do not. A
>   symmetric mean does not prove that they do.
> - *Levels pile up at 255.* Equation (7.1) maps 255 to 1, which $\tanh$ reaches only at infinity. A generator comes
>   close and never gets quite there.

## 7.5 Faces whose every factor is known

Nobody tells us the hair colour of a face from the web. A drawn face, in contrast, is made from a table of independent
**factors**, and the table comes with it. That makes questions answerable that otherwise remain matters of taste.
Chapter 10 asks what a direction in the latent space changes, and chapter 11 counts the combinations that a generator
never makes. The next cell takes one face, and changes one factor at a time.
"""


# %%
def one_factor_at_a_time(config) -> dict:
    """One face in all values of each factor; gives a dictionary: factor and its faces."""
    number = 8  # of the face; any other would do
    rows = {}
    lines = []
    combinations = 1
    for factor, values in drawn_faces.FACTORS.items():
        title = factor.replace("_", " ")
        lines.append([title, len(values), ", ".join(values)])
        combinations *= len(values)
        same_face = np.full(len(values), number)
        changed = drawn_faces.factors(same_face, seed=config.seed)
        changed[factor] = np.arange(len(values))
        rows[title] = drawn_faces.draw_factors(
            changed, same_face, seed=config.seed, size=config.size
        )
    lines.append(["combinations", combinations, ""])
    tables.show(
        ["factor", "values", "which"], lines, caption="Table 7.6. The factors of a drawn face."
    )
    return rows


# %%
if __name__ == "__main__":
    plots.show(
        face_plots.rows_of_pictures(one_factor_at_a_time(config)),
        config.out / "factors.png",
        caption="Figure 7.6. One face, with one factor changed in each row.",
        alt="Ten rows of nearly the same face; in the first row its hair has eight colours.",
    )

# %% [markdown]
r"""
Ten factors have more than five million combinations. Each face also has its own small variations, such as the
position of its head, which are not in the table. So $2{,}000$ drawn faces are $2{,}000$ different faces.

## 7.6 The distance between two sets of pictures

Now the second question. Given a set of real pictures and a set of generated ones, how far apart are they? It makes no
sense to compare picture with picture, because no generated face has a real partner. We must compare *distributions*.
We do it in three steps, from numbers to points to pictures.

**Step 1: numbers.** Take two sets of $n$ numbers, $x_1, \dots, x_n$ and $y_1, \dots, y_n$, and imagine heaps of sand
at these places. The Wasserstein distance $W_1$ is the smallest mean distance over which the sand of one set must be
carried to become the other (chapter 5). On a line the best plan is known: carry the smallest to the smallest, the
second to the second, and so on. Chapter 5 showed why: uncrossing two paths never makes them longer. With $x_{(i)}$ for
the $i$-th smallest number,

$$W_1(x, y) = \frac1n \sum_{i=1}^n \big| x_{(i)} - y_{(i)} \big|. \tag{7.2}$$

*Example, by hand.* Let $x = (1, 4, 7)$ and $y = (2, 9, 3)$. Sorted, $y$ is $(2, 3, 9)$, and
$W_1 = (1 + 1 + 2)/3 = 4/3$. In the order in which they are written, the sand would travel $(1 + 5 + 4)/3 = 10/3$.
"""

# %%
if __name__ == "__main__":
    print(f"W1 by the library: {metrics.wasserstein_1([1.0, 4.0, 7.0], [2.0, 9.0, 3.0]):.4f}")

# %% [markdown]
r"""
**Step 2: points.** In more than one dimension there is no sorting, and the best plan is expensive to find. The way out
is to look at the points along lines. A direction $d$ of length 1 turns a point $x$ into a number, its place along the
line: the inner product $d^\top x$. The **sliced Wasserstein distance** is the mean of $W_1$ over $P$ random directions
[Rabin et al. 2011]:

$$SW(X, Y) = \frac1P \sum_{p=1}^P W_1\big( d_p^\top x_1, \dots, d_p^\top x_n;\;
d_p^\top y_1, \dots, d_p^\top y_n \big). \tag{7.3}$$

It sorts each set $P$ times. If two distributions differ, they differ along some directions. In the plane a few dozen
random directions include such ones; in thousands of dimensions most random directions may show hardly anything, and
step 3 deals with that. Figure 7.7 shows two clouds that look the same along one line and different along another.
"""


# %%
def two_clouds(seed):
    """Two normal clouds of 1,000 points [1000, 2], with correlations 0.9 and -0.9."""
    noise = rng.normal([2, 1000, 2], rng.seed(seed, "clouds")).numpy()
    # If L L^T is a covariance matrix, L times a standard normal point has that covariance.
    # `cholesky` finds L.
    rising = np.linalg.cholesky([[1.0, 0.9], [0.9, 1.0]])
    falling = np.linalg.cholesky([[1.0, -0.9], [-0.9, 1.0]])
    return noise[0] @ rising.T, noise[1] @ falling.T


def show_slices(config):
    """A figure of both clouds along an axis and along the diagonal, with W1 along each."""
    x, y = two_clouds(config.seed)
    directions = {
        "along the first axis": np.array([1.0, 0.0]),
        "along the diagonal": np.array([1.0, 1.0]) / np.sqrt(2.0),
    }
    panels = {}  # title of a panel: its direction
    for name, direction in directions.items():
        distance = metrics.wasserstein_1(x @ direction, y @ direction)
        title = f"{name}: W₁ = {distance:.2f}"
        panels[title] = direction
    return face_plots.slices(x, y, panels)


# %%
if __name__ == "__main__":
    plots.show(
        show_slices(config),
        config.out / "slices.png",
        caption="Figure 7.7. Two clouds of points, and their places along two lines. Along an axis "
        "they agree; along the diagonal they do not.",
        alt="Two crossing clouds; two equal histograms; a wide and a narrow histogram.",
    )

# %% [markdown]
r"""
**Step 3: pictures.** A picture of $64 \times 64$ pixels is a point in $12{,}288$ dimensions, and a random direction
there mixes everything with everything. It is better to ask separate questions, as [Karras et al. 2018] does.

- *Do small patches look like real ones?* Take the picture apart into the levels of a **Laplacian pyramid**. Its
  finest level is the detail of section 7.4: the picture less its halved and doubled copy. The next level is the same
  for the halved picture, and so on; the last level is what remains, the picture at $16 \times 16$. (The pyramid halves
  with a smoothing filter of $5 \times 5$ pixels.) Cut patches of
  $7 \times 7$ pixels at random places from each level. A patch is a point in $7 \cdot 7 \cdot 3 = 147$ dimensions,
  and equation (7.3) compares the patches of both sets, level by level.
- *Do whole pictures agree?* Reduce each picture to $16 \times 16$ pixels, which is a point in 768 dimensions, and use
  equation (7.3) again.

Before equation (7.3) is used, both sets are put on one scale: we subtract the mean of the *real* patches and divide by
the sd of the *real* patches. So all distances have one unit, and we state them in thousandths of the real sd. For 64
pixels that makes four distances: patches at 64, at 32 and at 16 pixels, and whole pictures.
`distances.patches_and_whole` computes the four and their mean. It cuts 16 patches of each picture at each level, and
has $P = 128$. Later chapters call this mean **the distance**, or the **distance of pixels** where it stands beside
measures of another kind.

**The floor.** How large is the distance of two sets that come from the *same* source? It is not 0. Take two halves of
the real pictures: different faces, hence different points, and equation (7.2) adds up absolute values, which cannot
cancel. So a perfect generator does not reach 0 either. The distance between two real sets is called the **floor**. A
distance says something only in comparison with it.

Let us try it on sets with known faults. One half of the faces is "real". The other half is first used as it is, which
gives the floor, and then with a fault.
"""


# %%
def faulty_sets(u) -> dict:
    """Gives a dictionary: the faces u, and three faulty sets that are as large."""
    blocks = pixels.block_means(u, u.shape[1] // 2)  # each 2 x 2 pixels become one
    blurred = np.uint8(np.round(blocks)).repeat(2, axis=1).repeat(2, axis=2)  # and 2 x 2 again
    ten_again_and_again = u[np.arange(len(u)) % 10]  # faces 0 to 9, 0 to 9, ...
    return {
        "real (the floor)": u,
        "halved and doubled": blurred,
        "16 levels darker": np.uint8(np.maximum(u.astype(int) - 16, 0)),
        "ten faces, again and again": ten_again_and_again,
    }


def measure_faults(config, u) -> dict:
    """The distance of each set from real faces, level by level; gives a dictionary."""
    n = min(1000, len(u) // 2)
    real, others = distances.halves(u, n, seed=config.seed)
    found = {}
    for name, some in faulty_sets(others).items():
        found[name] = distances.patches_and_whole(real, some, seed=config.seed)
    sizes = pyramid.sizes(u.shape[1])  # 64, 32 and 16
    columns = [*sizes, "whole", "mean"]
    rows = []
    for name, row in found.items():
        rows.append([name, *(f"{row[column]:.1f}" for column in columns)])
    tables.show(
        ["set", *(f"patches at {size}" for size in sizes), "whole", "the distance"],
        rows,
        caption=f"Table 7.7. Distances from {n:,} real faces, in thousandths of the real sd.",
    )
    return found


# %%
if __name__ == "__main__":
    measure_faults(config, u)

# %% [markdown]
r"""
> **Notice.**
>
> - *First row: real against real is not 0.* These numbers are the floor.
> - *Halved and doubled: the finest patches are at eleven times the floor,* the middle ones at six times (the pyramid's
>   own halving looks at more than $2 \times 2$ pixels), the coarsest and the whole pictures at the floor. Fine detail is
>   missing, and the levels say so. Averages over larger blocks do not change when $2 \times 2$ pixels are averaged, so
>   the coarse measures cannot see it.
> - *Darker: the coarsest patches and the whole pictures see it,* the finer ones do not: they are differences, in which
>   a constant cancels.
> - *Ten faces, again and again: the finest patches are close to the floor,* since each of them is a real one. The
>   whole pictures are far from it. A measure of fine patches alone would miss a mode collapse.

**Why the floor depends on $n$.** The mean of $n$ numbers differs from the true mean by about sd$/\sqrt n$. The
quantiles of a sample, its median for example, have errors of the same order, and $W_1$ is a mean of such errors. So
the floor shrinks like $1/\sqrt n$. Here $n$ counts pictures: the 16 patches of one picture are related, and do not
replace 16 pictures. Four times as many pictures halve the floor. Table 7.8 and Figure 7.8 measure it.
"""


# %%
def measure_floors(config, u, splits: int = 3) -> tuple[list, np.ndarray]:
    """The floor for four sizes of the sets; gives the sizes, and the floors [4, splits]."""
    most = min(1000, len(u) // 2)
    sizes = [most // 8, most // 4, most // 2, most]
    floors = np.zeros([len(sizes), splits])
    for row, n in enumerate(sizes):
        for split in range(splits):
            one, other = distances.halves(u, n, seed=config.seed + split)
            floors[row, split] = distances.patches_and_whole(one, other, seed=config.seed)["mean"]
    rows = []
    for n, of_splits in zip(sizes, floors, strict=True):
        mean = of_splits.mean()
        sd = of_splits.std(ddof=1)
        times_root = mean * np.sqrt(n)  # about the same for every n, if the floor follows 1 / √n
        rows.append([n, f"{mean:.1f}", f"{sd:.1f}", f"{times_root:.0f}"])
    tables.show(
        ["n", "floor", "sd over the splits", "floor · √n"],
        rows,
        caption=f"Table 7.8. The floor of the distance, over {splits} random splits of the faces.",
    )
    return sizes, floors


# %%
if __name__ == "__main__":
    plots.show(
        face_plots.floors(*measure_floors(config, u)),
        config.out / "floors.png",
        caption="Figure 7.8. The floor of the distance against the number of pictures in each set.",
        alt="Points on a falling straight line in logarithmic scales.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The last column of Table 7.8 is nearly constant.* The floor follows $1/\sqrt n$.
> - *The last sd is too small.* At $n = 1{,}000$ each split uses all $2{,}000$ faces, so the splits are not independent.
> - *Hence two distances can be compared only if they were measured with the same number of pictures.*

> **Common mistake: a distance without its floor.** "The distance is 55" means nothing. With 250 pictures in each set
> that is the floor (Table 7.8), which a perfect generator has, and with $1{,}000$ it is twice the floor. State $n$,
> the floor, and the distance.

## 7.7 How close are drawn faces to real ones?

The last cell describes your faces and as many drawn ones by a few plain numbers, and by the mean of the three patch
distances alone. Without `--data` it compares drawn faces with drawn faces of another seed, and so shows what chance
does. *Red*, *green* and *blue* are the mean levels, *contrast* is the mean sd of a picture's levels, and *exposure*
the sd of the pictures' mean brightness. *Edges* is the mean absolute difference of neighbouring pixels, *asymmetry*
the mean absolute difference between the mean face and its mirror image. *MS-SSIM* (multi-scale structural similarity)
says how alike two random pictures of a set are, 1 for equal ones (chapter 11).
"""


# %%
def compare(config, u) -> dict:
    """Gives a dictionary: for each number its value for these faces, and for drawn ones.

    For the distance: half of these faces against the other half, and against drawn ones.
    """
    n = min(1000, len(u) // 2)
    one, other = distances.halves(u, n, seed=config.seed)
    drawn = drawn_faces.draw(np.arange(n), seed=config.seed + 1, size=config.size)
    described = statistics.describe(one)
    drawn_described = statistics.describe(drawn)
    found = {name: (described[name], drawn_described[name]) for name in described}
    found["MS-SSIM of pairs"] = (
        distances.diversity(one, seed=config.seed, pairs=500),
        distances.diversity(drawn, seed=config.seed, pairs=500),
    )
    found["distance of patches"] = (
        distances.sliced_wasserstein_pyramid(one, other, seed=config.seed)["mean"],
        distances.sliced_wasserstein_pyramid(one, drawn, seed=config.seed)["mean"],
    )
    ours = "yours" if config.data else "drawn"
    rows = []
    for name, values in found.items():
        texts = [f"{value:.3f}" if value < 1.0 else f"{value:.1f}" for value in values]
        rows.append([name, *texts])
    tables.show(
        ["", ours, "drawn, another seed"],
        rows,
        caption=f"Table 7.9. {n:,} faces of each kind. Last row: half of the first set against its "
        "other half (the floor), and against the second set.",
    )
    return found


# %%
if __name__ == "__main__":
    compare(config, u)

# %% [markdown]
r"""
Two seeds of drawn faces agree as well as chance allows. Take the mean red, in which the two sets differ by 2.1 levels.
The mean red of single faces has an sd of about 28.7 (not shown), so the mean of 1,000 faces has the standard error
$28.7 / \sqrt{1{,}000} = 0.9$, and the difference of two such means $\sqrt 2 \cdot 0.9 = 1.3$. A difference of 1.6
standard errors in one row of many is chance. In the last row 23.0 is above the floor of 19.7, but the floor varies too:
over six sets of 1,000 faces the coarsest of its three distances has an sd of 8.5 (Table 11.2).

Drawn faces are *not* real ones, however. With 18,000 anime faces from the web (`--data animefaces.zip`) the distance of
patches was six times its floor. Drawn faces serve to check methods, because we know what is in them. They do not replace
your data.

## Summary

- A generator learns its data with all their faults. Look at a contact sheet, and read what the loader passed over.
- Pictures are kept as `uint8` and converted by equation (7.1) when they are used. They are shown on one scale for
  all.
- Batches are full, and each epoch has a new order.
- Near-duplicates are found by a hash and a comparison, enlarged thumbnails by their lack of detail. Plant faults to
  see whether a check finds them.
- The sliced Wasserstein distance compares two sets of points by sorting their places along random lines. For pictures
  it is applied to patches of each pyramid level, and to whole pictures at $16 \times 16$.
- Two sets of real pictures have a distance, too: the floor, which shrinks like $1/\sqrt n$. A distance is judged
  against the floor at the same $n$.

## Exercises

1. ★ Compute $W_1$ of $x = (0, 2, 7)$ and $y = (5, 1, 3)$ by hand. How does $W_1(x, y)$ change if a constant $c$ is
   added to *both* sets? And to $y$ alone, if $c$ is large?
2. ★ A last batch has 32 real and 128 generated samples. Ask the discriminator's loss for its gradients at logits of
   0: how much more does a real logit count than a generated one?
3. ★★ Which of the faces are nearly their own mirror images, and which are the mirror image of another? Use
   `duplicates.pairs`.
4. ★★ Reduce a picture of 512 pixels of fine stripes to 64 pixels, once by taking every eighth pixel and once by
   `images.decode`. Explain what you see.
5. ★★ Show by numbers that $W_1$ of two independent samples of $N(0, 1)$ shrinks like $1/\sqrt n$. Why can it not
   shrink like $1/n$?
6. ★★ Compute equation (7.3) for the two clouds of Figure 7.7, once with the two axes as the only directions, and once
   with 128 random ones. What does this say about a small $P$?
7. ★★★ Build a check of your own: find pictures with black bars on the left and on the right, as of a film in the
   wrong format. Plant bars in 100 faces, and report how many of them your check finds and how many clean faces it
   flags.

## Further reading

- [Karras et al. 2018] introduces the sliced Wasserstein distance of pyramid patches as a measure for GANs.
- [Rabin et al. 2011] defines the sliced Wasserstein distance.
- [Villani 2003] proves that sorting is the best plan on a line.
"""
