# %% [markdown]
r"""
# 9. Training: the lab's recipe, mended one fault at a time

| | |
|---|---|
| **You need** | chapters 3, 7 and 8 |
| **You get** | a DCGAN trained, watched, stopped and gone on with; what each of the lab's faults costs |
| **New in gan_core** | `run_folder`, `fit` with a folder, `augment`, `schedules.rising_memory`, `settling.settle` |
| **Run it** | `python -m dcgan.ch09_training`; on your own faces `--data FOLDER_OR_ZIP --width 64 --batch-size 128` |
| **Time** | three to four minutes on two CPU cores |

A face is trained like a number: the same `GANTrainer` as in chapters 2 to 6, with other data and the networks of
chapter 8, which make it a *DCGAN*, a deep convolutional GAN (Radford et al. 2015). What is new is that a run takes
hours, so that it must be *watched*, *stopped* and *gone on with*, and *judged* by something other than its losses. All
that is `dcgan.training`; this chapter uses it on small networks, and takes the lab's recipe apart.
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import copy
import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from dcgan import config as training_config
from dcgan import networks, training
from dcgan.data.pixels import to_uint8
from dcgan.epochs import read_epochs
from dcgan.figures import sheets
from dcgan.measures import distances
from gan_core import checks, losses, rng
from gan_core.app.command_line import run
from gan_core.averaging import settling_batches
from gan_core.nn.settling import settle


@dataclasses.dataclass(frozen=True)
class Config:
    """All recipes see the same number of images, in the same order."""

    data: Path | None = None
    """folder or zip of pictures; none: drawn faces"""
    drawn: int = 2048
    """how many faces to draw, where there is no data"""
    epochs: int = 6
    """passes over the data, for each recipe"""
    batch_size: int = 32
    """images in a batch"""
    size: int = 32
    """pixels of a picture, each way: 32, 64 or 128"""
    width: int = 32
    """channels at the pictures' end of both networks"""
    average: int = 1600
    """images that the moving average of G remembers, at most: a young one remembers the last ninth of those it saw"""
    seed: int = 0
    """of everything"""
    mode: str = "graph"
    """xla, graph or eager"""
    out: Path = Path("runs/ch09")
    """folder for the runs and the figures; runs that are there already are not run again"""

    def __post_init__(self):
        # Every field but `out` is one of training's, and is checked there.
        self.training("check", {})
        # G is held against its average here, so there must be one.
        checks.integer("Config", "average", self.average, 1)

    def training(self, name: str, changes: dict) -> training_config.Config:
        """The config of one recipe's run."""
        shared = {key: value for key, value in dataclasses.asdict(self).items() if key != "out"}
        return training_config.Config(**{**shared, **changes}, run=self.out / name)


# %% [markdown]
r"""
## Train, watch

After every epoch a run shows the faces of the *same* noise, so that pictures compare, and measures a distance from
generated faces to *held-aside* ones, which were not learnt from (chapter 11 takes it apart). The losses tell neither:
$D$'s falls while the faces get better, and while they get worse.

$D(x)$ and $D(G(z))$ are told apart. The lab's "D averages one half" averaged the two, and a $D$ that says 1 to every
real and 0 to every generated face averages one half as well.
"""


# %%
def play(config: Config, name: str, changes: dict | None = None) -> tuple:
    """Train, or resume what is there.

    Returns:
        The trainer, its RunFolder, and the columns of epochs.csv.
    """
    one = config.training(name, changes or {})
    if (one.run / "config.json").exists():
        one = dataclasses.replace(one, resume=one.run)
    trainer, folder = training.train(one, Console(stderr=True, quiet=True))
    return trainer, folder, read_epochs(folder.path / "epochs.csv")


# %% [markdown]
r"""
## Stop, and go on

`fit` answers Ctrl-C by a checkpoint and the command that goes on; a run that was killed outright goes on from its last
epoch. Either way it must end as if nothing had happened: weights, moving averages, Adam's moments and the random
numbers. The last are easy here: all of them are a function of (seed, purpose, round), so there is no state to lose.
"""


# %%
def stop_and_go_on(config: Config) -> float:
    """Train two epochs at a stretch, and one epoch and then another.

    Returns:
        The largest difference of any variable.
    """
    whole, _, _ = play(dataclasses.replace(config, epochs=2), "whole")
    play(dataclasses.replace(config, epochs=1), "halves")
    halves, _, _ = play(dataclasses.replace(config, epochs=2), "halves")
    other = halves.state()
    differences = []
    for name, value in whole.state().items():
        difference = np.abs(value.numpy() - other[name].numpy())
        differences.append(float(difference.max()))
    return max(differences)


# %% [markdown]
r"""
## G and its average

The players of a game circle around where they would rest (chapter 2); the average of the circle is nearer to it than
any of its points. So a second generator runs behind: after every round $\bar\theta \leftarrow \beta\bar\theta +
(1-\beta)\theta$. It costs next to nothing, and nothing learns from it. With a fixed $\beta$ the untrained start would
be remembered for long. So it rises: after $t$ rounds it is $(1+t)/(10+t)$, at most $\beta$ (`schedules.rising_memory`),
and the average is about that of the last ninth of them. ($\beta = 0.98$ would be reached after 440 rounds.)

Batch norm's moving mean and variance do *not* fit it, averaged or not: averaged weights compute something else than
$G$ did. So before samples are taken, batches of $z$ go through the average, and the mean of their statistics takes
their place (`settling.settle`; `GANTrainer.sample` does it).
"""


# %%
def the_two_generators(trainer, held_aside, seed: int) -> dict[str, tuple]:
    """Faces of the same z by G and by its average, unsettled and settled.

    Returns:
        {name: (faces, distance)}.
    """
    z = []
    for i in range(1 + len(held_aside) // 256):
        z.append(trainer.latent(256, rng.seed(seed, "two generators", i)))
    average = copy.deepcopy(trainer.average.model)
    settle(average, settling_batches(trainer.latent, trainer.seed))
    players = {
        "G": trainer.generator,
        "its average, unsettled": trainer.average.model,
        "its average": average,
    }
    found = {}
    for name, network in players.items():
        images = np.concatenate([to_uint8(network(part)).numpy() for part in z])
        measured = distances.patches_and_whole(held_aside, images[: len(held_aside)], seed=0)
        found[name] = (images[:64], measured["mean"])
    return found


# %% [markdown]
r"""
## The lab's recipe, mended

Networks, Adam and batches are ours in every row. Six other things differ, and the table mends them one by one:

* **Batch norm with $\varepsilon = 0.8$ and momentum 0.1** (chapter 8): the lab copied another framework's figures into
  other meanings. A channel of variance $0.02^2$ is divided by $0.9$ and not by $0.02$, so it stays small; and the
  moving averages are those of the last batch.
* **Both gradients before either step** (chapter 2). Algorithm 1 lets $G$ learn from the $D$ that has just learnt.
* **No mirrored faces**: a flip gives as many again for nothing, where left and right do not matter. (In drawn faces the
  gleam of the eyes is always on the left, so here it cannot help much.)
* **No augmentation**: $D$ soon tells faces apart by the least detail, and $G$ learns little from it. If real and
  generated faces alike are moved, recoloured and cut at random before $D$ sees them (`augment`, Zhao et al. 2020), it
  must look at the whole face. $G$ learns through all that, and need not imitate it.
* **No penalty**: in a long training $D$ runs ahead all the same. R1 holds its slope at real images down (chapter 2).
* **No average of $G$**.
"""

# %%
INGREDIENTS = (
    ("+ batch norm 0.9, 1e-5", ["momentum", "epsilon"]),
    ("+ alternating updates", ["update"]),
    ("+ mirrored faces", ["flip"]),
    ("+ augmentation", ["augment"]),
    ("+ R1", ["gamma"]),
    ("+ averaged G", ["average"]),
)


def recipes() -> dict[str, dict]:
    """From the lab's recipe to ours, one ingredient after the other.

    Returns:
        {row name: what it changes in a config}; the last one changes nothing.
    """
    off = dict(training_config.LAB)
    rows = {"the lab's recipe": dict(off)}
    for name, fields in INGREDIENTS:
        for field in fields:
            del off[field]
        rows[name] = dict(off)
    return rows


def side_by_side(config: Config) -> dict[str, dict]:
    """Every recipe trained on the same images.

    Returns:
        {row name: the columns of epochs.csv, and "faces" after the last epoch}.
    """
    found = {}
    for i, (name, changes) in enumerate(recipes().items()):
        trainer, _, epochs = play(config, f"recipe_{i}", changes)
        found[name] = {**epochs, "faces": to_uint8(trainer.sample(32, config.seed)).numpy()}
    return found


def show(rows: dict[str, dict], floor: float) -> None:
    """Print the table: distance to held-aside faces after the first, the best and the last epoch."""
    table = Table("recipe", title="Distance to held-aside faces (1/1000 of their sd)")
    for column in ("first epoch", "best", "last", "D(x)", "D(G(z))"):
        table.add_column(column, justify="right")
    for name, row in rows.items():
        distance = row["distance_mean"]
        table.add_row(
            name,
            f"{distance[0]:.1f}",
            f"{np.nanmin(distance):.1f}",
            f"{distance[-1]:.1f}",
            f"{row['d_real'][-1]:.2f}",
            f"{row['d_fake'][-1]:.2f}",
        )
    table.add_section()
    table.add_row("real against real", "", f"{floor:.1f}", "", "", "")
    Console(width=100).print(table)


# %% [markdown]
r"""
## Faults that need no training to be seen

* The lab's toy $D$ (chapter 1) ended in a **sigmoid**, its loss said `from_logits=True`. A probability read as a logit
  is passed through a second sigmoid: a right and sure $D$ has a loss far from 0, and cannot get there.
* "We do not update the generator, so `training=False`": it **freezes nothing**. It tells batch norm which statistics
  to use; who learns is decided by the variables that the optimizer is given.
* Its $D$ of faces ends in **2 × 2 logits** an image, unsaid: its last layer strides where it should not.
"""


# %%
def sigmoid_twice(logit: float = 6.0) -> tuple[float, float]:
    """D's loss where it is right and sure: from logits, and from the probabilities taken for logits."""
    right = tf.fill([8], logit)
    twice = losses.discriminator_loss(tf.sigmoid(right), tf.sigmoid(-right))
    return float(losses.discriminator_loss(right, -right)), float(twice)


def frozen(training: bool = False, seed: int = 0) -> float:
    """The gradient's norm that reaches G's variables through D when both are called with this `training`."""
    generator = networks.generator(32, 8, 16, seed=seed)
    discriminator = networks.discriminator(32, 8, seed=seed)
    with tf.GradientTape() as tape:
        fake = generator(rng.normal([8, 16], rng.seed(seed, "z")), training=training)
        logits = discriminator(fake, training=training)
        loss = losses.non_saturating_generator_loss(tf.reshape(logits, [-1]))
    return float(tf.linalg.global_norm(tape.gradient(loss, generator.trainable_variables)))


# %% [markdown]
r"""
## Run it

*Notice* that the first mend looks like a loss. `faces.png` shows why: the lab's faces have full contrast, in two hues,
with smudges for eyes; the next three rows have pale shapes: $\varepsilon = 0.8$ held $D$ back, now it outruns $G$.
After the last epoch, on one CPU (and on another, which rounds otherwise): lab 310 (385), its batch norm
mended 480 (474), then alternating 394 (430), mirrored 402 (423), augmentation 301 (392), R1 284 (460).

A row is one run, and moves by 50 to 180 from epoch to epoch and from CPU to CPU: it proves nothing of the last three
mends (on real faces, in hours, augmentation and R1 help: see the README). What comes out twice is the average: 195 on
both CPUs, unsettled 221 and 222, where the $G$ that it follows has 291 and 459. Two real sets are 86 apart.
"""


# %%
def main(config: Config) -> None:
    """What the chapter shows."""
    from dcgan.figures import training_plots  # drawing libraries are slow to import

    training.choose_arithmetic(config.training("arithmetic", {}))
    right, twice = sigmoid_twice()
    print(
        f"D right and sure: loss {right:.4f} from logits, {twice:.3f} from probabilities taken for logits"
    )
    print(
        f"G's gradient with training=False everywhere: norm {frozen():.3g}, so nothing is frozen (with True "
        f"{frozen(True):.3g}: batch norm has not seen yet how small the numbers are)"
    )
    print(
        f"stopped and gone on with, against one stretch: largest difference {stop_and_go_on(config):g}"
    )
    rows = side_by_side(config)
    trainer, folder, _ = play(config, f"recipe_{len(rows) - 1}", {})
    held_aside, floor = training.held_aside(config.training("judge", {}))
    show(rows, floor)
    for name, (images, distance) in the_two_generators(trainer, held_aside, config.seed).items():
        path = sheets.save(sheets.sheet(images), config.out / f"{name}.png")
        print(f"{name}: distance {distance:.1f}, {path}")
    training_plots.distances_over_epochs(rows, floor, config.out / "recipes.png")
    training_plots.faces_of_recipes(rows, config.out / "faces.png")
    print(
        f"curves: {folder.path / 'curves.png'}, fixed noise over time: {folder.path / 'training.gif'}"
    )


# %% [markdown]
r"""
## Exercises

1. `Adam(lr=2e-4)` was dropped by the lab's Keras, which trained at its default, 1e-3. Train both players at that rate.
   What becomes of the distance? (Ours are 2e-4 for $D$ and 4e-4 for $G$.)
2. Let the decay be fixed. After $n$ rounds, which share of the average is still the untrained $G$? From which decay on
   is that more than half after this chapter's 342 rounds? And with the memory that rises?
3. Write down $D$'s loss for the lab's 2 × 2 logits, all equal to $a$ on real and $b$ on generated faces. Does the
   mean over four logits change where the game ends?
"""


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_1(config: Config) -> float:
    """The distance after the last epoch at both rates 1e-3, divided by that at 2e-4 for D and 4e-4 for G."""
    _, _, fast = play(config, "solution_1", {"d_learning_rate": 1e-3, "g_learning_rate": 1e-3})
    _, _, slow = play(config, f"recipe_{len(INGREDIENTS)}", {})
    return float(fast["distance_mean"][-1] / slow["distance_mean"][-1])


def solution_2(rounds: int) -> float:
    """decay^n is left of the start: more than half for a decay above 2^(-1/n), 0.998 for 342 rounds. With the memory
    that rises the product of all (1 + t) / (10 + t) is left, 9! n! / (n + 9)!: nothing to speak of. -> that decay."""
    checks.integer("solution_2", "rounds", rounds, 1)
    return 0.5 ** (1.0 / rounds)


def solution_3(a: float = 0.7, b: float = -0.3) -> float:
    """Equal logits have the loss of one of them, softplus(-a) + softplus(b). Nor does the end change: at p = q each
    logit's best answer is 0, and the loss is log 4. But softplus is convex, so where they differ the mean of four
    losses is above the loss of the mean logit: four judges, of whom each is to be fooled by itself. (Not by a quarter
    of the picture each: by chapter 8's formula a logit sees 94 pixels, all of 64 but a row and a column.) -> the
    difference of the two for logits a and b spread by 1."""
    spread = tf.constant([-1.0, -0.5, 0.5, 1.0])
    four = losses.discriminator_loss(a + spread, b + spread)
    return float(four - losses.discriminator_loss(tf.constant([a]), tf.constant([b])))


# %%
if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[1].lstrip("# "), "python -m dcgan.ch09_training")
