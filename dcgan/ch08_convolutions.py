# %% [markdown]
r"""
# 8. Convolutions and batch norm: how a picture shrinks to one logit, and noise grows to a picture

After this chapter you can compute a convolution and its transpose by hand, count the pixels and parameters of both
networks of a DCGAN, say where checkerboard patterns come from, and say what each number in a batch norm layer does.

## The question: what do the layers do before anybody trains them?

The discriminator turns $64 \times 64$ pixels of three colours into one number. The generator turns 100 numbers into
such a picture. The networks of the deep convolutional GAN, or DCGAN [Radford et al. 2016], do both with two kinds of
layers: convolutions, and batch norm. Their papers and programs state them in a few numbers, such as "kernel 4, stride
2, momentum 0.9".

These numbers have consequences before the first training step. They decide what a unit can see, whether pictures show
a checkerboard pattern, and whether the signal reaches the last layer at all. **Can you predict all of this with
pencil and paper?**

Nothing is trained in this chapter. What is derived here holds for every network of this kind; what is measured holds
for networks at their start. The chapter has two parts.

- **Part one: convolution.** Section 8.1 to section 8.6.
- **Part two: batch norm.** Section 8.7 to section 8.10.

| | |
|---|---|
| **You need** | matrix products and transposes; chapter 1 for what $G$ and $D$ are for; variance; the chain rule |
| **You will learn** | stride arithmetic; receptive fields; the transposed convolution as an adjoint; three paths that compute a convolution; where checkerboards come from; what batch norm's mean, variance, momentum and epsilon do, in training and in use |
| **New in gan_core** | `nn.kernels`: `convolution`, `subpixel`, `winograd`; `nn.conv`, `nn.batch_norm`; in dcgan `networks` |
| **Run it** | `python -m dcgan.ch08_convolutions`, or with `--size 32`; `--help` lists the flags |
| **Time** | about 20 s on two CPU cores |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # housekeeping: a quick --help, and a start without TensorFlow's messages

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan import networks
from dcgan.figures import convolution_plots
from dcgan.lessons import checkerboards, layer_table, norm_trials, one_row
from gan_core import checks, rng
from gan_core.app import command_line, plots, tables
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.kernels import convolution, winograd


@dataclasses.dataclass(frozen=True)
class Config:
    """The sizes of the networks that the chapter takes apart."""

    size: int = 64
    """pixels on a side: 32, 64, 96 or 128"""
    width: int = 64
    """channels of D's first layer and before G's last"""
    latent_dim: int = 100
    """how many numbers z has"""
    batch: int = 32
    """pictures that batch norm sees at once, at least 2"""
    draws: int = 16
    """untrained generators over which the checkerboards are averaged"""
    seed: int = 0
    """of all kernels and all noise, any whole number from 0 to 2^32"""
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
        Config, "Chapter 8: convolutions and batch norm.", "python -m dcgan.ch08_convolutions"
    )

# %% [markdown]
r"""
## 8.1 A convolution by hand

We begin with one channel and one row of $n$ pixels, $x_0, \dots, x_{n-1}$. A **convolution** has a **kernel**: $k$
numbers $w_0, \dots, w_{k-1}$. It lays the kernel on the row, multiplies each pixel by the number above it, and adds
up. Then it moves the kernel on by $s$ pixels, the **stride**, and does the same again. **Padding** puts $p$ zeros
before the row, and others behind it, so that the kernel can stand over the edge. With $x_i = 0$ outside of the row,

$$y_j = \sum_{t=0}^{k-1} x_{sj + t - p}\; w_t . \tag{8.1}$$

*Example.* Let $x = (2, 0, 1, 3, 1, 0)$, $w = (1, 2, 3, 4)$, stride $s = 2$, and one zero before and behind, $p = 1$.
The kernel stands in three places:

| place | what it sees | $y_j$ |
|---|---|---|
| $j = 0$ | $0, 2, 0, 1$ (the first is a padded zero) | $0 \cdot 1 + 2 \cdot 2 + 0 \cdot 3 + 1 \cdot 4 = 8$ |
| $j = 1$ | $0, 1, 3, 1$ | $0 \cdot 1 + 1 \cdot 2 + 3 \cdot 3 + 1 \cdot 4 = 15$ |
| $j = 2$ | $3, 1, 0, 0$ (the last is a padded zero) | $3 \cdot 1 + 1 \cdot 2 + 0 \cdot 3 + 0 \cdot 4 = 5$ |

Six pixels have become three. In two dimensions the kernel is a $k \times k$ square that moves along both directions.
With several channels there is a kernel for each pair of an input and an output channel, and the results for all input
channels are added.

The next cell computes the example by a loop and by the library. (`one_row.apply` hands the library a picture that
consists of one row.)
"""


# %%
def convolve(x, kernel, stride, before):
    """Equation (8.1), term by term, with so many zeros around that n pixels give n / stride numbers."""
    y = []
    for j in range(len(x) // stride):
        total = 0.0
        for t, weight in enumerate(kernel):
            i = stride * j + t - before
            if 0 <= i < len(x):  # elsewhere are the padded zeros
                total += x[i] * weight
        y.append(total)
    return np.array(y)


ROW = (2.0, 0.0, 1.0, 3.0, 1.0, 0.0)
KERNEL = (1.0, 2.0, 3.0, 4.0)


def convolve_the_example():
    """The convolution of the example by the loop above, and by the library."""
    by_loop = convolve(ROW, KERNEL, stride=2, before=1)
    by_library = one_row.apply(convolution.conv, KERNEL, ROW)
    print(f"equation (8.1): {by_loop}; the library: {by_library}")
    return by_loop, by_library


# %%
if __name__ == "__main__":
    convolve_the_example()

# %% [markdown]
r"""
## 8.2 Stride arithmetic

**How many pixels come out?** Let $L$ be the number of pixels with the padding. The kernel's first place is 0, its
last place is $L - k$, and its places are $s$ apart. So there are $(L - k)/s + 1$ of them, if the division comes out
even. Two paddings are in use for a row that has $n$ pixels *before* padding:

$$\text{VALID (no padding): } \frac{n - k}{s} + 1, \qquad
\text{SAME } (k - s \text{ zeros}): \frac{(n + k - s) - k}{s} + 1 = \frac{n}{s}. \tag{8.2}$$

SAME puts $p = \lfloor (k - s)/2 \rfloor$ of its zeros before the row, and the rest behind it. With kernel 4 and
stride 2 it halves the number of pixels, $64 \to 32$, and has one zero on either side. VALID would make $64 \to 31$,
and the next layer would need $(31 - 4)/2$ steps, which is not a whole number. The library refuses such a layer.

**How many parameters?** All kernels of a layer together have $k^2 \cdot in \cdot out$ numbers, with the numbers of
channels $in$ and $out$. Batch norm has four numbers a channel: two are trained (section 8.7), and two are moving
averages (section 8.8). There are no biases: batch norm has a shift of its own, and the three layers without it ($D$'s
first and last, $G$'s last) do without a shift.

The next cell sends a picture through the discriminator and a $z$ through the generator, and lists each convolution.
The networks are those that `networks` calls `radford`, with batch norm in both. (What the picture shows does not matter
for sizes; it is all zeros.)
"""


# %%
def count_layers(config):
    """Both networks, layer by layer: counted by hand, and by the library.

    Gives the facts of G's convolutions, and those of D's.
    """
    generator = networks.generator(config.size, config.width, config.latent_dim, seed=config.seed)
    discriminator = networks.discriminator(config.size, config.width, seed=config.seed)
    of_g = layer_table.measure(generator, tf.zeros([1, config.latent_dim]))
    of_d = layer_table.measure(discriminator, tf.zeros([1, config.size, config.size, 3]))
    layer_table.show(
        discriminator,
        of_d,
        caption="Table 8.1. The discriminator. The field is explained in section 8.3.",
    )
    layer_table.show(
        generator,
        of_g,
        caption="Table 8.2. The generator. Its convolutions are transposed ones (section 8.4).",
    )
    return of_g, of_d


# %%
if __name__ == "__main__":
    count_layers(config)

# %% [markdown]
r"""
> **Notice.**
>
> - *Both networks are built of the same steps.* Almost every layer of $D$ halves the side of the picture and doubles
>   the channels. $G$ does the same backwards.
> - *One layer has most of the parameters.* The one between 256 and 512 channels has 76 % of those of $D$ and 59 % of
>   those of $G$.
> - *The counts by hand are those of the networks,* to the last number.

> **Common mistake: a last layer that gives several logits.** The last layer of this $D$ is VALID on $4 \times 4$
> pixels: one place, one logit. With SAME and stride 2 the same 8,192 numbers give $2 \times 2$ logits for each
> picture. The loss averages over them, and no error is raised. That can be intended; then each logit judges a part of
> the picture. If it is not intended, the output's shape tells you.

## 8.3 What a unit can see

A **unit** is one number in the output of a layer. Its **receptive field** is the part of the picture that it depends
on. Let $r$ be the side of the field of one unit of a layer, and $\delta$ the distance between the fields of two
neighbouring units, both in pixels of the picture. For the picture itself $r = \delta = 1$.

*What a layer changes.* A unit of the next layer reads $k$ neighbouring units. The first of them sees $r$ pixels, and
the field of each further one begins $\delta$ pixels further on. Neighbours in the new layer are $s$ old units apart.
Hence

$$r \leftarrow r + (k - 1)\, \delta, \qquad \delta \leftarrow s\, \delta. \tag{8.3}$$

The first formula uses the old $\delta$. With kernel 4 and stride 2 the first layer has $r = 1 + 3 \cdot 1 = 4$ and
$\delta = 2$, the second $r = 4 + 3 \cdot 2 = 10$ and $\delta = 4$. So $r$ grows as $1, 4, 10, 22, 46$, and the last
layer, with stride 1, has $46 + 3 \cdot 16 = 94$. Units of the earlier layers see at most 46 of the picture's 64 pixels,
on a side. Only the last unit sees the whole picture.

*A check.* A unit that does not depend on a pixel has the derivative 0 with respect to it. Otherwise the derivative is,
except by chance, not 0. Figure 8.1 draws its size for a unit in the middle of each layer, and the square that
equation (8.3) predicts. (Batch norm is in its mode for inference here, in which it mixes no units; section 8.8.)
"""


# %%
def what_units_see(config):
    """A unit in the middle of each layer of D: its field, and where its gradient is not 0.

    Gives a list of (first and last pixel by the formula, first and last pixel by the gradient),
    and the figure.
    """
    discriminator = networks.discriminator(config.size, config.width, seed=config.seed)
    x = rng.normal([1, config.size, config.size, 3], rng.seed(config.seed, "a picture"))
    maps = {}
    found = []
    rows = []
    for layer in layer_table.measure(discriminator, x):
        unit = (layer.pixels_out - 1) // 2  # the middle one
        first, last = layer.sees(unit)  # by equation (8.3); may lie outside of the picture
        formula = (max(first, 0), min(last, config.size - 1))
        gradient = layer_table.gradient_of_a_unit(discriminator, x, layer.position, unit)
        columns = np.flatnonzero(gradient.any(axis=0))  # those with a gradient that is not 0
        measured = (int(columns[0]), int(columns[-1]))
        name = f"unit {unit} of {layer.pixels_out}"
        rows.append(
            [
                name,
                layer.field,
                f"{formula[0]} to {formula[1]}",
                f"{measured[0]} to {measured[1]}",
            ]
        )
        maps[f"{name}, field {layer.field}"] = (gradient, (first, last))
        found.append((formula, measured))
    tables.show(
        ["unit", "side of its field", "pixels by the formula", "by the gradient"],
        rows,
        caption="Table 8.3. What a unit in the middle of each layer of D sees. Fields are cut at the "
        "picture's edges.",
    )
    return found, convolution_plots.fields(maps)


# %%
if __name__ == "__main__":
    _, figure = what_units_see(config)
    plots.show(
        figure,
        config.out / "fields.png",
        caption="Figure 8.1. The gradient of one unit of each layer with respect to the picture. "
        "White: exactly 0. Dashed: the receptive field by equation (8.3).",
        alt="Five squares that grow from 4 pixels to more than the whole picture.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The gradient is 0 outside of the predicted square, and not 0 inside.* The last two columns of Table 8.3 are equal.
> - *In the larger fields the middle counts for more than the rim.* More paths lead from the middle to the unit
>   [Luo et al. 2016].

## 8.4 The transposed convolution

The generator needs a layer that enlarges. It uses the same kernel, in the other direction.

A convolution is linear in $x$, so it is a matrix $C$, made of the kernel. In the example of section 8.1, where
$w = (1, 2, 3, 4)$, row $j$ of $C$ holds the kernel at place $j$:

$$C = \begin{pmatrix} 2 & 3 & 4 & 0 & 0 & 0 \\ 0 & 1 & 2 & 3 & 4 & 0 \\ 0 & 0 & 0 & 1 & 2 & 3 \end{pmatrix}.$$

The **transposed convolution** is the matrix $C^\top$. It turns three pixels into six. *Example.* Let $y = (1, 2, 1)$.
Row $j$ of $C$ is column $j$ of $C^\top$, so $C^\top y$ is the sum of $y_j$ times row $j$:

| from | adds to $x_0, \dots, x_5$ |
|---|---|
| $y_0 = 1$ | $2, 3, 4, 0, 0, 0$ |
| $y_1 = 2$ | $0, 2, 4, 6, 8, 0$ |
| $y_2 = 1$ | $0, 0, 0, 1, 2, 3$ |
| sum, $C^\top y$ | $2, 5, 8, 7, 10, 3$ |

In words: each input pixel $y_j$ adds $y_j$ times the kernel to the output, at the place from which the convolution
would have read.

**The adjoint.** Write $\langle u, v \rangle = u^\top v$ for the inner product. Since $(Cx)^\top = x^\top C^\top$, for
all $x$ and $y$

$$\langle C x, y \rangle = \langle x, C^\top y \rangle. \tag{8.4}$$

A pair of linear maps with this property is called **adjoint**. In the example the left side is
$8 \cdot 1 + 15 \cdot 2 + 5 \cdot 1 = 43$. The right side is
$2 \cdot 2 + 0 + 1 \cdot 8 + 3 \cdot 7 + 1 \cdot 10 + 0 = 43$.

**The gradient.** Backpropagation through a convolution is a transposed convolution. If the loss has the gradient $y$
with respect to the output $Cx$, then by the chain rule it has the gradient $C^\top y$ with respect to $x$. So the
layer that enlarges pictures in $G$ is the same operation that carries gradients back through $D$.

**It is no inverse.** After a convolution, the transposed one gives back the *size* of $x$, and not $x$ itself. It
cannot: $Cx$ has three numbers, and nothing that is computed from three numbers can give back every row of six. As a
matrix, $C^\top C$ has at most the rank 3, and the identity has rank 6. Therefore the old name "deconvolution"
misleads.

**How many pixels come out?** Read equation (8.2) backwards: a transposed convolution turns $n$ pixels into $sn$ with
SAME padding, and into $s(n - 1) + k$ with VALID.
"""


# %%
def draw_matrices():
    """C and its transpose for a row of eight pixels, by the library.

    Gives C [4, 8], the transposed convolution's matrix [8, 4], and a figure of them.
    """
    forward = one_row.as_matrix(lambda x: one_row.apply(convolution.conv, KERNEL, x), 8)
    back = one_row.as_matrix(lambda y: one_row.apply(convolution.conv_transpose, KERNEL, y), 4)
    even_first = [0, 2, 4, 6, 1, 3, 5, 7]
    shown = {
        "convolution: C": (forward, range(4)),
        "transposed": (back, range(8)),
        "the same, even\npixels first": (back[even_first], even_first),
    }
    letters = {1.0: "a", 2.0: "b", 3.0: "c", 4.0: "d"}  # of the kernel (1, 2, 3, 4)
    return forward, back, convolution_plots.matrices(letters, shown)


def apply_to_the_example():
    """C^T y for y = (1, 2, 1), both sides of equation (8.4), and C^T C x."""
    x = np.array(ROW)
    y = np.array([1.0, 2.0, 1.0])
    forward = one_row.apply(convolution.conv, KERNEL, x)
    back = one_row.apply(convolution.conv_transpose, KERNEL, y)
    forward_and_back = one_row.apply(convolution.conv_transpose, KERNEL, forward)
    left = float(forward @ y)
    right = float(x @ back)
    print(f"C^T y = {back}; <Cx, y> = {left:g}, <x, C^T y> = {right:g}")
    print(f"x = {x}, and C^T C x = {forward_and_back}")
    return back, left, right, forward_and_back


# %%
if __name__ == "__main__":
    apply_to_the_example()
    forward, back, figure = draw_matrices()
    largest = np.abs(back - forward.T).max()
    print(f"largest difference from the transpose of C: {largest:g}")
    plots.show(
        figure,
        config.out / "matrices.png",
        caption="Figure 8.2. A convolution with the kernel (a, b, c, d) and stride 2 on eight "
        "pixels, as a matrix; its transpose; and the rows of the transpose in another order.",
        alt="A 4 by 8 matrix with a band of letters, its transpose, and the transpose sorted.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Each row of $C$ holds the kernel, two pixels further right than the row above.* At the edges a part of it falls
>   on padded zeros.
> - *The middle matrix is the mirror image of the left one.* Read by columns, each input pixel spreads the kernel.
> - *Right: sorted by even and odd pixels, the transpose consists of two bands.* Each band is a convolution with
>   stride 1 and two numbers. The next section uses this.

## 8.5 Three paths to the same numbers

The library can compute a convolution, and a transposed one, in three ways, which it calls **paths**. They give the
same result up to rounding, and differ in speed. A layer's argument `path` chooses one.

The **native path** leaves everything to TensorFlow. With the default, `path="auto"`, a GPU gets this one.

The **sub-pixel path** computes a transposed convolution without adding up overlapping pieces [Shi et al. 2016].
Figure 8.2, right, shows how. With $w = (a, b, c, d)$ the rows of $C^\top$ say

$$x_{2j} = b\, y_j + d\, y_{j-1}, \qquad x_{2j+1} = c\, y_j + a\, y_{j+1}. \tag{8.5}$$

Each of the two is a convolution of stride 1. Compute both, and take their results in turn: even, odd, even, odd. In two
dimensions there are four such convolutions, and they are computed as *one* with four times the channels.

*Example.* With $w = (1, 2, 3, 4)$ and $y = (1, 2, 1)$, equation (8.5) gives $x_0 = 2 \cdot 1 + 4 \cdot 0 = 2$ and
$x_1 = 3 \cdot 1 + 1 \cdot 2 = 5$, as in section 8.4.

The **Winograd path** saves multiplications. In each part of equation (8.5) an output needs two products, so four
neighbouring outputs need $4 \cdot 2 = 8$. A method of Winograd's computes them with 5, and in two dimensions with
$5 \cdot 5 = 25$ instead of $8 \cdot 8 = 64$ [Lavin and Gray 2016]. It has more additions and a little more rounding.
How it works is written in `gan_core.nn.kernels.winograd`; this book does not need it.

The next cell has equation (8.5) in NumPy. Then it compares the paths, and the gradient of the convolution, on the sizes
of $D$'s second layer.
"""


# %%
def sub_pixel(y, kernel):
    """The transposed convolution of a row y by equation (8.5): n pixels give 2 n."""
    a, b, c, d = kernel
    before = np.concatenate([[0.0], y])[:-1]  # before[j] is y[j - 1]
    behind = np.concatenate([y, [0.0]])[1:]  # behind[j] is y[j + 1]
    even = b * y + d * before
    odd = c * y + a * behind
    return np.stack([even, odd], axis=1).reshape(-1)  # even, odd, even, odd, ...


def compare_paths(config):
    """The inner products of equation (8.4), and how far three ways are from the native C^T y.

    Gives both inner products; and for each way the largest difference, divided by the sd of C^T y.
    """
    n = config.size // 2
    narrow = config.width
    wide = 2 * config.width
    x = rng.normal([8, n, n, narrow], rng.seed(config.seed, "x"))
    y = rng.normal([8, n // 2, n // 2, wide], rng.seed(config.seed, "y"))
    w = rng.normal([4, 4, narrow, wide], rng.seed(config.seed, "w"))
    with tf.GradientTape() as tape:
        tape.watch(x)
        forward = convolution.conv(x, w, 2)
    gradient = tape.gradient(forward, x, output_gradients=y)  # y stands for dloss / dCx
    native = convolution.conv_transpose(y, w, 2, path="native").numpy()
    others = {
        "gradient of the convolution": gradient,
        "sub-pixel path": convolution.conv_transpose(y, w, 2, path="subpixel"),
        # called directly, since path="winograd" uses it only where it is faster: from 64 pictures on
        "Winograd path": winograd.conv_transpose(y, w),
    }
    products = (float(np.vdot(forward, y)), float(np.vdot(x, native)))
    print(f"{tf.size(x):,} numbers: <Cx, y> = {products[0]:.1f}, <x, C^T y> = {products[1]:.1f}")
    differences = []
    for other in others.values():
        differences.append(float(np.abs(other - native).max() / native.std()))
    tables.show(
        ["", "largest difference"],
        [[name, f"{value:.0e}"] for name, value in zip(others, differences, strict=True)],
        caption="Table 8.4. The largest differences from the transposed convolution of the native "
        "path, divided by its sd.",
    )
    return products, differences


# %%
if __name__ == "__main__":
    print(f"equation (8.5): C^T y = {sub_pixel(np.array([1.0, 2.0, 1.0]), KERNEL)}")
    compare_paths(config)

# %% [markdown]
r"""
> **Notice.**
>
> - *Both inner products agree,* so equation (8.4) holds in two dimensions and with many channels.
> - *All differences are of the size of rounding in float32.* Which path is fastest depends on the machine;
>   `benchmarks.train_step` measures it.

## 8.6 Checkerboards

Generated pictures often show a fine pattern with a period of two pixels, called a **checkerboard**
[Odena et al. 2016]. It has two sources.

**Source 1: pixels are reached unequally often.** Set all $y$ and all $w$ to 1. Then $C^\top y$ counts how many input
pixels reach each output pixel. Take one dimension and stride 2. By equation (8.1), $y_j$ and pixel $i$ meet at the
kernel's number $t = i - 2j + p$, if $0 \le t < k$. When $j$ changes by 1, $t$ changes by 2. So a pixel is reached with
all even $t$, or with all odd $t$. Among $t = 0, \dots, k - 1$ there are equally many even and odd numbers if and only
if $k$ is even. So a kernel of size 3 reaches some pixels once and others twice. In the plane these counts multiply: 1,
2 or 4 times. A kernel of size 4 reaches each pixel $2 \cdot 2 = 4$ times. In general, the stride has to divide the
kernel's size.

The next cell counts. Then it measures the mean square of each pixel in pictures of untrained generators
(`checkerboards.mean_squares`), and compares even and odd rows and columns (`checkerboards.by_parity`).
"""


# %%
def times_reached(kernel_size):
    """How many input pixels reach each pixel: [8, 8] from the middle of a larger picture."""
    y = tf.ones([1, 12, 12, 1])
    w = tf.ones([kernel_size, kernel_size, 1, 1])
    counts = convolution.conv_transpose(y, w, 2)[0, :, :, 0].numpy()
    return counts[8:16, 8:16]


def measure_checkerboards(config):
    """How evenly pixels are reached, by counting and measured on untrained generators.

    Gives a dictionary: for each size of the kernel the counts and the mean squares, both by even
    and odd rows and columns; and the figure.
    """
    shown = {}
    found = {}
    rows = []
    for k in (3, 4, 5):
        times = times_reached(k)
        squares = checkerboards.mean_squares(k, config.seed, config.draws)
        counted = checkerboards.by_parity(times)
        measured = checkerboards.by_parity(squares)
        counted_ratio = counted.max() / counted.min()
        measured_ratio = measured.max() / measured.min()
        reached = f"{times.min():.0f} to {times.max():.0f}"
        rows.append([f"{k} × {k}", reached, f"{counted_ratio:.2f}", f"{measured_ratio:.2f}"])
        found[k] = (counted, measured)
        shown[f"kernel {k}, stride 2"] = (times, squares[8:24, 8:24])
    tables.show(
        ["kernel", "times a pixel is reached", "most / least", "mean squares, most / least"],
        rows,
        caption="Table 8.5. Even and odd rows and columns compared: by counting, and in the "
        f"pictures of {config.draws} untrained generators of three stages.",
    )
    return found, convolution_plots.checkerboards(shown)


# %%
if __name__ == "__main__":
    _, figure = measure_checkerboards(config)
    plots.show(
        figure,
        config.out / "checkerboards.png",
        caption="Figure 8.3. Above: how many input pixels reach each pixel. Below: the mean square "
        "of each pixel over pictures of untrained generators.",
        alt="Kernels 3 and 5 make a grid of bright and dark pixels; kernel 4 makes none.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Kernel 3: some pixels are reached four times as often as others,* and their mean square is about four times as
>   large. The coarser grid in the picture below comes from the earlier stages.
> - *Kernel 4: every pixel is reached equally often.* Therefore the networks of this book have $4 \times 4$ kernels
>   with stride 2.
> - *Gradients, too.* They come back through $D$ by transposed convolutions. A $D$ with kernel 3 and stride 2 gives
>   some pixels of the generated picture larger gradients than others.

**Source 2: different weights for different pixels.** With kernel 4 each pixel is reached equally often, *and a
pattern can appear all the same*. Equation (8.5) says why. Even pixels are computed with the weights $b$ and $d$, odd
pixels with $c$ and $a$. Let the input be constant, $y_j = 1$. Then even pixels become $b + d$, odd pixels become
$a + c$, and nothing makes these sums equal. With $w = (1, 2, 3, 4)$ the output alternates between 6 and 4:
"""


# %%
def enlarge_a_constant():
    """The transposed convolution of (1, 1, 1, 1, 1, 1) with the kernel of the example."""
    enlarged = one_row.apply(convolution.conv_transpose, KERNEL, np.ones(6))
    print(f"a constant row, enlarged: {enlarged}")
    return enlarged


def filter_the_row(enlarged):
    """The same row behind the filter (1, 2, 1) / 4; its first and last pixel are left out."""
    filtered = (enlarged[:-2] + 2.0 * enlarged[1:-1] + enlarged[2:]) / 4.0
    print(f"... and filtered: {filtered}")
    return filtered


# %%
if __name__ == "__main__":
    filter_the_row(enlarge_a_constant())

# %% [markdown]
r"""
(The first and the last pixel are smaller, because one input pixel is missing there.) In two dimensions there are four
classes of pixels with four sums of weights. Over many random kernels the mean *squares* of the four sums are equal,
and Figure 8.3 shows no pattern. But one trained kernel can learn unequal sums, and nothing in the loss forbids it
unless the discriminator notices. Exercise 3 has a layer that cannot make such a pattern from a constant.

A fixed filter behind the layer takes the pattern away. In the filtered row each pixel is half of itself and a quarter of
each neighbour, $(4 + 2 \cdot 6 + 4)/4 = (6 + 2 \cdot 4 + 6)/4 = 5$. (Its first and its last pixel still show the edge.) The
price is that the filter blurs other fine detail too.

The networks of this chapter, `radford`, have no filters. The package's usual generator, `dcgan`, applies this filter
along both directions of the picture (`blur` in `gan_core.nn.filters`) behind its last two transposed convolutions.
Behind its other ones of stride 2 stands `without_checkerboard`, which removes only what alternates in both directions.

## 8.7 Batch norm: what it computes

**Part two: batch norm.** A **batch norm** layer [Ioffe and Szegedy 2015] treats each channel by itself. Let
$x_1, \dots, x_N$ be all numbers of one channel in a batch; for pictures these are all pixels of all pictures. The
layer computes their mean $\mu$ and variance $v$, and gives

$$y_i = \gamma\, \frac{x_i - \mu}{\sqrt{v + \epsilon}} + \beta, \qquad
\mu = \frac1N \sum_i x_i, \qquad v = \frac1N \sum_i (x_i - \mu)^2 . \tag{8.6}$$

The scale $\gamma$ and the shift $\beta$ are trained, and $\epsilon$ is a small constant. So whatever the layers before
produce, the next layer gets numbers with mean $\beta$ and an sd of almost $|\gamma|$ in each channel. (Exactly, the sd
is $|\gamma| \sqrt{v/(v + \epsilon)}$; section 8.9.) The size of the signal does not depend on the layers before, so it
can neither vanish nor explode on its way.

*Example.* The batch $(1, 3, 5, 7)$ has $\mu = 4$ and $v = (9 + 1 + 1 + 9)/4 = 5$. With $\gamma = 1$, $\beta = 0$ and
a negligible $\epsilon$ it becomes $(-3, -1, 1, 3)/\sqrt 5 = (-1.34, -0.45, 0.45, 1.34)$.
"""


# %%
def normalise_the_example():
    """Batch norm of (1, 3, 5, 7), and the variance that the layer keeps for later."""
    layer = BatchNorm(1, momentum=0.0, epsilon=1e-9)  # momentum 0: it keeps the last batch's
    x = tf.constant([[1.0], [3.0], [5.0], [7.0]])
    y = layer(x, training=True).numpy()[:, 0]
    kept = float(layer.moving_variance[0])
    print(f"y = {y.round(2)}; for later the layer keeps the variance {kept:.3f}")
    return y, kept


# %%
if __name__ == "__main__":
    normalise_the_example()

# %% [markdown]
r"""
The variance that the layer keeps is not 5, but $20/3 = 6.667$. The next section says why, and what it is kept for.

## 8.8 Training and inference

In training, $\mu$ and $v$ are those of the batch. At **inference**, when the network is used, that would be
inconvenient: the face that belongs to a $z$ would depend on the other faces that are generated with it. So the layer
keeps **moving averages** of both. After each training batch, with **momentum** $m$,

$$\bar\mu \leftarrow m\, \bar\mu + (1 - m)\, \mu, \qquad
\bar v \leftarrow m\, \bar v + (1 - m)\, \frac{N}{N - 1}\, v. \tag{8.7}$$

At inference $\bar\mu$ and $\bar v$ take the place of $\mu$ and $v$ in equation (8.6). Two conventions differ between
libraries.

- *Which variance?* In training the batch is normalised with its own variance $v$, where the sum of squares is divided
  by $N$. On average this $v$ is a little too small for other data, by the factor $(N - 1)/N$, because $\mu$ is the mean
  of the same numbers. The moving average is meant for other data, so equation (8.7) corrects it. In the example the
  corrected variance is $20/3$ and not 5.
- *Which share is the momentum?* Here and in Keras, $m$ is the share of the **old** value. In PyTorch it is the share
  of the new one: its 0.1 is 0.9 here.

**What the momentum does.** Suppose that the means of the batches are independent, with sd $\tau$, and let $\mu_{(i)}$
be the mean of the batch $i$ batches ago. Write out equation (8.7): $\bar\mu = (1 - m) \sum_{i \ge 0} m^i \mu_{(i)}$.
Variances of independent terms add, and the sum is a geometric series:

$$\operatorname{Var} \bar\mu = (1 - m)^2 \tau^2 \sum_{i \ge 0} m^{2i} = \frac{(1 - m)^2}{1 - m^2}\, \tau^2
= \frac{1 - m}{1 + m}\, \tau^2 . \tag{8.8}$$

So the error of the moving mean is $\sqrt{(1 - m)/(1 + m)}$ times that of one batch. The plain mean of $K$ batches has
the variance $\tau^2 / K$. So the moving mean is as good as the plain mean of $(1 + m)/(1 - m)$ batches. (Chapter 3
counted $1/(1 - m)$ for an average with the decay $m$. That is how far back it reaches; this is how well it averages
independent numbers.)

The next cell measures this error (`norm_trials.moving_error`). It also feeds the layer with batches of two kinds in
turn (`norm_trials.in_turn`), as a discriminator is fed: real ones, with mean 1, and generated ones, with mean $-1$.
"""


# %%
def compare_momentums(config):
    """Two momentums: the error of the moving mean, and what it does between two kinds of batches.

    Gives a dictionary: for each momentum the error measured, the error by equation (8.8), and the
    moving mean after a real and after a generated batch; and the figure.
    """
    paths = {}
    found = {}
    rows = []
    for momentum in (0.9, 0.1):
        path = norm_trials.in_turn(momentum, config.seed)
        after_real, after_generated = path[-2:]
        worth = (1 + momentum) / (1 - momentum)
        formula = np.sqrt((1 - momentum) / (1 + momentum))
        error = norm_trials.moving_error(momentum, config.seed)
        rows.append(
            [
                str(momentum),
                f"{worth:.1f}",
                f"{formula:.2f}",
                f"{error:.2f}",
                f"{after_real:.2f}",
                f"{after_generated:.2f}",
            ]
        )
        paths[f"momentum {momentum}"] = path
        found[momentum] = (error, formula, after_real, after_generated)
    tables.show(
        [
            "momentum",
            "worth (batches)",
            "error (8.8)",
            "measured",
            "after a real batch",
            "after a generated one",
        ],
        rows,
        caption="Table 8.6. The moving mean: its error, divided by that of one batch's mean; and "
        "its value when it is fed in turn with batches of means 1 and -1.",
    )
    return found, convolution_plots.moving_means(paths, 1.0, -1.0)


# %%
if __name__ == "__main__":
    _, figure = compare_momentums(config)
    plots.show(
        figure,
        config.out / "moving_means.png",
        caption="Figure 8.4. The moving mean of a layer that is fed with real and generated batches "
        "in turn.",
        alt="With momentum 0.9 a small wave around 0; with 0.1 a large one between -0.8 and 0.8.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *With momentum 0.9 the moving mean is as good as the mean of 19 batches.* It stays near 0, between both kinds.
> - *Momentum 0.1 forgets nine tenths with each batch.* The moving mean is practically that of the last batch. In a
>   discriminator that was a generated one.

> **Common mistake: the momentum of another library.** `momentum=0.1` is PyTorch's default and a sensible value there.
> In a library where it is the share of the old value, it makes the statistics at inference depend on the last batch.

## 8.9 What epsilon does

$\epsilon$ guards the division in equation (8.6) where the variance is 0. It should be much smaller than any variance
that occurs. If it is not, it shrinks the signal: a variance $v$ becomes $v / (v + \epsilon)$.

*Example.* All weights of these networks start as $N(0, 0.02^2)$ [Radford et al. 2016]. In $G$ the first layer adds 100
products of noise from $N(0, 1)$ and such weights. Their sum has the variance $100 \cdot 0.02^2 = 0.04$. With
$\epsilon = 0.8$ the sd behind the first batch norm is $\sqrt{0.04/0.84} = 0.22$, where it should be 1. The next layer
gets a smaller signal, and has a smaller variance still. The next cell measures this in an untrained generator. (Nobody
would choose $\epsilon = 0.8$; but 0.8 was found in a published program, probably a momentum in the wrong place.)
"""


# %%
def compare_epsilons(config):
    """What reaches each stage of an untrained G.

    Gives a dictionary: for each epsilon the sds behind each batch norm, and that of the pictures.
    """
    z = rng.normal([config.batch, config.latent_dim], rng.seed(config.seed, "z"))
    sizes = (config.size, config.width, config.latent_dim)
    found = {}
    rows = []
    for epsilon in (1e-5, 0.8):
        generator = networks.generator(*sizes, seed=config.seed, epsilon=epsilon)
        sds, last = norm_trials.signal(generator, z)
        listed = ", ".join(f"{sd:.3f}" for sd in sds)
        levels = 127.5 * last  # of 255: the way back of equation (7.1)
        rows.append([f"{epsilon:g}", listed, f"{last:.4f}", f"{levels:.1f}"])
        found[epsilon] = (sds, last)
    tables.show(
        ["epsilon", "sd behind each batch norm", "sd of the pictures", "in levels, 0 to 255"],
        rows,
        caption="Table 8.7. The signal on its way through an untrained generator.",
    )
    return found


# %%
if __name__ == "__main__":
    compare_epsilons(config)

# %% [markdown]
r"""
> **Notice.**
>
> - *With $\epsilon = 10^{-5}$ every stage passes on a signal of sd 1.*
> - *With $\epsilon = 0.8$ nothing is normalised any more.* The first number is the 0.22 of the example. Behind the
>   fourth batch norm the sd is 0.02, a fiftieth of what it should be. The first pictures are grey: their sd is 0.6
>   levels, on a scale from 0 to 255.

> **Common mistake: numbers in the wrong place.** Besides a large `epsilon`, one finds `center=1.0, scale=0.02` in
> Keras's layer. There both are switches, so that both numbers mean "yes", and $\gamma$ starts at 1. To start $\gamma$
> as $N(1, 0.02^2)$, as `networks` does for `radford`, the layer needs an initializer.

## 8.10 Batch norm in the discriminator

In $D$ a batch norm layer meets two kinds of data, real and generated. There are three ways to normalise them:

- *each by itself,* with the mean and the variance of its own kind;
- *both together,* as one batch;
- by *moving averages* over batches of both kinds, as at inference.

We try them on 64 real numbers from $N(0.3, 0.5^2)$ and 64 generated ones from $N(-0.3, 0.5^2)$. Then we move the
generated ones 1 further away, and see whether that changes what the layer makes of the *real* ones.
"""


# %%
def each_by_itself(real, generated):
    layer = BatchNorm(1)
    return layer(real, training=True), layer(generated, training=True)


def both_together(real, generated):
    layer = BatchNorm(1)
    both = layer(tf.concat([real, generated], axis=0), training=True)
    return both[: len(real)], both[len(real) :]


def compare_ways_to_normalise(config):
    """Three ways to normalise real and generated numbers.

    Gives a dictionary: for each way the mean of the real numbers, the mean of the generated ones,
    and by how much the first real number changes when the generated ones move away.
    """
    real = 0.3 + 0.5 * rng.normal([64, 1], rng.seed(config.seed, "real"))
    generated = -0.3 + 0.5 * rng.normal([64, 1], rng.seed(config.seed, "fake"))
    moved = generated - 1.0
    averaging = BatchNorm(1)
    for _ in range(50):  # its moving averages get to know both kinds
        averaging(real, training=True)
        averaging(generated, training=True)

    def moving_averages(real, generated):
        return averaging(real), averaging(generated)  # without training=True: inference

    ways = {
        "each by itself": each_by_itself,
        "both together": both_together,
        "moving averages": moving_averages,
    }
    found = {}
    rows = []
    for name, normalise in ways.items():
        real_before, generated_before = normalise(real, generated)
        real_after, _ = normalise(real, moved)
        row = (
            float(tf.reduce_mean(real_before)),
            float(tf.reduce_mean(generated_before)),
            float(tf.abs(real_after[0, 0] - real_before[0, 0])),
        )
        rounded = np.round(row, 3) + 0.0  # turns -0 into 0
        rows.append([name, *(f"{value:.3f}" for value in rounded)])
        found[name] = row
    tables.show(
        ["normalised", "mean of real", "mean of generated", "a real number changes by"],
        rows,
        caption="Table 8.8. Three ways to normalise real and generated numbers. Last column: when "
        "the generated ones move away.",
    )
    return found


# %%
if __name__ == "__main__":
    compare_ways_to_normalise(config)

# %% [markdown]
r"""
> **Notice.**
>
> - *Each by itself:* both kinds have mean 0 and sd 1, whatever $G$ does. Differences in mean and in sd are hidden from
>   the layers behind.
> - *Both together:* the difference is visible, but what $D$ says about a real picture depends on the generated ones
>   in the batch.
> - *Moving averages,* at inference: the difference is visible again. So $D$ at inference behaves differently from $D$
>   in training.

In training, the trainer of this book normalises each kind by itself, because then $D$'s answers about real pictures do
not depend on $G$. A channel's mean and its sd are hidden by that, because each kind is shifted and divided by its own.
Whatever else differs between the kinds is not: at which pixels the numbers are large, for example.

**Batch norm and the R1 penalty.** R1 (chapter 2) is the squared size of $D$'s gradient at each real picture: how
steeply the logit of *this* picture rises when *this* picture changes. With batch norm $D$ is not a function of one
picture: the logit of picture $i$ depends on every picture of the batch, through $\mu$ and $v$. The next cell measures
how much. It differentiates one logit with respect to the whole batch, and computes which share of the squared gradient
lies on the *other* pictures. It does so for `radford`, which has batch norm in $D$, and for `dcgan`, this book's usual
networks, which have it in $G$ only.
"""


# %%
def share_on_others(discriminator, x):
    """The share of a logit's squared gradient that lies on other pictures: mean of four logits."""
    shares = []
    for i in range(min(4, len(x))):
        with tf.GradientTape() as tape:
            tape.watch(x)
            logit = discriminator(x, training=True)[i, 0]
        squares = tf.reduce_sum(tf.square(tape.gradient(logit, x)), axis=[1, 2, 3]).numpy()
        shares.append(1.0 - squares[i] / squares.sum())
    return float(np.mean(shares))


def compare_discriminators(config):
    """Gives a dictionary: for D with and without batch norm, the shares for three batch sizes."""
    sizes = (2, 8, 32)
    seed = rng.seed(config.seed, "pictures")
    pictures = rng.normal([max(sizes), config.size, config.size, 3], seed)
    found = {}
    rows = []
    for title, network in (("with batch norm", "radford"), ("without", "dcgan")):
        discriminator = networks.discriminator(
            config.size, config.width, network=network, seed=config.seed
        )
        shares = [share_on_others(discriminator, pictures[:n]) for n in sizes]
        percents = [100.0 * share for share in shares]
        rows.append([title, *(f"{percent:.1f} %" for percent in percents)])
        found[title] = shares
    tables.show(
        ["D", *(f"batch of {n}" for n in sizes)],
        rows,
        caption="Table 8.9. The share of a logit's squared gradient that lies on other pictures of "
        "the batch, in untrained networks.",
    )
    return found


# %%
if __name__ == "__main__":
    compare_discriminators(config)

# %% [markdown]
r"""
> **Notice.**
>
> - *Without batch norm the share is exactly 0.* A logit depends on its own picture, and R1 penalises what it is meant
>   to penalise.
> - *With batch norm the share is not 0, and it is larger the smaller the batch.* Here it is 0.5 % for 32 pictures and
>   4.1 % for two, in untrained networks and for pictures of noise.

The theory of the penalty treats $D$ as a function of one picture. With batch norm it is a function of the batch, and
the theory does not apply. For this reason [Gulrajani et al. 2017] leaves batch norm out of the discriminator where it
introduces such a penalty. So a $D$ without batch norm *may* be the better choice together with R1. How much so small a
share matters for faces is a question for an experiment; chapter 9 trains on faces.

## Summary

- A convolution lays a kernel on every $s$-th pixel. Equation (8.2) gives the number of output pixels, equation (8.3)
  what a unit can see.
- A convolution is a matrix $C$. The transposed convolution is $C^\top$: it enlarges, it is the adjoint, it carries
  gradients back, and it is no inverse.
- The native, the sub-pixel and the Winograd path compute the same numbers.
- Kernels whose size is a multiple of the stride reach every pixel equally often. A checkerboard can still appear,
  because even and odd pixels are computed with different weights. A fixed filter behind the layer removes it, and some
  fine detail with it.
- Batch norm divides by the batch's sd in training, and by a moving average's at inference. The momentum is the share
  of the old value, or of the new one, depending on the library. Epsilon must be far smaller than the variances.
- With batch norm in $D$ a logit depends on the whole batch. Where each kind is normalised by itself, their
  differences of mean and of sd are hidden. And the theory of gradient penalties, which treats $D$ as a function of one
  picture, does not apply.

## Exercises

1. ★ Compute by hand the convolution of $x = (1, 2, 0, 1)$ with the kernel $(1, 0, 2, 1)$, stride 2, SAME, and the
   transposed convolution of $y = (1, 3)$ with the same kernel. Check equation (8.4).
2. ★ Some DCGANs have kernel 5, SAME, stride 2. After four such layers, unit $j$ stands for the pixels $16j$ to
   $16j + 15$ of the picture. How far is the middle of its field from the middle of these pixels? And with kernel 4?
3. ★★ [Odena et al. 2016] enlarges $y$ by doubling its pixels, and then convolves with a $3 \times 3$ kernel and
   stride 1. Which transposed convolution with a $4 \times 4$ kernel is that? What does it make of a constant $y$?
4. ★★ After a mode collapse all generated pictures of a batch are the same. A layer of $D$ has one number a picture,
   and batch norm behind it: what does it make of $B$ equal numbers? Take two collapsed batches, one of 3s and one of
   −5s. Can the layers behind tell them apart in training? And at inference?
5. ★★ Which momentum makes the error of the moving mean a fifth of that of one batch? Solve equation (8.8) for $m$,
   and check it with `norm_trials.moving_error`.
6. ★★★ Build a normalisation that does not depend on the batch: **instance norm**, which takes mean and variance over
   the pixels of each picture and channel. Measure with `share_on_others` that a logit depends on its own picture
   alone.

## Further reading

- [Dumoulin and Visin 2016] has the arithmetic of strides and paddings, with drawings of every case.
- [Odena et al. 2016] shows checkerboards in many generators, and what to do about them.
- [Shi et al. 2016] introduces the sub-pixel form for enlarging pictures.
- [Ioffe and Szegedy 2015] introduces batch norm; [Wu and He 2018] compares it with norms that do not depend on the
  batch.
- [Radford et al. 2016] is the source of both networks.
"""
