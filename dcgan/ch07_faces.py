# %% [markdown]
r"""
# 7. Faces: look at the data before a network does

| | |
|---|---|
| **You need** | arrays; chapter 3 for what a batch is |
| **You get** | pictures of any kind as one array; what to check in it; faces whose every factor is known |
| **New in gan_core** | `data.shuffled`; in dcgan `data`, `drawn`, `measures` |
| **Run it** | `python -m dcgan.ch07_faces`, or with `--data FOLDER_OR_ZIP`; `--help` lists the flags |
| **Time** | about 25 s on two CPU cores; with 18,000 faces of your own a minute |

A generator learns what its data *are*, faults and all, and no loss speaks of those. So this chapter trains nothing. Its
faces are drawn by a program (`dcgan.drawn.drawn_faces`), or your own; what is said of *real* faces was measured on 18,000 of
Kaggle's Anime Face Dataset, of which the lab that this book replaces takes 20,000.

**Where the lab went wrong**, each shown below by a number: it stretches every picture by its own least and greatest
value before showing it (section 2); it loads 983 MB to show five of them (3); its last batch has 32 real pictures
against 128 generated (4).
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
import io
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image
from rich.console import Console
from rich.table import Table

from dcgan.data import faces, images, pixels
from dcgan.drawn import drawn_faces
from dcgan.figures import sheets
from dcgan.lessons import untidy
from dcgan.measures import distances, duplicates, statistics
from gan_core import checks, data, losses
from gan_core.app.command_line import run


@dataclasses.dataclass(frozen=True)
class Config:
    data: Path | None = None
    """folder, zip, tar or array file of pictures; none: drawn faces"""
    count: int = 2000
    """how many faces are drawn, at least 100"""
    size: int = 64
    """pixels on a side: 32, 64 or 128"""
    batch: int = 128
    """faces in a batch, at least 2, at most as many as there are"""
    seed: int = 0
    """of the drawn faces and of every random choice"""
    cache: Path = Path("runs/cache")
    """folder where decoded pictures are kept"""
    out: Path = Path("runs/ch07")
    """folder for the figures"""

    def __post_init__(self):
        checks.one_of("Config", "size", self.size, (32, 64, 128))
        checks.integer("Config", "count", self.count, 100, 10**6)
        checks.integer("Config", "batch", self.batch, 2, 10**5)
        checks.integer("Config", "seed", self.seed, 0, 2**32)


# %% [markdown]
r"""
## 1. From files to one array

Faces from the web come as JPEG, PNG or GIF, grey, with a palette, transparent, lying on their side with a note to turn
them, not square. `images.decode` makes `uint8 [size, size, 3]` of each: upright, RGB on white, the square at the
centre, resized by a filter as wide as the reduction (exercise 3). Some files are no pictures. A loader that stops at
the first of them costs a night; a silent one hides how much is missing. `faces.load` passes them over and says why.
"""


# %%
def read_untidy_folder(config) -> faces.Faces:
    """Seven usable files, five others: read them, say what was skipped."""
    drawn = drawn_faces.draw(np.arange(7), seed=config.seed, size=2 * config.size)
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        untidy.folder(pictures, drawn)
        found = faces.load(pictures, config.size, cache=None)
    print(f"an untidy folder: {found.summary()}")
    for name, why in found.skipped:
        print(f"    {name}: {why}")
    sheets.save(sheets.sheet(found.images, columns=7), config.out / "untidy_folder.png")
    return found


def get(config) -> faces.Faces:
    """The faces that the rest of the chapter looks at: those of `data`, or drawn ones."""
    if config.data is None:
        drawn = drawn_faces.draw(np.arange(config.count), seed=config.seed, size=config.size)
        return faces.Faces(drawn, [f"drawn {i}" for i in range(config.count)], [])
    got = faces.load(config.data, config.size, cache=config.cache)
    least = max(100, config.batch)
    if len(got.images) < least:
        wanted = f"at least {least} usable pictures"
        checks.fail("Config", "data", wanted, f"{len(got.images)}")
    return got


# %% [markdown]
r"""
## 2. Looking

Pictures are uint8 from 0 to 255 on the disk and in memory; networks want numbers around 0, so $x = u / 127.5 - 1$, and
$G$ ends in tanh, from $-1$ to $1$. To show $x$, go the same way back: $(x + 1)/2$, **one scale for all**. The lab takes
$(x - \min x)/(\max x - \min x)$, with each picture's own ends. That hides what you look for: a $G$ whose pictures are
too dark or too grey looks right, and colours of one dress differ from picture to picture.
"""


# %%
def look(config, u) -> dict:
    """Draw a sheet, and faces shown both ways. -> changes in levels, contrasts (sds), as printed"""
    # Here, so that importing the chapter loads no plotting library.
    from dcgan.figures import face_plots

    sheets.save(sheets.sheet(u[:64]), config.out / "sheet.png")
    u = u[:1000]
    u_stretched = statistics.stretched(u)
    # A generator that has not learnt much may make faces of a quarter of the contrast.
    dim = np.uint8(96 + u // 4)
    dim_and_back = pixels.to_uint8(pixels.to_float(dim)).numpy()
    dim_stretched = statistics.stretched(dim)
    level_change = np.abs(np.float32(dim_and_back) - dim).max()
    changes = np.abs(np.float32(u_stretched) - u).mean(axis=(1, 2, 3))
    found = {
        "x = u / 127.5 - 1 and back: most that a level changes": float(level_change),
        "stretched: change of a face, on average": float(changes.mean()),
        "... of the worst": float(changes.max()),
        "contrast of faces": float(u.std()),
        "of dim faces": float(dim.std()),
        "... stretched": float(dim_stretched.std()),
    }
    for name, value in found.items():
        print(f"    {name}: {value:.1f}")
    worst = np.argsort(-changes)[:4]
    others = np.setdiff1d(np.arange(8), worst)[:4]
    shown = np.concatenate([worst, others])
    rows = {
        "(x + 1) / 2": u[shown],
        "stretched": u_stretched[shown],
        "dim, (x + 1) / 2": dim_and_back[shown],
        "dim, stretched": dim_stretched[shown],
    }
    face_plots.rows_of_pictures(config.out / "stretched.png", rows)
    return found


# %% [markdown]
r"""
*Notice.* Four in five real faces reach from 0 to 255 anyway: stretching does nothing. But 1.5 % of them it changes by
more than 10 levels, the worst by 60; drawn ones by 5 on average. And faces of a quarter of the contrast look all right.

## 3. How much to hold

A face is $64 \cdot 64 \cdot 3 = 12{,}288$ bytes as uint8 and four times that as float32: 20,000 are 246 MB or 983 MB.
The lab makes the 983 MB to show five (for a moment twice that: NumPy writes the result beside what it came from).
Keep uint8, and convert what is looked at.
"""


# %%
def convert_all_and_show_five(u):
    """What the lab does."""
    return (np.float32(u) / 127.5 - 1.0)[:5]


def convert_five_and_show_them(u):
    """What is enough."""
    return np.float32(u[:5]) / 127.5 - 1.0


def hold(u) -> dict:
    """-> bytes at the peak, to show five of the faces in both ways; and to keep all as uint8"""
    found = {
        "five shown, all converted": statistics.peak_bytes(lambda: convert_all_and_show_five(u)),
        "five shown, five converted": statistics.peak_bytes(lambda: convert_five_and_show_them(u)),
        "all kept as uint8": u.nbytes,
    }
    for name, value in found.items():
        print(f"    {name}: {value / 1e6:,.2f} MB")
    return found


# %% [markdown]
r"""
## 4. Full batches

$20{,}000 = 156 \cdot 128 + 32$. The lab's last batch has 32 real faces, against 128 generated ones: then the loss is a
mean over each set, and a real face weighs four times as much as in other batches, with a noise of twice the sd; and the
step is compiled once more, for the odd shape. Here (`gan_core.data.shuffled`) every batch is full, and the faces left
over are others in every epoch.
"""


# %%
def batches(config, n: int, epochs: int = 10) -> np.ndarray:
    """-> how often each of n numbers is seen in so many epochs"""
    sampler = data.shuffled(np.arange(n), config.batch, seed=config.seed)
    batches_an_epoch = n // config.batch
    times = np.zeros(n, int)
    for index in range(epochs * batches_an_epoch):
        times[sampler(index).numpy()] += 1  # no number comes twice in a batch
    print(
        f"{n} faces, batches of {config.batch}: {batches_an_epoch} full ones an epoch, "
        f"{n % config.batch} faces left over; in {epochs} epochs a face is seen "
        f"{times.min()} to {times.max()} times"
    )
    return times


# %% [markdown]
r"""
## 5. What to check

**Twice the same.** A face that is there fifty times is learnt fifty times, and copies among the faces held aside
deceive whoever judges by them (chapter 11). `duplicates` finds nearly equal pictures; first see whether it finds what
we plant. Then look at `pairs.png`: a pair is a question, not an answer.
**The mean face** tells how well faces are aligned: the sharper, the easier for $G$. Where it is not symmetric,
mirroring faces at random (`flip=True`) makes new ones, which $G$ will make, too: a parting on the other side.
**Levels** piled up at 255 (8 % of the reds of real faces) are what tanh reaches at infinity alone.
"""


# %%
def check(config, u) -> tuple[list, dict]:
    """-> pairs among the faces [(i, j, difference)]; how many of 100 copies of each kind were found"""
    from dcgan.figures import face_plots

    pairs = duplicates.pairs(u)
    found = {}
    for kind, copies in untidy.copies(u[:100]).items():
        found_pairs = duplicates.pairs(copies, u[:100])
        found[kind] = sum(i == j for i, j, _ in found_pairs)
    print(f"nearly the same: {len(pairs)} pairs. Found of 100 planted copies: {found}")
    if pairs:
        shown = np.concatenate([u[[i, j]] for i, j, _ in pairs[:16]])
        sheets.save(sheets.sheet(shown), config.out / "pairs.png")
    channels = [u[..., channel] for channel in range(3)]
    counts = np.stack([np.bincount(channel.ravel(), minlength=256) for channel in channels])
    variances = [np.var(channel, axis=0, dtype=np.float64) for channel in channels]
    spread = np.sqrt(np.mean(variances, axis=0))
    mean = statistics.mean_picture(u)
    face_plots.mean_and_histograms(config.out / "mean_face.png", mean, spread, counts)
    return pairs, found


# %% [markdown]
r"""
## 6. Faces whose every factor is known

Nobody tells us a real face's hair colour. A drawn one is made from a table of independent factors, which comes with it:
so chapter 10 can measure what a direction in $z$ changes, and chapter 11 count the combinations that $G$ never makes.
"""


# %%
def one_factor_at_a_time(config) -> dict:
    """Print the table, draw one face in all values of each factor. -> {factor: faces}"""
    from dcgan.figures import face_plots

    table = Table("factor", "values", title="factors of a drawn face")
    rows = {}
    combinations = 1
    for factor, values in drawn_faces.FACTORS.items():
        title = factor.replace("_", " ")
        table.add_row(title, ", ".join(values))
        combinations *= len(values)
        same = np.full(len(values), 8)  # one face, again and again
        changed = drawn_faces.factors(same, seed=config.seed)
        changed[factor] = np.arange(len(values))
        rows[title] = drawn_faces.draw_factors(changed, same, seed=config.seed, size=config.size)
    Console().print(table)
    print(f"{combinations:,} combinations")
    face_plots.rows_of_pictures(config.out / "factors.png", rows)
    return rows


# %% [markdown]
r"""
## 7. How near are drawn faces to real ones?

Not near enough to replace them: colours and contrast are about those of real ones, edges four fifths, the distance six
times that of chance. `--data` puts your faces beside drawn ones; without it, two seeds show what chance does. Two lines
are chapter 11's: MS-SSIM, how alike a set's faces are; the distance, left between its halves, right between both sets.
"""


# %%
def compare(config, u) -> dict:
    """-> {name: (value for these faces, for drawn ones)}; of the distance: (half against half, against drawn)"""
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
    found["distance"] = (
        distances.sliced_wasserstein_pyramid(one, other, seed=config.seed)["mean"],
        distances.sliced_wasserstein_pyramid(one, drawn, seed=config.seed)["mean"],
    )
    ours = "yours" if config.data else "drawn"
    table = Table("", ours, "drawn, another seed", title=f"{n} faces each")
    for name, row in found.items():
        table.add_row(name, *[f"{value:.3f}" if value < 1.0 else f"{value:.1f}" for value in row])
    Console().print(table)
    return found


def main(config: Config) -> None:
    """All sections, in order."""
    found = get(config)
    print(found.summary())
    u = found.images
    read_untidy_folder(config)
    look(config, u)
    hold(u)
    batches(config, len(u))
    check(config, u)
    one_factor_at_a_time(config)
    compare(config, u)
    print(f"sheets are in {config.out}")


# %% [markdown]
r"""
## Exercises

1. In the lab's last batch a real face counts four times as much as a generated one: ask $D$'s loss for its gradient.
2. Which faces are nearly their own mirror images, and which the mirror image of another?
3. Shrink 512 pixels of fine stripes to 64 by taking every eighth pixel, and by `images.decode`. What do you see?
"""


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_1() -> float:
    """The loss is a mean over 32 and one over 128.

    -> a real logit's gradient over a generated one's, at logits of 0
    """
    real = tf.Variable(tf.zeros([32, 1]))
    fake = tf.Variable(tf.zeros([128, 1]))
    with tf.GradientTape() as tape:
        loss = losses.discriminator_loss(real, fake)
    by_real, by_fake = tape.gradient(loss, [real, fake])
    return float(-by_real[0, 0] / by_fake[0, 0])


def solution_2(u) -> tuple[list, list]:
    """Of 18,000 real ones 11 are their own, and no two each other's. -> [i], [(i, j)]"""
    mirrored = u[:, :, ::-1]
    pairs = [(i, j) for i, j, _ in duplicates.pairs(u, mirrored)]
    their_own = [i for i, j in pairs if i == j]
    of_another = [(i, j) for i, j in pairs if i < j]
    return their_own, of_another


def solution_3() -> tuple[np.ndarray, np.ndarray]:
    """Broad stripes, 8 times as wide: an alias. A filter as wide as the reduction leaves grey.

    -> both, [64, 64]
    """
    row = np.uint8(255 * (np.arange(512) % 9 < 4))
    stripes = np.broadcast_to(row[:, np.newaxis], [512, 512, 3])
    file = io.BytesIO()
    Image.fromarray(stripes).save(file, "PNG")
    return stripes[::8, ::8, 0], images.decode(file.getvalue(), 64)[:, :, 0]


# %%
if __name__ == "__main__":
    run(Config, main, "Chapter 7: faces.", "python -m dcgan.ch07_faces")
