# %% [markdown]
r"""
# 8. Convolutions: how a picture shrinks to one logit, and noise grows to a picture

| | |
|---|---|
| **You need** | matrix products and transposes; chapters 1 to 3 for what $G$ and $D$ are for |
| **You get** | both networks counted by hand; one operation with three faces; checkerboards; what batch norm does |
| **New in gan_core** | `convolution`, `subpixel`, `winograd`, `conv`, `batch_norm`; in dcgan `networks`, `ladders` |
| **Run it** | `python -m dcgan.ch08_convolutions`, or with `--size 32`; `--help` lists the flags |
| **Time** | about 20 s on two CPU cores |

$D$ makes one number of a picture, $64 \times 64$ pixels of three colours; $G$ makes a picture of 100 numbers. Neither
is trained in this chapter: what it shows holds for *every* such network (Radford et al. 2015).

**Where the lab that this book replaces went wrong** (by numbers, below): its $D$ ends in $2 \times 2$ logits a picture
and does not say so (section 1); its `BatchNormalization(momentum=.1, epsilon=.8, center=1.0, scale=.02)` reads another
library's momentum, an epsilon that swamps what it should only guard, and numbers for two switches (section 4).
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan import networks
from dcgan.lessons import checkerboards, ladders, norm_trials, one_row
from gan_core import checks, rng
from gan_core.app import command_line
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D
from gan_core.nn.kernels import convolution, winograd
from gan_core.nn.sequential import Sequential


@dataclasses.dataclass(frozen=True)
class Config:
    size: int = 64
    """pixels on a side: 32, 64 or 128"""
    width: int = 64
    """channels of D's first layer and before G's last"""
    latent_dim: int = 100
    """how many numbers z has"""
    batch: int = 32
    """pictures that batch norm sees at once, at least 2"""
    draws: int = 16
    """untrained generators over which the checkerboards are averaged"""
    seed: int = 0
    """of all kernels and noise"""
    out: Path = Path("runs/ch08")
    """folder for the figures"""

    def __post_init__(self):
        checks.one_of("Config", "size", self.size, networks.STAGES)
        checks.integer("Config", "width", self.width, 1, 1024)
        checks.integer("Config", "latent_dim", self.latent_dim, 1, 10_000)
        checks.integer("Config", "batch", self.batch, 2, 10_000)
        checks.integer("Config", "draws", self.draws, 1, 1000)
        checks.integer("Config", "seed", self.seed, 0, 2**32)


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 8: convolutions.", "python -m dcgan.ch08_convolutions"
    )

# %% [markdown]
r"""
## 1. Two ladders

A convolution with a $k \times k$ kernel and stride $s$ lays a window on the picture every $s$ pixels, and makes one
output pixel of what it sees: $y_j = \sum_{a=0}^{k-1} x_{sj + a - p}\, w_a$, both ways. Of $n$ pixels on a side it makes

$$\text{SAME: } n / s \quad (k - s \text{ zeros around, } p = \lfloor (k - s)/2 \rfloor \text{ of them before}),
\qquad \text{VALID: } (n - k)/s + 1 \quad (p = 0),$$

and the transposed one, section 2, goes back, from $m$ to $sm$ or $s(m-1) + k$. Kernel 4, stride 2, SAME halves: window
$j$ reads pixels $2j - 1$ to $2j + 2$, symmetrically about the two that it replaces, and each pixel is read by two
windows each way. VALID would make $64 \to 31$, and then $(31 - 4)/2$ does not come out even: the library refuses.

A kernel has $k^2 \cdot in \cdot out$ numbers. Batch norm has four a channel, of which $\gamma$ and $\beta$ are trained.
What a unit can see, its **receptive field**, grows by $(k - 1) d$ a layer, with $d$ the product of the strides before
it (`dcgan.lessons.ladders`). Is it so? The gradient of a unit by the picture is not 0 exactly where the unit looks.
"""


# %%
def climb(config):
    """Print both ladders. -> the rungs of G, of D."""
    generator = networks.generator(config.size, config.width, config.latent_dim, seed=config.seed)
    discriminator = networks.discriminator(config.size, config.width, seed=config.seed)
    z = tf.zeros([1, config.latent_dim])
    picture = tf.zeros([1, config.size, config.size, 3])
    up = ladders.show(generator, ladders.climb(generator, z))
    down = ladders.show(discriminator, ladders.climb(discriminator, picture))
    return [up, down]


def what_units_see(config):
    """A middle unit of each layer of D. -> [(its field, cut at the edges; where its gradient is not 0)]"""
    # Here, so that importing the chapter loads no plotting library.
    from dcgan.figures import convolution_plots

    discriminator = networks.discriminator(config.size, config.width, seed=config.seed)
    maps = {}
    found = []
    x = rng.normal([1, config.size, config.size, 3], rng.seed(config.seed, "a picture"))
    for rung in ladders.climb(discriminator, x):
        unit = (rung.after - 1) // 2
        first, last = rung.sees(unit)
        seen = ladders.gradient_of_a_unit(discriminator, x, rung.position, unit)
        columns = np.flatnonzero(seen.any(axis=0))
        ends = (int(columns[0]), int(columns[-1]))
        print(
            f"unit {unit:2} of {rung.after:2}: sees {first} to {last}, "
            f"by its gradient {ends[0]} to {ends[1]}"
        )
        title = f"unit {unit} of {rung.after}, field {rung.field}"
        maps[title] = (seen, (first, last))
        inside_the_picture = (max(first, 0), min(last, config.size - 1))
        found.append((inside_the_picture, ends))
    convolution_plots.fields(config.out / "fields.png", maps)
    return found


# %%
if __name__ == "__main__":
    climb(config)
    what_units_see(config)

# %% [markdown]
r"""
*Notice.* These are the lab's counts. One layer, between 512 and 256 channels, has 59 % of $G$'s parameters and 76 % of
$D$'s. Fields grow 4, 10, 22, 46; only the last unit sees all, and the middle of a field counts for more than its rim
(more paths lead there; Luo et al. 2016). Our last layer is VALID on $4 \times 4$: *one* window, one logit. With the
lab's SAME and stride 2 the same 8,192 numbers make $2 \times 2$ logits, unstated, whose losses are averaged.

## 2. One operation, three faces

A convolution is linear in $x$, so it *is* a matrix $C$ made of $w$: column $i$ is what it makes of a 1 at pixel $i$.
The **transposed convolution** is $C^T$: each pixel of $y$ *paints* $w$, times itself, over the window that made it. It
is the *adjoint*, $\langle Cx, y \rangle = \langle x, C^T y \rangle$ for all $x$ and $y$, and so it is the gradient by
$x$ as well. It is no inverse, and "deconvolution" a misleading name. Third face, the **sub-pixel** form: read $C^T$
by rows. Odd pixels are one stride-1 convolution of $y$, even pixels another, so nothing need be painted: pad $y$,
convolve once to 4 times the channels ($2 \times 2$ taps), interleave them, crop (Shi et al. 2016).
"""


# %%
def sub_pixel(y, kernel):
    """conv_transpose of a row y [m] -> [2 m], without adding up overlapping windows.

    Pad, two convolutions of two taps, interleave, crop.
    """
    a, b, c, d = kernel
    left = np.concatenate([[0.0], y])
    right = np.concatenate([y, [0.0]])
    odd = c * left + a * right
    even = d * left + b * right
    interleaved = np.stack([odd, even], axis=1).reshape(-1)
    return interleaved[1:-1]


def compare_on_one_row(config):
    """Three matrices, drawn. -> C [4, 8]; that of conv_transpose, that of the sub-pixel form, [8, 4]"""
    from dcgan.figures import convolution_plots

    kernel = [1.0, 2.0, 3.0, 4.0]
    letters = dict(zip(kernel, "abcd", strict=True))  # how the figure names the kernel's numbers
    forward = one_row.of_one_row(convolution.conv, kernel)
    transposed = one_row.of_one_row(convolution.conv_transpose, kernel)
    c = one_row.as_matrix(forward, 8)
    painted = one_row.as_matrix(transposed, 4)
    by_rows = one_row.as_matrix(lambda y: sub_pixel(y, kernel), 4)
    odd_first = [1, 3, 5, 7, 0, 2, 4, 6]
    shown = {
        "conv: C": (c, range(4)),
        "conv_transpose": (painted, range(8)),
        "the same, odd\npixels first": (painted[odd_first], odd_first),
    }
    convolution_plots.matrices(config.out / "matrices.png", letters, shown)
    painted_error = np.abs(painted - c.T).max()
    by_rows_error = np.abs(by_rows - c.T).max()
    print(
        f"one row: conv_transpose is C transposed within {painted_error:g}, the sub-pixel form "
        f"within {by_rows_error:g}; C C^T, no identity, has {np.diag(c @ c.T)} on its diagonal"
    )
    return c, painted, by_rows


def compare_faces(config):
    """On the sizes of D's second layer. -> <Cx, y>, <x, C^T y>; three differences from C^T y, in its sds"""
    n = config.size // 2
    narrow = config.width
    wide = 2 * config.width
    x = rng.normal([8, n, n, narrow], rng.seed(config.seed, "x"))
    y = rng.normal([8, n // 2, n // 2, wide], rng.seed(config.seed, "y"))
    w = rng.normal([4, 4, narrow, wide], rng.seed(config.seed, "w"))
    with tf.GradientTape() as tape:
        tape.watch(x)
        forward = convolution.conv(x, w, 2)
    gradient = tape.gradient(forward, x, y)
    native = convolution.conv_transpose(y, w, 2, path="native").numpy()
    others = {
        "gradient of conv": gradient,
        "sub-pixel": convolution.conv_transpose(y, w, 2, path="subpixel"),
        "Winograd": winograd.conv_transpose(y, w),
    }
    products = (float(np.vdot(forward, y)), float(np.vdot(x, native)))
    print(f"{tf.size(x):,} numbers: <Cx, y> = {products[0]:.1f}, <x, C^T y> = {products[1]:.1f}")
    print("largest differences from C^T y, in its sds:")
    differences = []
    for name, other in others.items():
        difference = np.abs(other - native).max() / native.std()
        print(f"    {name}: {difference:.0e}")
        differences.append(difference)
    return products, differences


# %%
if __name__ == "__main__":
    compare_on_one_row(config)
    compare_faces(config)

# %% [markdown]
r"""
*Notice.* In the third matrix both halves are stride-1 convolutions of two taps; `gan_core.nn.kernels.winograd` needs 25 products
for their 64. A layer takes any of these forms (`path`); `benchmarks.train_step` measures which is soonest done.

## 3. Checkerboards

Let all of $y$ and $w$ be 1: then $C^T y$ counts how often each pixel is painted. It is the same everywhere only if the
stride divides the kernel (Odena et al. 2016). Drawn below: the mean square of each pixel, over untrained generators.
"""


# %%
def paint(config):
    """How evenly pixels are covered, by counting and measured.

    -> {kernel size: (counts, mean squares), both by even and odd rows and columns}
    """
    from dcgan.figures import convolution_plots

    shown = {}
    found = {}
    for k in (3, 4, 5):
        times = checkerboards.times_painted(k)
        squares = checkerboards.mean_squares(k, config.seed, config.draws)
        counted = checkerboards.by_parity(times)
        measured = checkerboards.by_parity(squares)
        counted_ratio = counted.max() / counted.min()
        measured_ratio = measured.max() / measured.min()
        print(
            f"kernel {k}: painted {times.min():.0f} to {times.max():.0f} times; mean square of the "
            f"most painted over the least: {measured_ratio:.2f}, by counting {counted_ratio:.2f}"
        )
        found[k] = (counted, measured)
        shown[f"kernel {k}, stride 2"] = (times, squares[8:24, 8:24])
    convolution_plots.checkerboards(config.out / "checkerboards.png", shown)
    return found


# %%
if __name__ == "__main__":
    paint(config)

# %% [markdown]
r"""
*Notice.* Kernel 3 paints some pixels four times as often as others, and later stages multiply what earlier ones did
(the coarser lines). So it is with the *gradients* that come down through $D$, which are transposed convolutions, too.
Kernel 4 paints evenly. It can still learn a checkerboard (exercise 2), but is not forced to.

## 4. Batch norm, and what its numbers mean

$y = \gamma (x - \text{mean}) / \sqrt{\text{variance} + \epsilon} + \beta$, channel by channel, over all pictures and
pixels of a batch. In training by the batch's own mean and variance; afterwards by moving averages, so that a picture
does not depend on its company. Two conventions differ between libraries. A batch is scaled by its *biased* variance,
$\sum/n$, and the average is fed the unbiased $\sum/(n - 1)$. And momentum: here, and in Keras, it is the share of the
**old** value; in PyTorch that of the new, so its 0.1 is 0.9 here. The lab took .1. An average that keeps the share $m$
is worth $(1 + m)/(1 - m)$ batches, and its error is $\sqrt{(1 - m)/(1 + m)}$ of one batch's. In Keras `center` and
`scale` are switches: 1.0 and .02 both mean "yes", and $\gamma$ starts at 1, not as the $N(1, .02^2)$ of `networks`.
"""


# %%
def conventions(config):
    """What the two conventions and momentum do.

    -> {momentum: (error of the moving mean, by the formula, mean after a real, a generated batch)}
    """
    from dcgan.figures import convolution_plots

    behind, fed = norm_trials.variances(config.seed)
    print(
        f"4 numbers: variance behind batch norm {behind:.3f}; "
        f"the moving one is fed {fed:.3f} of what divided them"
    )
    paths = {}
    found = {}
    for momentum in (0.9, 0.1):
        path = norm_trials.in_turn(momentum, config.seed)
        after_real, after_generated = path[-2:]
        worth = (1 + momentum) / (1 - momentum)
        formula = np.sqrt((1 - momentum) / (1 + momentum))
        error = norm_trials.moving_error(momentum, config.seed)
        print(
            f"momentum {momentum}: worth {worth:.1f} batches; error {error:.2f} of one batch's "
            f"(formula {formula:.2f}); mean after a real batch {after_real:.2f}, "
            f"after a generated one {after_generated:.2f}"
        )
        paths[f"momentum {momentum}"] = path
        found[momentum] = (error, formula, after_real, after_generated)
    convolution_plots.moving_means(config.out / "moving_means.png", paths, 1.0, -1.0)
    return found


def swamped(config):
    """What reaches each stage of an untrained G.

    -> {epsilon: (sds behind each batch norm, sd of the pictures)}
    """
    z = rng.normal([config.batch, config.latent_dim], rng.seed(config.seed, "z"))
    sizes = (config.size, config.width, config.latent_dim)
    found = {}
    for epsilon in (1e-5, 0.8):
        generator = networks.generator(*sizes, seed=config.seed, epsilon=epsilon)
        sds, last = norm_trials.signal(generator, z)
        listed = ", ".join(f"{sd:.3f}" for sd in sds)
        print(
            f"epsilon {epsilon:g}: sd behind each batch norm {listed}; of the pictures "
            f"{last:.4f}, {127.5 * last:.1f} of 255 levels of grey"
        )
        found[epsilon] = (sds, last)
    return found


def show_company(config):
    """A line for each way to normalise real and fake numbers."""
    for way, row in norm_trials.company(config.seed).items():
        real, fake, change = row
        print(
            f"{way:16} mean of real {real:6.3f}, of fake {fake:6.3f}; one real number, "
            f"when the fakes get worse, changes by {change:.3f}"
        )


# %%
if __name__ == "__main__":
    conventions(config)
    swamped(config)
    show_company(config)

# %% [markdown]
r"""
*Notice.*

- Momentum .1 keeps a tenth of what it knew: in use, the lab's $D$ has the mean of its last batch, a *generated* one.
- With $\epsilon = .8$ nothing is normalised: a variance of .04 is divided by .84. Four stages shrink the signal to a
  fiftieth, and the first pictures are grey, with an sd of 0.6 of 255 levels.
- Normalised *each by itself*, real and fake have the same mean whatever $G$ does: that difference is hidden from the
  layers behind. *Together* it is seen, but what $D$ says of a real picture hangs on the fakes beside it. This book
  does as Radford et al. do, each by itself; the moving averages show the difference again: a third behaviour.

## Exercises

1. Some DCGANs have kernel 5, SAME, stride 2. How far is the middle of a field, after four layers, from the middle of
   the pixels that its unit stands for? Why is it not so with kernel 4?
2. Odena et al. enlarge $y$ by doubling its pixels, then convolve, $3 \times 3$, stride 1. Which transposed convolution
   with a $4 \times 4$ kernel is that? What does either make of a constant $y$, and what does any other kernel?
3. All pictures of a batch are the same, as after a collapse. What is left of them behind batch norm on one number
   a picture, $[B, 1]$? Which of $D$'s answers can still differ between batches?
"""


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_1():
    """A layer of kernel 5 has one zero before and two behind.

    So its windows lie half a pixel to the right; four layers add 0.5 (1 + 2 + 4 + 8) = 7.5 pixels.
    With k - s even nothing is off. -> {k: middle of the field - of the pixels}
    """
    found = {}
    for k in (4, 5):
        layers = [Conv2D(1, 1, k, seed=0, stride=2) for _ in range(4)]
        last = ladders.climb(Sequential(layers), tf.zeros([1, 64, 64, 1]))[-1]
        first_seen, last_seen = last.sees(1)
        middle_of_field = (first_seen + last_seen) / 2
        middle_of_pixels = 1.5 * last.distance - 0.5
        found[k] = middle_of_field - middle_of_pixels
    return found


def solution_2():
    """Doubling is a transposed convolution with a 2 x 2 block of ones.

    So the kernel is that block convolved with the 3 x 3 one. Its four classes of taps (a pixel of x
    sees one class) have equal sums: constant y stays constant. Those of a free kernel do not.
    -> largest difference of the two ways; unevenness of a constant by this kernel, and by a free one
    """
    y = rng.normal([1, 6, 6, 1], rng.seed(0, "y"))
    w = rng.normal([3, 3, 1, 1], rng.seed(0, "w"))
    free = rng.normal([4, 4, 1, 1], rng.seed(0, "free"))
    doubled = convolution.conv(tf.repeat(tf.repeat(y, 2, axis=1), 2, axis=2), w)
    # A convolution reads w turned round, compared with a transposed one.
    turned = tf.reverse(tf.reshape(w, [1, 3, 3, 1]), [1, 2])
    block = convolution.conv_transpose(turned, tf.ones([2, 2, 1, 1]), 1, "VALID")
    block = tf.reshape(block, [4, 4, 1, 1])
    difference = np.abs(convolution.conv_transpose(y, block, 2) - doubled).max()
    return float(difference), unevenness(block), unevenness(free)


def unevenness(kernel):
    """sd over mean of what a constant becomes, away from the edges."""
    constant = tf.ones([1, 6, 6, 1])
    inside = convolution.conv_transpose(constant, kernel, 2)[0, 2:-2, 2:-2, 0].numpy()
    return float(inside.std() / np.abs(inside.mean()))


def solution_3():
    """Nothing: x - mean = 0, so each is beta, and D says the same of any collapsed batch.

    Between a picture's pixels differences are left; and with moving averages, between batches.
    -> two batches of eight in training, and in use
    """
    layer = BatchNorm(1)
    batches = [tf.fill([8, 1], 3.0), tf.fill([8, 1], -5.0)]
    in_training = [layer(x, training=True).numpy() for x in batches]
    in_use = [layer(x).numpy() for x in batches]
    return in_training, in_use
