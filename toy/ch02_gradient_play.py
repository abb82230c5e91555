# %% [markdown]
r"""
# 2. Gradient play: the smallest GAN, the spiral, and what R1 does to it

| | |
|---|---|
| **You need** | chapter 1 (the losses), gradient descent, the eigenvalues of a 2 × 2 matrix |
| **You get** | why two players who each descend do not arrive, and which two changes help |
| **New in gan_core** | `trainer.GANTrainer`, `optimizers.SGD`, `penalties.r1`, `latent` |
| **Run it** | `python -m toy.ch02_gradient_play`, or with `--learning-rate 0.3 --r1 1`; `--help` lists the flags |
| **Time** | about 20 s on two CPU cores, half of it to start TensorFlow and to trace twelve games |

In chapter 1 nobody learnt. Now both players do, by gradient steps, and the game is the smallest there is, the
**Dirac-GAN** (Mescheder et al. 2018, section 2). The data are one number, $0$, over and over. $G$ has one
parameter, the place of its sample: $G(z) = \theta$ whatever $z$ is. $D$ has one too, its slope: the logit at $x$ is
$\psi x$. The goal is $\theta = 0$, where $G$ is right, and $\psi = 0$, where $D$ says ½ to everything.

**Where the lab that this book replaces went wrong**: it computes both players' gradients before either moves.
That is *simultaneous* play, not the *alternating* play of Algorithm 1 (Goodfellow et al. 2014), in which $G$ learns
from the updated $D$. With Wasserstein's loss that turns a distance of 1 into 4.4; alternating, it stays near 1.
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # answers --help at once; else TensorFlow starts without messages

import dataclasses
import math
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import checks, latent, losses, penalties
from gan_core.app import command_line
from gan_core.optim.optimizers import SGD
from gan_core.trainer import GANTrainer

LOSS_NAMES = ("minimax", "non-saturating", "wasserstein")
UPDATES = ("simultaneous", "alternating")
REAL = np.zeros([1, 1], np.float32)  # every batch of data


@dataclasses.dataclass(frozen=True)
class Config:
    """The smallest game, and how it is played."""

    steps: int = 300
    """rounds of play, from 1 to 10,000"""
    learning_rate: float = 0.1
    """h, the step size of both players, from 0.001 to 1"""
    r1: float = 0.5
    """gamma, the weight of the R1 penalty, from 0 to 1 / h"""
    theta: float = 1.0
    """where the generated sample starts, from -10 to 10"""
    psi: float = 0.0
    """the slope D starts with, from -10 to 10"""
    out: Path = Path("runs/ch02")
    """folder for the figures"""

    def __post_init__(self):
        checks.integer("Config", "steps", self.steps, 1, 10_000)
        h = checks.number("Config", "learning_rate", self.learning_rate, 0.001, 1.0)
        checks.number("Config", "r1", self.r1, 0.0, 1.0 / h)  # beyond, its step on psi overshoots
        theta = checks.number("Config", "theta", self.theta, -10.0, 10.0)
        psi = checks.number("Config", "psi", self.psi, -10.0, 10.0)
        if math.hypot(theta, psi) < 0.01:
            wanted = "further from 0, or psi"
            checks.fail("Config", "theta", wanted, f"{theta:g}", "The game would be over.")
        growth_a_step = 0.5 * math.log1p(h * h)  # of the log of the distance, in the worst case
        if growth_a_step * self.steps > 40.0:  # the fastest spiral leaves the range of float32
            most = int(40.0 / growth_a_step)
            wanted = f"at most {most} at learning_rate {h:g}"
            checks.fail("Config", "steps", wanted, str(self.steps))


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 2: the smallest GAN.", "python -m toy.ch02_gradient_play"
    )

# %% [markdown]
r"""
## 1. A GAN with two parameters

A network is a `tf.Module` with variables, called as `network(x, training=...)`. `GANTrainer`, the one that will make
faces in the end, puts the two together: `trainer.round(real)` is one step of each player. Beside chapter 1's losses:
**Wasserstein's** (Arjovsky et al. 2017), mean $b$ − mean $a$ for $D$, −mean $b$ for $G$; and **R1** (Mescheder et al.
2018, equation 9), which adds $\frac\gamma2$ mean $(da/dx)^2$ over real $x$ to $D$'s loss, here $\frac\gamma2 \psi^2$.
"""


# %%
class Point(tf.Module):
    """G: z [B, 1] -> theta, B times, [B, 1]."""

    def __init__(self, theta: float):
        super().__init__()
        self.theta = tf.Variable(theta, name="theta")

    def __call__(self, z, *, training=False):
        return self.theta * tf.ones_like(z)


class Slope(tf.Module):
    """D: x [B, 1] -> the logit psi x, [B, 1]."""

    def __init__(self, psi: float):
        super().__init__()
        self.psi = tf.Variable(psi, name="psi")

    def __call__(self, x, *, training=False):
        return self.psi * x


def make_trainer(config, loss: str, update: str, r1: float = 0.0):
    """The trainer of one game: a loss, an update rule, and the weight of R1."""
    generator = Point(config.theta)
    discriminator = Slope(config.psi)
    return GANTrainer(
        generator,
        discriminator,
        latent=latent.Normal(1),
        loss=losses.by_name(loss),
        update=update,
        g_optimizer=SGD(config.learning_rate),
        d_optimizer=SGD(config.learning_rate),
        penalty=penalties.r1(r1) if r1 else None,
        mode="graph",  # XLA's longer compiling would not pay for a few hundred rounds
    )


def play(trainer, steps: int):
    """-> (theta, psi) at the start and after every round, [steps + 1, 2]."""
    theta = trainer.generator.theta
    psi = trainer.discriminator.psi
    track = [(float(theta), float(psi))]
    for _ in range(steps):
        trainer.round(REAL)
        track.append((float(theta), float(psi)))
    return np.array(track)


def play_all(config):
    """-> the trainers and their tracks: (update, loss) -> (without R1, with R1)."""
    trainers = {}
    tracks = {}
    for update in UPDATES:
        for loss in LOSS_NAMES:
            free = make_trainer(config, loss, update)
            damped = make_trainer(config, loss, update, config.r1)
            trainers[update, loss] = (free, damped)
            tracks[update, loss] = (play(free, config.steps), play(damped, config.steps))
    print("distance from the goal          start      end   end with R1")
    for (update, loss), (free_track, damped_track) in tracks.items():
        start = math.hypot(*free_track[0])
        end = math.hypot(*free_track[-1])
        end_with_r1 = math.hypot(*damped_track[-1])
        print(f"  {update:13} {loss:14} {start:7.4f} {end:8.4f} {end_with_r1:11.6f}")
    return trainers, tracks


# %%
if __name__ == "__main__":
    trainers, tracks = play_all(config)

# %% [markdown]
r"""
## 2. The phase portrait

The state of the game is one point $(\theta, \psi)$. The grey lines: where infinitely small steps would take it.
"""


# %%
def pull(loss: str, theta, psi):
    """Minus the gradients of the two losses, each with respect to the player's own parameter.

    theta, psi [n, n] -> [n, n] for G, [n, n] for D.
    """
    theta = tf.constant(theta, tf.float32)
    psi = tf.constant(psi, tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([theta, psi])
        real = tf.zeros_like(theta)
        fake = psi * theta
        d_loss = losses.by_name(loss).discriminator(real, fake)
        g_loss = losses.by_name(loss).generator(real, fake)
    n = tf.size(theta).numpy()  # a loss is a mean over n logits
    theta_pull = -n * tape.gradient(g_loss, theta).numpy()
    psi_pull = -n * tape.gradient(d_loss, psi).numpy()
    return theta_pull, psi_pull


def draw_portraits(config, tracks):
    """The phase portraits of all games, and Wasserstein's over time."""
    from toy.figures import game_plots

    start = (config.theta, config.psi)
    game_plots.phase_portraits(config.out / "phase_portraits.png", tracks, pull, start)
    simultaneous, simultaneous_with_r1 = tracks["simultaneous", "wasserstein"]
    alternating, _ = tracks["alternating", "wasserstein"]
    shown = {
        "simultaneous": simultaneous,
        "alternating": alternating,
        "simultaneous, with R1": simultaneous_with_r1,
    }
    game_plots.samples_over_time(config.out / "samples.png", shown)


# %%
if __name__ == "__main__":
    draw_portraits(config, tracks)

# %% [markdown]
r"""
*Notice.* The gradients point *around* the goal, not towards it: $D$ pushes the sample away, it swings past the data,
$D$ turns, and so on (second figure: Wasserstein's game). Simultaneous steps leave the circle along its tangent, and end
outside. Alternating ones circle. With the non-saturating loss both also close in, ever more slowly. Only R1 arrives.

## 3. How fast? The law of the spiral

The real logit is 0 whatever $\psi$ is. On the fake one, $b = \theta\psi$, $D$'s loss is $f(b)$, with slope
$f' = \sigma(b)$ in the *logistic* losses, those of chapter 1, and 1 in Wasserstein's. $D$'s gradient is
$f'\theta$. In a *zero-sum* game, minimax or Wasserstein, $G$'s is $-f'\psi$. So a simultaneous step is at right angles
to the position, and by Pythagoras **$\theta^2 + \psi^2$ grows by the factor $1 + h^2 f'^2$ in each round**, exactly.
The non-saturating game is not zero-sum: $G$ has $g = \sigma(-b)$ in place of $f'$, which adds
$2hb(g - f') = -2hb \tanh(b/2) \le 0$ to $\theta^2 + \psi^2$. That pulls inwards.
"""


# %%
def factors(loss: str, b):
    """f' and g: what multiplies theta in D's gradient and -psi in G's."""
    if loss == "wasserstein":
        return np.ones_like(b), np.ones_like(b)
    sigmoid = 0.5 + 0.5 * np.tanh(0.5 * b)
    if loss == "minimax":
        return sigmoid, sigmoid
    return sigmoid, 1.0 - sigmoid  # non-saturating


def growth(track):
    """The squared distance from the goal after each round over that before it: [steps]."""
    return np.sum(track[1:] ** 2, axis=1) / np.sum(track[:-1] ** 2, axis=1)


def predicted_growth(loss: str, track, h: float):
    """|x + h v|^2 / |x|^2 with v = (g psi, -f' theta), before each round; 1 + h^2 f'^2 where g = f'."""
    theta, psi = track[:-1].T
    f, g = factors(loss, theta * psi)
    more = 2.0 * h * theta * psi * (g - f) + h**2 * ((g * psi) ** 2 + (f * theta) ** 2)
    return 1.0 + more / (theta**2 + psi**2)


def compare_growth(config, tracks):
    """The growth in each round of simultaneous play, measured and predicted, in figures and words."""
    from toy.figures import game_plots

    h = config.learning_rate
    measured = {}
    predicted = {}
    print("growth a round, simultaneous      mean   predicted   largest difference")
    for loss in LOSS_NAMES:
        track, _ = tracks["simultaneous", loss]
        by_play = growth(track)
        by_formula = predicted_growth(loss, track, h)
        difference = np.abs(by_play - by_formula).max()
        print(f"  {loss:26} {by_play.mean():9.6f}   {by_formula.mean():9.6f}   {difference:.0e}")
        measured[loss] = (by_play - 1.0) / h**2
        predicted[loss] = (by_formula - 1.0) / h**2
    game_plots.growths(config.out / "growth.png", measured, predicted)


# %%
if __name__ == "__main__":
    compare_growth(config, tracks)

# %% [markdown]
r"""
*Notice.* With Wasserstein the growth is $1 + h^2 = 1.01$: after 300 rounds the distance is $1.01^{150} = 4.448$.

## 4. Near the goal: alternating play, and R1

Close to $(0, 0)$ a round is a matrix ($f' = g = ½$ in both logistic games). R1 multiplies $\psi$ by $1 - h\gamma$:

$$\text{simultaneous } \begin{pmatrix} 1 & hf' \\ -hf' & 1 - h\gamma \end{pmatrix}, \qquad
\text{alternating } \begin{pmatrix} 1 - h^2 f'^2 & hf'(1 - h\gamma) \\ -hf' & 1 - h\gamma \end{pmatrix}.$$

In the long run the distance changes by the larger modulus of the two eigenvalues; for a complex pair it is the root of
the determinant. Without R1 the left matrix has $\sqrt{1 + h^2 f'^2} > 1$. The right one has determinant 1 and a complex
pair as long as $hf' < 2$, so 1. R1 makes both determinants smaller: $1 - h\gamma + h^2 f'^2$ and $1 - h\gamma$.
"""


# %%
def round_as_matrix(trainer, tiny: float = 1e-3):
    """The 2 x 2 matrix of one round close to the goal.

    Its columns are where (tiny, 0) and (0, tiny) are taken, divided by tiny.
    """
    columns = []
    for theta, psi in ((tiny, 0.0), (0.0, tiny)):
        trainer.generator.theta.assign(theta)
        trainer.discriminator.psi.assign(psi)
        columns.append(play(trainer, 1)[-1] / tiny)
    return np.stack(columns, axis=1)


def predicted_matrix(update: str, f: float, h: float, gamma: float):
    """The same by the formulas above."""
    if update == "simultaneous":
        return np.array([[1.0, h * f], [-h * f, 1.0 - h * gamma]])
    return np.array([[1.0 - (h * f) ** 2, h * f * (1.0 - h * gamma)], [-h * f, 1.0 - h * gamma]])


def modulus(matrix) -> float:
    """The larger modulus of the two eigenvalues."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def compare_moduli(config, trainers):
    """The factor of each round near the goal.

    -> (update, loss) -> the modulus without R1, measured and predicted, and with R1, the same.
    """
    h = config.learning_rate
    rows = {}
    print("factor a round near the goal    measured  predicted   with R1  predicted")
    for (update, loss), (free, damped) in trainers.items():
        slope, _ = factors(loss, np.zeros(1))
        f = float(slope[0])
        rows[update, loss] = [
            modulus(round_as_matrix(free)),
            modulus(predicted_matrix(update, f, h, 0.0)),
            modulus(round_as_matrix(damped)),
            modulus(predicted_matrix(update, f, h, config.r1)),
        ]
        cells = " ".join(f"{value:9.6f}" for value in rows[update, loss])
        print(f"  {update:13} {loss:14} {cells}")
    return rows


# %%
if __name__ == "__main__":
    compare_moduli(config, trainers)

# %% [markdown]
r"""
*Notice.* Above 1 the game leaves the goal, at 1 it circles, below 1 it arrives. The lab's play is the first;
this library's default, alternating, the second: it costs nothing. R1 is the cure: at the data $D$ should be flat.

## Exercises

1. The non-saturating game under simultaneous play ends on a circle. Find its radius: average the growth over a turn,
   with $\tanh(b/2) \approx b/2$ and $f' \approx ½$. Does the trainer agree?
2. Which $c$ keeps $\theta^2 + \psi^2 + c\,\theta\psi$ *exactly* constant in alternating play with Wasserstein's loss?
3. More R1 is not always better. Which $\gamma$ is fastest near the goal, for the logistic losses in simultaneous play?
"""


# %% tags=["hide-cell"] jupyter={"source_hidden": true}
def solution_1(h: float = 0.3):
    """With theta = r cos t, psi = r sin t the mean of b^2 over a turn is r^4 / 8: a round adds
    h^2 r^2 / 4 - h r^4 / 8 to r^2. That is 0 at r = sqrt(2 h).

    -> the radius over the last 100 of 700 rounds, sqrt(2 h)."""
    trainer = make_trainer(Config(learning_rate=h), "non-saturating", "simultaneous")
    theta, psi = play(trainer, 700)[-100:].T
    return float(np.hypot(theta, psi).mean()), math.sqrt(2.0 * h)


def solution_2(h: float = 0.5):
    """c = -h. D steps to psi', so psi = psi' + h theta, which makes it theta^2 + psi'^2 + h theta psi';
    G's step gives the first form back. An ellipse is closed: neither in nor out.

    -> theta^2 + psi^2 - h theta psi, 101 times."""
    trainer = make_trainer(Config(learning_rate=h), "wasserstein", "alternating")
    theta, psi = play(trainer, 100).T
    return theta**2 + psi**2 - h * theta * psi


def solution_3(h: float = 0.1):
    """gamma = 2 f' = 1 for simultaneous play: there the two eigenvalues meet (critical damping), and
    the modulus is 1 - h / 2. With less it circles longer, with more D hardly moves.

    -> best gamma of a fine list, measured modulus."""
    gammas = np.linspace(0.0, 3.0, 301)
    moduli = [modulus(predicted_matrix("simultaneous", 0.5, h, gamma)) for gamma in gammas]
    best = float(gammas[np.argmin(moduli)])
    trainer = make_trainer(Config(), "minimax", "simultaneous", best)
    return best, modulus(round_as_matrix(trainer))
