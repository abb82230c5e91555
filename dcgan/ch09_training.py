# %% [markdown]
r"""
# 9. Training a DCGAN: watch it, stop it, and know when it has failed

After this chapter you can train a DCGAN on faces, follow it by pictures, curves and a distance, stop it and resume it
without losing a bit, recognise common failures, and say what a change of the recipe did and how sure that is.

## The question: which of these two trainings is going well?

Two trainings of the same networks on the same faces have run for 400 rounds. You see what the players report,
averaged over the last 40 rounds:

| | training A | training B |
|---|---|---|
| loss of $D$ | 0.24 | 1.36 |
| loss of $G$ | 3.36 | 0.86 |
| $D(x)$, mean over real faces | 0.89 | 0.49 |
| $D(G(z))$, mean over generated faces | 0.10 | 0.47 |

In A, $D$ is ahead: it tells real from generated faces with little doubt. In B, $D$ cannot tell them apart at all, and
its loss is close to $\log 4 = 1.39$. By chapter 1 that is where the game ends, with a perfect generator. **Which of
the two makes faces?** Decide before you read on; section 9.4 shows both.

| | |
|---|---|
| **You need** | chapter 3 (Adam, the average of $G$), chapter 7 (drawn faces, the distance and its floor), chapter 8 (the networks); R1 of chapter 2 |
| **You will learn** | the recipe of Radford et al.; what to watch in a training, and what it can tell; what the state of a training is; four failures and their signs; how to measure what a change of the recipe does |
| **New in gan_core** | `RunFolder`, `fit` with a folder, `schedules.rising_memory`, `settle`; in dcgan `training` and `epochs` |
| **Run it** | `python -m dcgan.ch09_training`; with `--seeds 5` the ablation is measured anew |
| **Time** | about two and a half minutes of processor time (two CPU cores); the ablation takes six minutes more |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # housekeeping: a quick --help, and a start without TensorFlow's messages

import copy
import dataclasses
import functools
import math
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console

from dcgan import config as training_config
from dcgan import networks, training
from dcgan.data.batches import face_batches
from dcgan.data.pixels import to_uint8
from dcgan.drawn import drawn_faces
from dcgan.epochs import read_epochs, variety
from dcgan.figures import face_plots, sheets, training_plots
from dcgan.lessons import kept_results, measured_departures
from dcgan.measures import distances
from dcgan.runs import real_faces
from gan_core import checks, losses, penalties, rng
from gan_core.app import command_line, plots, tables
from gan_core.averaging import settling_batches
from gan_core.latent import Normal
from gan_core.nn.settling import settle
from gan_core.optim import schedules
from gan_core.optim.optimizers import Adam
from gan_core.runs.loop import fit
from gan_core.runs.run_folder import RunFolder
from gan_core.trainer import GANTrainer

SIZE = 32  # pixels of a side
LATENT_DIM = 100  # numbers in z


@dataclasses.dataclass(frozen=True)
class Config:
    """How much is trained. What is trained stands in the sections."""

    drawn: int = 6000
    """drawn faces to learn from, at least 300"""
    judged: int = 500
    """further faces, and as many generated ones, between which a distance is measured"""
    width: int = 16
    """channels at the pictures' end of both networks"""
    epochs: int = 12
    """of the training of section 9.2"""
    rounds: int = 400
    """of each training of sections 9.4 and 9.7; half as many of those of 9.5"""
    images: int = 16_000
    """that each training of section 9.6 sees, at least 128"""
    seeds: int = 0
    """seeds of section 9.6, some 75 seconds of processor time each; 0: its kept results are shown"""
    seed: int = 0
    """of faces, weights, order and z"""
    mode: str = "graph"
    """how a round is compiled: graph, xla, or eager for stepping through in a debugger"""
    out: Path = Path("runs/ch09")
    """folder for the run and the figures; a run that is there already is resumed"""

    def __post_init__(self):
        checks.integer("Config", "drawn", self.drawn, 300, 10**6)
        checks.integer("Config", "judged", self.judged, 16, 10**5)
        checks.integer("Config", "width", self.width, 1, 1024)
        checks.integer("Config", "epochs", self.epochs, 1, 10**4)
        checks.integer("Config", "rounds", self.rounds, 1, 10**6)
        checks.integer("Config", "images", self.images, 128, 10**9)
        checks.integer("Config", "seeds", self.seeds, 0, 1000)
        checks.integer("Config", "seed", self.seed, 0, 2**32)
        checks.one_of("Config", "mode", self.mode, ["graph", "xla", "eager"])


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 9: training a DCGAN.", "python -m dcgan.ch09_training"
    )

# %% [markdown]
r"""
## 9.1 The recipe of Radford et al.

A **DCGAN** is a deep convolutional GAN as [Radford et al. 2016] published it. Earlier attempts to scale GANs up with
convolutions had failed, says the paper. It gives no theory. It gives a **recipe**, everything that must be fixed
before a training starts: networks, loss, batch size, optimizer, initial weights. Start from a published recipe,
change one thing at a time, and measure what the change does. This is the recipe, beside what we run here:

| | Radford et al. | here |
|---|---|---|
| pictures | 64 × 64, scaled to $[-1, 1]$, nothing else | 32 × 32 drawn faces, scaled in the same way |
| generator | transposed convolutions of stride 2, batch norm and ReLU, $\tanh$ at the end | the same |
| discriminator | convolutions of stride 2, batch norm in all layers but the first and the last, leaky ReLU of slope 0.2 | the same |
| kernels | 5 × 5 | 4 × 4 (chapter 8 says why) |
| width, the channels next to the picture | 128 | 16 |
| $z$ | 100 numbers, uniform on $[-1, 1]$ | 100 numbers from $N(0, 1)$ |
| initial weights | $N(0, 0.02^2)$ | the same |
| loss | non-saturating | the same |
| batch | 128 | the same |
| Adam, both players | learning rate 0.0002, $\beta_1 = 0.5$, $\beta_2 = 0.999$ | the same |

The size and the width differ so that two CPU cores suffice. What the paper says about its numbers is worth knowing.
The usual learning rate of Adam, 0.001, was "too high", and its usual $\beta_1 = 0.9$ "resulted in training
oscillation and instability".

In code, a recipe is a few numbers, and a trainer follows it. `GANTrainer` is that of chapter 2, unchanged: nothing in
it knows whether a sample is a number or a face.
"""


# %%
@dataclasses.dataclass(frozen=True)
class Recipe:
    """What differs between trainings. The defaults are those of Radford et al."""

    batch: int = 128
    d_rate: float = 2e-4
    g_rate: float = 2e-4
    beta_1: float = 0.5
    beta_2: float = 0.999
    discriminator: str = "radford"  # with batch norm; "dcgan": none, but biases
    gamma: float = 0.0  # strength of R1; 0: no penalty
    penalty_every: int = 4  # rounds from one penalty to the next


def make_trainer(config, recipe, seed):
    """New networks and their trainer. An average follows G; it does not change the training."""
    generator = networks.generator(SIZE, config.width, LATENT_DIM, network="radford", seed=seed)
    discriminator = networks.discriminator(
        SIZE, config.width, network=recipe.discriminator, seed=seed
    )
    penalty = None
    if recipe.gamma > 0.0:
        penalty = penalties.r1(recipe.gamma, every=recipe.penalty_every)
    return GANTrainer(
        generator,
        discriminator,
        latent=Normal(LATENT_DIM),
        loss=losses.NON_SATURATING,
        g_optimizer=Adam(recipe.g_rate, beta_1=recipe.beta_1, beta_2=recipe.beta_2),
        d_optimizer=Adam(recipe.d_rate, beta_1=recipe.beta_1, beta_2=recipe.beta_2),
        penalty=penalty,
        average=schedules.rising_memory(0.999),
        seed=seed,
        mode=config.mode,
    )


# %% [markdown]
r"""
> **Common mistake: a compiled step that keeps the old networks.** A `tf.function` that reads its networks from global
> variables is traced once: TensorFlow records its operations at the first call and replays them later. If the networks
> are made anew later, the step goes on training the old ones, and no error is raised. Here each trainer owns its
> networks and its compiled round. The opposite slip is a `tf.config.run_functions_eagerly(True)` from a debugging
> session that is never undone. It holds for the whole process, and all compiled steps silently run eagerly.

With the mode `graph` a round is compiled into one TensorFlow graph. (XLA, the compiler that `GANTrainer` uses unless
told otherwise, is slow for convolutions on a CPU.) The penalty and the average are for later sections; Radford's recipe
has neither.

## 9.2 Train, and watch

A training of faces takes minutes here, and hours or days on real data. Nobody wants to find out at the end that it
failed in the first hour. `python -m dcgan` therefore leaves, after every **epoch** (one pass through the data), three
things to watch:

1. a contact sheet (chapter 7), or **sheet**: faces of the same 64 latent vectors, each time. Because $z$ is fixed,
   two sheets differ by what $G$ has learnt and by nothing else;
2. **curves**: both losses, and what $D$ says of real and of generated faces;
3. the **distance** of chapter 7 between generated faces and **held-out** ones. (One tenth of the faces is held out:
   nothing is learnt from them.) It stands beside its floor, the distance between held-out faces and as many of the
   others. The floor depends on the number and the size of the faces, so each table has its own.

The next cell trains by Radford's recipe. `training.train` does what `python -m dcgan train` does.
"""


# %%
def train_and_watch(config):
    """Radford's recipe, in a run folder; a run that is there already is resumed.

    Returns:
        The run folder, the columns of epochs.csv, and the floor of its distance.
    """
    wanted = training_config.Config(
        network="radford",
        drawn=config.drawn,
        size=SIZE,
        width=config.width,
        epochs=config.epochs,
        flip=False,  # faces are not mirrored at random
        seed=config.seed,
        mode=config.mode,
        run=config.out / "radford",
    )
    _held_out, floor = real_faces.held_aside(wanted)
    if (wanted.run / "config.json").exists():
        wanted = dataclasses.replace(wanted, resume=wanted.run)
    _trainer, folder = training.train(wanted, Console(quiet=True))
    return folder, read_epochs(folder.path / "epochs.csv"), floor


def chosen_epochs(epochs, count=5):
    """About `count` places in the columns of epochs.csv, from the first to the last."""
    last = len(epochs["epoch"]) - 1
    return np.unique(np.linspace(0, last, count).round().astype(int))


def first_faces(folder, epochs):
    """The first eight faces of some of the sheets, uint8 [8, S, S, 3], by "epoch 1", ..."""
    rows = {}
    for place in chosen_epochs(epochs):
        number = int(epochs["epoch"][place])
        sheet = sheets.read(folder.samples / f"epoch_{number:04d}.png")
        rows[f"epoch {number}"] = sheets.pictures_of(sheet, SIZE)[:8]
    return rows


# %%
if __name__ == "__main__":
    folder, epochs, floor_of_run = train_and_watch(config)
    plots.show(
        face_plots.rows_of_pictures(first_faces(folder, epochs)),
        config.out / "over_epochs.png",
        caption="Figure 9.1. Radford's recipe: faces of the same eight latent vectors, one column "
        "each, after five of the epochs.",
        alt="Five rows of eight faces. Grey patches with a face's outline at first; in the last "
        "row faces with eyes, hair of several colours and a visible pixel pattern.",
    )
    plots.show_file(
        folder.path / "curves.png",
        caption="Figure 9.2. The curves of the same training: losses, what D says, and the distance "
        "to held-out faces, for patches of each size, for whole faces, and their mean.",
        alt="D's loss stays low and G's high; D calls real faces real with 0.9 and generated ones "
        "with 0.1; the distances fall steadily.",
    )

# %%
if __name__ == "__main__":
    rows = []
    for place in chosen_epochs(epochs):
        rows.append(
            [
                int(epochs["epoch"][place]),
                f"{epochs['d_loss'][place]:.2f}",
                f"{epochs['g_loss'][place]:.2f}",
                f"{epochs['d_real'][place]:.2f}",
                f"{epochs['d_fake'][place]:.2f}",
                f"{epochs['variety'][place]:.2f}",
                f"{epochs['distance_mean'][place]:.0f}",
            ]
        )
    tables.show(
        ["epoch", "D's loss", "G's loss", "D(x)", "D(G(z))", "variety", "distance"],
        rows,
        caption="Table 9.1. The same training in numbers; the floor of the distance is "
        f"{floor_of_run:.0f}. One run.",
    )

# %% [markdown]
r"""
**Variety** is a fourth, cheap number: how much generated faces differ from each other, as a share of how much real
faces do. (Of each face its mean colour is subtracted first. The sd of each pixel over the set, averaged over pixels,
is divided by that of real faces.) It is 0 if all faces are the same picture. A low value has two possible causes:
the faces are nearly alike, or they are all pale. So look at the sheet as well. There is no value at which collapse
begins.

> **Notice.**
>
> - *The sheet:* nothing but grey after epoch 1, outlines of faces after epoch 4, then hair of several colours and
>   eyes. A pattern of pixels lies over all of them (section 8.6).
> - *The losses say little.* $D$ is ahead from beginning to end. $G$'s loss *rises* from 2.1 to 4.7 while its faces
>   become better.
> - *The distance falls from 868 to 386.* The best epoch is the 11th, with 350, and not the last one. (The table has five
>   of the epochs; Figure 9.2 has them all.) Even there the distance is eight times the floor. Twelve epochs are a short
>   training: 5,400 faces in batches of 128 are 42 rounds an epoch, 504 in all.
> - *The variety rises from 0.11 to 0.63.* After epoch 1 it is low because all faces are grey. In the end real faces still
>   differ more, but the sheet shows different faces: this $G$ has not collapsed to one picture.

Curves and sheets are for you. A program needs one number to decide which epoch to keep, and that number must come
from outside the game. `python -m dcgan` keeps the epoch with the best score. The score combines the distance with a
comparison of power spectra (how strong each spatial frequency is in real and in generated faces). With
`--judge features` it combines the distance with features of a network instead (chapter 11). The run folder then holds:

| file | what it is |
|---|---|
| `samples/`, `training.gif` | the sheets, and an animation of them |
| `log.csv`, `epochs.csv`, `curves.png` | what was measured each ten rounds, and after each epoch |
| `checkpoints/`, `generator/` | the state of the training, and the generator of the best epoch |
| `config.json` | all that is needed to repeat the run |

`python -m dcgan watch runs/dcgan-1` shows sheets, curves and distances on a page, while the training runs or
afterwards.

> **Common mistake: watching new samples each time, or the best ones.** If $z$ is new in each sheet, a lucky draw
> looks like progress. If somebody picks the best faces, a failing $G$ looks healthy. Fix $z$ before the training
> starts.

## 9.3 Stop, and resume

A training that runs for hours is stopped some day: by you, by a power cut, or by a cluster's time limit. A
**checkpoint** is a file from which it can be **resumed**. The test for a good checkpoint is strict: the resumed
training must end with *the same bits* as one that was never stopped. What must be in it?

- The weights of both networks, and batch norm's moving averages.
- *Adam's memories* $m$ and $v$, two numbers for each weight, and its count of updates.
- The moving average of $G$, if there is one.
- The number of the round. Here every random number (the order of the faces, $z$, augmentation) is computed from the
  seed, the round, and the name of what it is used for. So there is no state of a random generator to save.

`fit` saves all of this in a run folder, and a later `fit` with the same folder resumes. (`trainer.rounds` only plays
rounds, `fit` also logs and saves, and `training.train` calls `fit` with everything that `python -m dcgan` adds.) The next
cell trains for 40 rounds in one go, and again with a stop after round 20, after which nothing but the folder is left. A
third training resumes with everything but Adam's memories, as scripts do that save only the networks.
"""


# %%
def draw_faces(config):
    """Faces to learn from [drawn, S, S, 3], and others to judge by [judged, S, S, 3], uint8."""
    numbers = np.arange(config.drawn + config.judged)
    faces = drawn_faces.draw(numbers, seed=config.seed, size=SIZE)
    return faces[: config.drawn], faces[config.drawn :]


def batches_of(config, recipe, learnt):
    """The sampler of real batches: shuffled faces in [-1, 1]."""
    return face_batches(learnt, recipe.batch, seed=config.seed)


def stop_and_resume(config, learnt):
    """Three trainings of a tenth of config.rounds, 40 by default. Returns their trainers."""
    half = max(1, config.rounds // 20)
    rounds = 2 * half
    recipe = Recipe(batch=32)
    batches = batches_of(config, recipe, learnt)
    # `fit` trains until the trainer has made so many rounds in all.
    never_stopped = make_trainer(config, recipe, config.seed)
    fit(never_stopped, batches, rounds)

    with tempfile.TemporaryDirectory() as place:
        run = RunFolder.create(Path(place) / "run", recipe)
        stopped = make_trainer(config, recipe, config.seed)
        fit(stopped, batches, half, run=run)

        resumed = make_trainer(config, recipe, config.seed)
        fit(resumed, batches, rounds, run=RunFolder.resume(run.path))

    weights_only = make_trainer(config, recipe, config.seed)
    state = stopped.state()
    for name, variable in weights_only.state().items():
        if not name.startswith(("d_optimizer", "g_optimizer")):
            variable.assign(state[name])
    fit(weights_only, batches, rounds)
    return {
        "never stopped": never_stopped,
        "resumed": resumed,
        "resumed without Adam's memories": weights_only,
    }


def compare_ends(trainers):
    """How each training ended beside the first.

    Returns:
        For each: the share of the numbers of its state that differ, and the mean difference of a
        pixel.
    """
    first = trainers["never stopped"]
    state_of_first = first.state()
    faces = to_uint8(first.sample(64)).numpy().astype(int)
    found = {}
    for how, trainer in trainers.items():
        different = 0
        total = 0
        for name, variable in trainer.state().items():
            is_other = variable.numpy() != state_of_first[name].numpy()
            different += int(np.sum(is_other))
            total += int(np.size(is_other))
        others = to_uint8(trainer.sample(64)).numpy().astype(int)
        found[how] = (different / total, float(np.abs(others - faces).mean()))
    return found


# %%
if __name__ == "__main__":
    learnt, held_out = draw_faces(config)
    ends = compare_ends(stop_and_resume(config, learnt))
    tables.show(
        ["training", "numbers of the state that differ", "mean difference of a pixel (of 255)"],
        [[how, f"{share:.1%}", f"{pixel:.2f}"] for how, (share, pixel) in ends.items()],
        caption="Table 9.2. How two resumed trainings end, beside one that was never stopped.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The resumed training ends with the same bits.* Of all the numbers of its state not one differs.
> - *Without Adam's memories the training starts from the right weights and then goes another way.* After 20 more rounds
>   a pixel differs by 2.0 levels on average. Nothing reports an error.

For a training of your own this is done by `python -m dcgan`. Ctrl-C finishes the round, saves, and prints the command
that resumes: `python -m dcgan train --resume runs/dcgan-1`. After `kill -9` or a power cut the same command resumes
from the last checkpoint. One is written after every epoch.

> **Common mistake: a checkpoint of the networks only.** It is enough for *using* a generator. For resuming, ask what
> else changes from round to round, and save all of it.

## 9.4 How to read the curves

What do the losses prove? By equation (1.5) the best discriminator has the loss $\log 4 - 2\,JS(p, q)$, where $p$ is
the distribution of real faces and $q$ that of generated ones. *Any* discriminator has a loss at least as large,
because $D^*$ maximises $V$, and $L_D = -V$:

$$L_D \ge \log 4 - 2\, JS(p, q).$$

Solve this for $JS$:

$$JS(p, q) \ge \frac{\log 4 - L_D}{2}. \tag{9.1}$$

*In words.* A **low** loss of $D$ is a proof that real and generated faces differ: some discriminator tells them
apart. A loss near $\log 4$ proves nothing, because the right side is near 0. Either $G$ is good, or this $D$ is bad.

Two conditions are needed: $D$ judges each face by itself, and its loss is measured on faces that it has not learnt from.
The trainings A and B meet neither. Their $D$ has batch norm, and the loss is that of the faces it learns from. For them
equation (9.1) is a rule of thumb. In A it says $JS \ge 0.57$, of at most $\log 2 = 0.69$: this $D$ tells generated faces
from real ones easily. In B it says $JS \ge 0.01$, which is next to nothing. Figure 9.3 shows both.
"""


# %%
REPORTED = ("d_loss", "g_loss", "d_real", "d_fake")


def faces_of_g(network, trainer, count):
    """Faces of G, or of a copy of it, uint8 [count, S, S, 3]; the same z for every network."""
    parts = []
    blocks = math.ceil(count / 256)
    for block in range(blocks):
        z = trainer.latent(256, rng.seed(0, "faces of chapter 9", block))
        parts.append(to_uint8(network(z, training=False)).numpy())
    return np.concatenate(parts)[:count]


def distance(held_out, faces):
    """The distance of chapter 7: the mean over patches of each size and whole faces."""
    return distances.patches_and_whole(held_out, faces, seed=0)["mean"]


def play(config, recipe, rounds, learnt, held_out):
    """One training: the rows of its log, and faces, variety and distance at the end."""
    trainer = make_trainer(config, recipe, config.seed)
    rows = trainer.rounds(batches_of(config, recipe, learnt), rounds)
    faces = faces_of_g(trainer.generator, trainer, len(held_out))
    return {
        "rows": rows,
        "faces": faces,
        "variety": variety(faces) / variety(held_out),
        "distance": distance(held_out, faces),
    }


def show_ends(runs, caption):
    """A table of what the last tenth of the rounds reported, and of the faces."""
    lines = []
    for title, run in runs.items():
        rounds = len(run["rows"]["d_loss"])
        tenth = max(1, rounds // 10)
        cells = [f"{run['rows'][name][-tenth:].mean():.2f}" for name in REPORTED]
        lines.append([title, *cells, f"{run['variety']:.2f}", f"{run['distance']:.0f}"])
    columns = ["training", "D's loss", "G's loss", "D(x)", "D(G(z))", "variety", "distance"]
    tables.show(columns, lines, caption=caption)


# %%
if __name__ == "__main__":
    floor = distance(held_out, learnt[: len(held_out)])  # of as many faces as are judged
    runs = {
        "A": play(config, Recipe(batch=32), config.rounds, learnt, held_out),
        "B": play(config, Recipe(batch=32, g_rate=2e-2), config.rounds, learnt, held_out),
    }
    plots.show(
        training_plots.faces_and_curves(runs),
        config.out / "question.png",
        caption="Figure 9.3. The two trainings of the question: 16 faces, the losses, and what D "
        "says. Dotted: log 4, and one half.",
        alt="A: pale faces with hair of several colours, curves far apart. B: sixteen times the same "
        "garish picture, curves that meet at log 4 and one half.",
    )
    show_ends(
        runs,
        caption="Table 9.3. The two trainings: means over the last tenth of the rounds, and the "
        f"faces at the end. The floor of the distance is {floor:.0f}. One run each.",
    )

# %% [markdown]
r"""
**Training A makes faces, though still pale ones. B makes nearly the same garish picture for every $z$.** B's variety is
0.20, where A has 0.59. (It is not 0, because the pictures are not exactly equal.) Its distance is 2.7 times that of A.
$D$ says one half because $G$ moves its picture faster than $D$ can follow. The four numbers of the question show nothing
of this.

So a $D$ that is ahead is no failure. $G$ turns 100 numbers into 3,072, so its pictures fill only a thin part of the space
of pictures, as a curve does in the plane. Real faces are believed to fill a thin part as well
[Arjovsky and Bottou 2017]. Two curves in general position cross in single points only, and almost no sample falls on
these. In the same way two thin sets that nowhere coincide have almost nothing in common. Some $D$ can then separate them
as if their supports were disjoint, and $JS = \log 2$ (section 5.1), however good the faces look. A good $D$ can therefore
reach a low loss at any time. What matters is whether $D$ still gives $G$ a useful gradient. With the non-saturating loss a
sure $D$ does not by itself make the gradient vanish (chapter 4).

The curves are there to detect *trouble*. This is what they can tell:

| you see | it may mean | look next at |
|---|---|---|
| $D$'s loss low, $G$'s loss high, both steady | a normal training | the distance |
| $D$'s loss goes to 0 and $G$'s loss grows | $D$ too strong | the sheet: does it still change? |
| $D$'s loss above $\log 4$, worse than that of a coin | $D$ too weak, or thrown about | the learning rates, the penalty |
| both near $\log 4$ and one half | a good $G$, or a $D$ that cannot see | variety and distance |
| large swings, or a number that is not finite | learning rates too high | the sheet, then smaller rates |

## 9.5 A gallery of failures

The next trainings are A with one or two numbers changed, by so much that they must fail. In practice failures are
seldom so plain.
"""


# %%
def failures():
    """Radford's recipe with batches of 32, made to fail in three ways."""
    return {
        "D too strong": Recipe(batch=32, d_rate=2e-3, g_rate=2e-5),
        "D too weak": Recipe(batch=32, d_rate=1e-6),
        "rates too high": Recipe(batch=32, d_rate=3e-2, g_rate=3e-2),
    }


# %%
if __name__ == "__main__":
    gallery = {}
    for title, recipe in failures().items():
        gallery[title] = play(config, recipe, max(1, config.rounds // 2), learnt, held_out)
    gallery["collapse"] = runs["B"]
    plots.show(
        training_plots.faces_and_curves(gallery),
        config.out / "gallery.png",
        caption="Figure 9.4. Four failures: three after half of the rounds of training A, and training B.",
        alt="D too strong: grey noise, G's loss climbs, answers at 1 and 0. D too weak: one grey weave, D's loss climbs. Rates too high: garish, blocky heads, curves that jump. Collapse: one picture.",
    )
    show_ends(
        {"A, for comparison": runs["A"], **gallery},
        caption="Table 9.4. The gallery in numbers, as in Table 9.3. One run each.",
    )

# %% [markdown]
r"""
**$D$ too strong** ($D$'s learning rate 0.002, $G$'s 0.00002).

- *Signs.* After a few rounds $D(x)$ is 1 and $D(G(z))$ is 0. $D$'s loss is 0.00, $G$'s climbs and climbs. The sheet
  stays grey noise.
- *Cause.* $D$'s learning rate is ten times Radford's, and $G$'s a tenth of it. $G$ is told where to go and hardly
  moves.
- *Remedies.* Equal learning rates; something that makes $D$'s task harder (augmentation) or its slope
  smaller (R1).

**$D$ too weak** ($D$'s learning rate 0.000001).

- *Signs.* $D$'s loss is above $\log 4$ and rises: a coin would do better. $D$ calls generated faces *more* real
  (0.99) than real ones (0.60). $G$'s loss is 0.01. All faces are one grey weave.
- *Cause.* $G$ has found a picture that this $D$ takes for real, and $D$ does not learn that it is wrong. $G$'s loss
  of 0.01 is the lowest of this chapter, and its faces are among the worst.
- *Remedies.* A higher learning rate of $D$, a weaker penalty, a wider $D$, or several steps of $D$ a round.

**Rates too high** (0.03 for both, 150 times Radford's).

- *Signs.* The curves jump across half of their range from one round to the next. The heads are garish and blocky. The
  variety is 1.24, more than that of real faces.
- *Cause.* Every step overshoots, and with Adam a step is about as long as the learning rate (section 3.3).
- *Remedy.* A tenth of the rates, for both, and again if need be.

**Collapse** ($G$'s learning rate 0.02, a hundred times $D$'s; this is training B).

- *Signs.* In the last hundred rounds the curves show no sign of it. In the first rounds they do: $D$'s loss was far above
  $\log 4$. The sheet shows one picture, and the variety is a third of A's.
- *Cause.* $G$ moves its one picture to wherever $D$ says "real", faster than $D$ learns that the picture is there.
- *Remedies.* A lower rate of $G$; R1, which flattens the peaks of $D$ that $G$ chases (section 6.3); a $D$ that sees
  several faces at once (section 6.9, and `--minibatch-std`, which tells $D$ how much the faces of a batch differ).

**Three failures do not show in any curve.** A generator may repeat its training faces (compare nearest neighbours,
chapter 11). It may never make some kinds of faces (count them, chapter 11). And it may put a fine pattern over all
faces (enlarge the sheet; chapter 8 says where it comes from).

> **Common mistake: stopping a training because the losses do not fall.** In a game they need not. Each loss rises
> when the *other* player gets better. In Table 9.1 the faces become better from row to row, and $G$'s loss rises.

## 9.6 What does each departure from the recipe do?

Today's recipes depart from Radford's. That of this book's network `dcgan`, which `python -m dcgan` trains on drawn
faces, does so in several ways. We measure four rows of departures, each on top of those before. Two of the rows change
several things at once, and the table cannot say which of them matters. (As in chapter 6, such a table is called an
*ablation*.)

All rows have the generator of Radford et al. (That of `dcgan` differs by a last $3 \times 3$ layer, which makes the
colours, and by the filters of section 8.6.)

- **Batches of 32** in place of 128. With the same number of images there are four times as many rounds, each cheaper
  and noisier.
- **No batch norm in $D$.** With it a logit depends on the whole batch (section 8.10). *This row changes three things:*
  without batch norm the initial weights must be larger, so that signals keep their size [He et al. 2015], and this $D$
  has biases, which batch norm's shift replaces in the other.
- **The other Adam**: $\beta_1 = 0$ and $\beta_2 = 0.99$ [Karras et al. 2018], and the learning rate 0.0004, for both
  players. *This row changes three things.* With $\beta_1 = 0$ a step follows the present gradient only; in a game older
  ones point elsewhere. With $\beta_2 = 0.99$ the average of squared gradients spans about 100 rounds and not 1,000. And
  the learning rate is doubled.
- **R1** with $\gamma = 1$ (chapter 2), computed in every fourth round and four times as strong there
  [Karras et al. 2020]. It holds down the slope of $D$ at real faces.

**One run proves little.** Another seed means other weights, another order of the faces, and other $z$, and it gives
another distance. So each row is trained with five seeds. We report the mean over the seeds and its **standard
error**, the sd over the seeds divided by $\sqrt 5$. All rows use the same five seeds, so that for each seed the
*change* from the row above can be computed. Its mean and standard error help to tell it from chance.

Every training sees 16,000 images. The moving average of $G$'s weights costs next to nothing, so it is judged as well
(after its batch norm has been adapted to it: section 9.7).
"""


# %%
def departures():
    """The recipe of each row: from Radford's, one departure after the other."""
    radford = Recipe()
    small_batches = dataclasses.replace(radford, batch=32)
    no_norm = dataclasses.replace(small_batches, discriminator="dcgan")
    other_adam = dataclasses.replace(no_norm, beta_1=0.0, beta_2=0.99, d_rate=4e-4, g_rate=4e-4)
    return {
        "Radford et al.": radford,
        "+ batches of 32": small_batches,
        "+ no batch norm in D": no_norm,
        "+ the other Adam": other_adam,
        "+ R1": dataclasses.replace(other_adam, gamma=1.0),
    }


def settled_average(trainer):
    """A copy of the average of G whose batch norm fits its weights (section 9.7)."""
    network = copy.deepcopy(trainer.average.model)
    settle(network, settling_batches(trainer.latent, trainer.seed))
    return network


def measure(config, recipe, seed, learnt, held_out):
    """One training: the distances of G and of its average to faces that were held out."""
    trainer = make_trainer(config, recipe, seed)
    batches = face_batches(learnt, recipe.batch, seed=seed)
    trainer.rounds(batches, config.images // recipe.batch)
    count = len(held_out)
    return {
        "G": distance(held_out, faces_of_g(trainer.generator, trainer, count)),
        "average": distance(held_out, faces_of_g(settled_average(trainer), trainer, count)),
    }


def measure_departures(config, learnt, held_out):
    """All rows and seeds; what was measured before is read from ablation.json.

    Returns:
        For each row, under "G" and "average", the distances of all seeds.
    """
    found = {name: {"G": [], "average": []} for name in departures()}
    for seed in range(config.seeds):
        for name, recipe in departures().items():
            # a result is kept under all the settings that it depends on
            settings = dataclasses.asdict(recipe)
            settings["seed"] = seed
            settings["faces"] = [config.drawn, config.judged, config.seed]
            settings["width"] = config.width
            settings["images"] = config.images
            measure_now = functools.partial(measure, config, recipe, seed, learnt, held_out)
            result = kept_results.kept(config.out / "ablation.json", settings, measure_now)
            for network, value in result.items():
                found[name][network].append(value)
    return found


def show_departures(found):
    """The table: means ± standard errors, and the paired changes from row to row."""
    rows = []
    above = None
    for name, values in found.items():
        change_of_g = ""
        change_of_average = ""
        if above is not None:
            differences = np.subtract(values["G"], above["G"])
            change_of_g = kept_results.with_error(differences, sign=True)
            differences = np.subtract(values["average"], above["average"])
            change_of_average = kept_results.with_error(differences, sign=True)
        of_g = kept_results.with_error(values["G"])
        of_average = kept_results.with_error(values["average"])
        rows.append([name, of_g, change_of_g, of_average, change_of_average])
        above = values
    seeds = len(above["G"])
    tables.show(
        ["recipe", "G", "change", "average of G", "change"],
        rows,
        caption=f"Table 9.5. Distance to held-out faces: mean ± standard error over {seeds} seeds, "
        "and the mean change from the row above ± its standard error.",
    )


# %%
if __name__ == "__main__":
    found = measured_departures.DISTANCES
    if config.seeds > 0:
        found = measure_departures(config, learnt, held_out)
    show_departures(found)
    plots.show(
        training_plots.distances_of_seeds(found, floor),
        config.out / "departures.png",
        caption="Figure 9.5. The distances behind Table 9.5: a dot a seed, and mean ± standard "
        "error. Dashed: the floor, real against real.",
        alt="Five rows of dots. From above to below they move left, from 726 to 147 for G and from 756 to 100 for its average; the dots of the last two rows of G overlap.",
    )

# %% [markdown]
r"""
(The numbers are those of `python -m dcgan.ch09_training --seeds 5`. Without `--seeds` the chapter shows them and
trains nothing anew.)

> **How to read such a table.** Often a change of more than two standard errors is called more than chance. Here that is
> too little, for two reasons. With five seeds the standard error itself is uncertain: by Student's $t$ with 4 degrees of
> freedom, a change that does nothing still comes out two standard errors or more away from 0 in 12 % of cases, three or
> more in 4 %, and five or more in 0.7 %. And we compare
> about a dozen pairs. So that all twelve together give a false alarm in 5 % of cases at most, each needs about *six*
> standard errors. From three to six is a hint. A smaller change may still be real; these seeds just cannot show it.

> **Notice.**
>
> - *Batches of 32* bring the largest gain: the distance falls from 726 to 384, by 342 ± 7.
> - *A $D$ without batch norm, with larger initial weights and biases,* gains another 134 ± 13, ten standard errors.
> - *The other Adam, with twice the learning rate,* gains 133 ± 9 for the average of $G$. For $G$ itself it gains 81 ± 23,
>   three and a half standard errors, which is a hint.
> - *For R1 nothing is shown:* −23 ± 16 for $G$ and −5 ± 3 for its average are less than two standard errors each.
> - *The average of $G$ beside $G$:* further from real faces in the first two rows, by 30 ± 5 and 25 ± 10; about equal in
>   the third, nearer by 12 ± 11; and nearer in the last two, by 65 ± 13 and 47 ± 12. Only the first of these differences
>   reaches six standard errors. The last two have five and four, which is a hint; the others show nothing.
> - *The average depends less on the seed in the last two rows:* its sd over the seeds is 4 and 6, that of $G$ 27 and 30.

**What the table does not say.** Where a row changes several things, their effects are not separated. The table holds
for small drawn faces, small networks and 16,000 images, a short training. Each row keeps what came before; another
order of the rows may give other changes. "Batches of 32" compares equal numbers of images, so it mixes smaller batches
with more steps (exercise 6). And R1 is not made for short trainings: its purpose is that $D$ does not run away in long
ones.

**On real faces** we have not trained five seeds of each row, because one such training takes about an hour. One run of
the complete recipe of `dcgan` gave the following on 18,000 real anime faces of 64 × 64 pixels. It has all the
departures above, the generator of `dcgan`, random shifts of the pictures as augmentation, an average of $G$ with a
memory of 32,000 images, and learning rates that fall to 0 in the last 35 % of the rounds. `docs/faces.md` has longer runs,
and those of `residual`, the later default for faces of one's own.
(Chapter 11 defines the Fréchet distance, precision and recall: how far the faces are from real ones by the features of a
network, how many generated faces look real, and how much of the real variety is reached. The distance of pixels is the
distance of this chapter, with the floor of these faces.)

| images seen | Fréchet distance (real against real: 35) | precision | recall | distance of pixels (floor 19) |
|---|---|---|---|---|
| 97,000 | 533 | 0.58 | 0.001 | 52 |
| 372,000 | 363 | 0.68 | 0.048 | 35 |
| 972,000 | 229 | 0.64 | 0.177 | 25 |

*One run of `python -m dcgan train --data FACES --network dcgan --epochs 60 --fall 0.35 --precision bfloat16 --seed 7`
(bfloat16: numbers of 16 bits).* The measures do not agree: from 372,000 to 972,000 images both distances fall and recall
rises, but precision, which is that of real faces (0.67) already, falls a little.

How strong should R1 be? After 64,000 images single runs without the filters had the distance of pixels 73 with
$\gamma = 1$, 81 with $0.2$ and 92 with $0.05$ (`docs/recipe.md`). Here a stronger R1 came with a smaller distance. Two
seeds of one recipe can differ by 10, so this is only a hint.

> **Common mistake: an ablation with one run a row.** With seed 0 alone, R1 makes $G$ worse (from 182 to 198), after a
> large gain by the other Adam (from 280). With seed 2 alone, the other Adam does nothing (211 and 208), and R1 gains
> much (from 208 to 137). Each table would have looked convincing, and they contradict each other.

## 9.7 The average of G, and its batch norm

In the last rows of Table 9.5 the average of $G$ is nearer to real faces than $G$ itself, by four to five standard
errors. Chapter 3 introduced it: after every round $\bar\theta \leftarrow d\,\bar\theta + (1 - d)\,\theta$, and nothing
learns from $\bar\theta$. On faces two details matter.

**The memory must grow.** With a fixed $d = 0.999$ the share $0.999^{400} = 67\,\%$ of the average would still be the
untrained generator after 400 rounds. Therefore `schedules.rising_memory` uses, in round $t = 0, 1, 2, \dots$,

$$d_t = \min\Big(d,\; \frac{1 + t}{10 + t}\Big), \tag{9.2}$$

which remembers $1 / (1 - d_t) = (10 + t)/9$ rounds, about a ninth of the rounds so far, until $d$ is reached
(exercise 2).

**Batch norm must be settled.** The averaged network was never trained with its own activations. The means and variances
in its batch norm are averages of $G$'s, and these belong to $G$'s weights at other times. They need not fit the averaged
weights. Therefore, before samples are taken, we send 1,024 latent vectors through the averaged network and let batch
norm use the mean of *their* statistics. We call this to **settle** it [Brock et al. 2019]. `trainer.sample` does so
by itself. The next cell trains the last recipe of Table 9.5, for as many rounds as training A, and judges $G$, its
average as it is, and its settled average.
"""


# %%
def compare_averages(config, learnt, held_out):
    """The last recipe: faces uint8 [judged, S, S, 3] of G and of its averages, and their distances."""
    recipe = departures()["+ R1"]
    trainer = make_trainer(config, recipe, config.seed)
    trainer.rounds(batches_of(config, recipe, learnt), config.rounds)
    generators = {
        "G itself": trainer.generator,
        "average, not settled": trainer.average.model,
        "average, settled": settled_average(trainer),
    }
    found = {}
    for name, network in generators.items():
        faces = faces_of_g(network, trainer, len(held_out))
        found[name] = (faces, distance(held_out, faces))
    return found


# %%
if __name__ == "__main__":
    averages = compare_averages(config, learnt, held_out)
    strips = {}
    for name, (faces, far) in averages.items():
        strips[f"{name}: {far:.0f}"] = faces[:10]
    plots.show(
        face_plots.rows_of_pictures(strips),
        config.out / "averages.png",
        caption="Figure 9.6. The same ten latent vectors through G, through its average with batch "
        "norm's statistics as they are, and through the settled average; with the distance of 500 "
        "such faces to held-out ones. One run.",
        alt="Three rows of the same ten faces. The first has stray pixels, the second is paler, the third is smooth with full contrast.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *The settled average has fewer stray pixels than $G$*, and a distance of 129 against 138. (Table 9.5, after 500
>   rounds and over five seeds, has 100 against 147.)
> - *Without settling, the same weights are worse than $G$:* the faces are paler, and the distance is 147.

In Table 9.5 the average does *not* help the first two recipes. A likely reason is that their $G$ is still improving after
16,000 images, and an average of past weights lags behind. An average helps a $G$ that moves *around* its goal.

## Summary

- Start from a published recipe, exactly, and change one thing at a time.
- Watch a sheet of fixed $z$, the curves, and a distance with its floor. The epoch that is kept is chosen by the distance
  together with a second measure.
- A checkpoint holds everything that changes from round to round, Adam's memories included. The test is equality of
  bits.
- A low loss of $D$ on new faces proves that real and generated faces differ. A loss near $\log 4$ proves nothing: a
  collapsed $G$ can have it. Curves detect trouble, not quality.
- A change of a recipe is measured over several seeds, as a mean with its standard error. With few seeds and many
  comparisons two standard errors are too few. Here smaller batches bring faces nearer, and so does the row without batch
  norm in $D$ (with larger initial weights and biases). The other Adam (with twice the rate) brings the average of $G$
  nearer. Of R1 five seeds show nothing.
- The average of $G$ needs a memory that grows, and batch norm that is settled.

## Exercises

1. ★ $D$ says 0.8 to every real face and 0.3 to every generated one. Compute both losses, $D$'s accuracy, and what
   equation (9.1) says about $JS$.
2. ★ With a fixed decay $d$, which share of the average is the untrained $G$ after $n$ rounds? From which $d$ on is
   that more than half after 400 rounds? What is the share with the decay of equation (9.2), before $d$ is reached?
3. ★★ Two mistakes that raise no error. (a) $D$'s probabilities are handed to the loss as if they were logits; what is
   the smallest loss that a perfect $D$ can have? (b) Somebody calls $G$ and $D$ with `training=False` "to freeze
   them". Measure the gradient that reaches $G$.
4. ★★ Each row of an ablation has the sd $s$ over seeds, and rows are independent. How many seeds does each of two
   rows need so that a true difference of $\delta$ is two standard errors? Evaluate it for $s = 15$ and $\delta = 10$,
   and check by simulation how often two *equal* rows differ by two standard errors when there are only three seeds.
5. ★★ A $D$ gives four logits for each picture, and the loss averages over them. Their mean is $a$ for real and $b$ for
   generated pictures, and each lies up to 1 away from it. Is the loss larger or smaller than that of a $D$ with the single
   logit $a$ for real and $b$ for generated pictures? Does it move the end of the game?
6. ★★ Is it the small batch, or the number of steps? Train batches of 32 and of 128 for the same number of *rounds*,
   and compare with the first two rows of Table 9.5.
7. ★★★ Build a watchdog: a hook for `fit` that stops a training whose generated faces are all one picture, or whose
   $D$ has been certain of everything in a given number of checks, and says which. Show that it stops two trainings of
   section 9.5 and lets A finish.

## Further reading

- [Radford et al. 2016] is the recipe of this chapter, and has the first walks through a latent space of faces.
- [Salimans et al. 2016] collects early remedies against failures, and [Goodfellow 2016] discusses them in a tutorial.
- [Mescheder et al. 2018] proves where R1 makes training converge, and trains large networks with it.
- [Brock et al. 2019] documents failures of very large trainings, with their curves.
- [Lucic et al. 2018] compares losses over many seeds and settings. Most of the differences disappear.
"""
