# %% [markdown]
r"""
# 2. Gradient play: why two players who each descend need not arrive

After this chapter you can predict, with two small matrices, whether the smallest GAN circles, leaves or reaches its
goal, and you know the trainer that the rest of this book uses.

## The question: can everybody improve and nobody arrive?

A network that is trained alone walks downhill on its loss, and sooner or later it is at the bottom of a valley. The
two players of chapter 1 did something else. The mean and the spread of the generated numbers overshot their goals and
swung around them, in waves that slowly died out.

Imagine a dog that chases its owner, while the owner looks at the dog and steps aside. Each of them takes, at every
moment, the step that is best for itself, and both of them run in circles. **Can two players, who improve their own
loss with every step, run in circles for ever? Can they even move away from the goal? And what helps?**

We answer these questions in the smallest GAN there is. It has two parameters, so its whole state is a point in the
plane, and every claim can be checked with pencil and paper.

| | |
|---|---|
| **You need** | chapter 1 (the losses, Algorithm 1), the chain rule, complex numbers, the eigenvalues of a 2 × 2 matrix |
| **You will learn** | simultaneous and alternating steps; why the first spiral outwards and the second circle; what the R1 penalty changes, and why; what a *round* of the trainer is |
| **New in gan_core** | `GANTrainer`, `SGD`, `penalties.r1`, `latent.Normal` |
| **Run it** | `python -m toy.ch02_gradient_play`, or with `--learning-rate 0.3 --r1 1`; `--help` lists the flags |
| **Time** | about 20 s on two CPU cores, nearly all of it to start TensorFlow and to draw |
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)  # housekeeping: a quick --help, and a start without TensorFlow's messages

import dataclasses
import itertools
import math
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import checks, latent, losses, penalties
from gan_core.app import command_line, plots, tables
from gan_core.optim.optimizers import SGD
from gan_core.trainer import GANTrainer
from toy.figures import game_plots

LOSS_NAMES = ("minimax", "non-saturating", "wasserstein")
UPDATES = ("simultaneous", "alternating")


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
            wanted = "at least 0.01 from 0, or psi must be"
            checks.fail("Config", "theta", wanted, f"{theta:g}", "The game would be over.")
        # Housekeeping: so many rounds that a growing spiral (section 2.4) overflows are refused.
        growth_a_round = 0.5 * math.log1p(h * h)
        if growth_a_round * self.steps > 40.0:
            most = int(40.0 / growth_a_round)
            wanted = f"at most {most} at learning_rate {h:g}"
            checks.fail("Config", "steps", wanted, str(self.steps))


# %%
if __name__ == "__main__":
    config = command_line.read(
        Config, "Chapter 2: the smallest GAN.", "python -m toy.ch02_gradient_play"
    )

# %% [markdown]
r"""
## 2.1 The smallest GAN

In the **Dirac-GAN** [Mescheder et al. 2018] the data are one number, $0$, over and over. (A density that is
concentrated in one point is called a Dirac delta.)

- $G$ has one parameter $\theta$, the place of its sample: $G(z) = \theta$, whatever $z$ is.
- $D$ has one parameter $\psi$, its slope: the logit at $x$ is $\psi x$.

So the logit of every real sample is $\psi \cdot 0 = 0$, and the logit of every generated sample is $b = \psi \theta$.
The *state* of the game is the point $(\theta, \psi)$. Its goal is the point $(0, 0)$: $G$ is right, and $D$ says one
half to everything.

We play it with three losses. Two are those of chapter 1, *minimax* and *non-saturating*. The third is the
**Wasserstein loss** [Arjovsky et al. 2017]: $D$ minimises $\operatorname{mean} b - \operatorname{mean} a$, where $a$
are the logits of real samples, and $G$ minimises $-\operatorname{mean} b$. It treats the logit as a plain score, and
uses no sigmoid. Chapter 5 explains where it comes from. Here it is welcome because everything becomes linear.

## 2.2 One step, by hand

The real logit is 0, so $D$'s loss depends on the state only through $b = \psi\theta$. Call it $L_D = f(b)$. With
softplus $s(b) = \log(1 + e^b)$ and $s'(b) = \sigma(b)$:

| loss | $L_D = f(b)$ | $f'(b)$ | $L_G$ | $g(b) = -dL_G / db$ |
|---|---|---|---|---|
| minimax | $\log 2 + s(b)$ | $\sigma(b)$ | $-s(b)$ | $\sigma(b)$ |
| non-saturating | $\log 2 + s(b)$ | $\sigma(b)$ | $s(-b)$ | $\sigma(-b) = 1 - \sigma(b)$ |
| Wasserstein | $b$ | $1$ | $-b$ | $1$ |

Each player differentiates its own loss with respect to its own parameter. By the chain rule, because
$\partial b / \partial \psi = \theta$ and $\partial b / \partial \theta = \psi$,

$$\frac{\partial L_D}{\partial \psi} = f'(b)\,\theta, \qquad \frac{\partial L_G}{\partial \theta} = -g(b)\,\psi .$$

A step of gradient descent with learning rate $h$ subtracts $h$ times the gradient:

$$\psi \leftarrow \psi - h f'(b)\, \theta, \qquad \theta \leftarrow \theta + h\, g(b)\, \psi. \tag{2.1}$$

*In words.* If the sample is right of the data ($\theta > 0$), $D$ lowers its slope, so that the sample looks less
real. If the slope is positive, $G$ moves right, where $D$ says "more real".

The two steps can be taken in two ways. In **simultaneous** play both gradients are computed first, and then both
players move. In **alternating** play $D$ moves first, and $G$'s gradient is computed with the new $\psi$. Algorithm 1
of chapter 1 alternates. Here is the whole game in plain Python. (The argument `gamma` belongs to section 2.6; it is 0
until then.)
"""


# %%
def sigmoid(b):
    """1 / (1 + e^-b), written so that no power of e overflows."""
    return 0.5 + 0.5 * np.tanh(0.5 * b)


def slope_of_d(loss, b):
    """f'(b), the derivative of D's loss with respect to the generated sample's logit."""
    if loss == "wasserstein":
        return np.ones_like(b)
    return sigmoid(b)


def slope_of_g(loss, b):
    """g(b), minus the derivative of G's loss with respect to the generated sample's logit."""
    if loss == "wasserstein":
        return np.ones_like(b)
    if loss == "minimax":
        return sigmoid(b)
    return sigmoid(-b)


def play(loss, update, start, rounds, h, gamma=0.0):
    """Equation (2.1), again and again; gives (theta, psi) at the start and after each round."""
    theta, psi = start
    track = [(theta, psi)]
    for _ in range(rounds):
        b = psi * theta
        d_gradient = slope_of_d(loss, b) * theta + gamma * psi
        new_psi = psi - h * d_gradient
        psi_that_g_sees = new_psi if update == "alternating" else psi
        b_that_g_sees = psi_that_g_sees * theta
        g_gradient = -slope_of_g(loss, b_that_g_sees) * psi_that_g_sees
        theta = theta - h * g_gradient
        psi = new_psi
        track.append((theta, psi))
    return np.array(track)


def play_all(config, gamma=0.0):
    """Each update rule with each loss; gives a track [steps + 1, 2] for each (update, loss)."""
    start = (config.theta, config.psi)
    tracks = {}
    for update in UPDATES:
        for loss in LOSS_NAMES:
            tracks[update, loss] = play(
                loss, update, start, config.steps, config.learning_rate, gamma
            )
    return tracks


# %% [markdown]
r"""
## 2.3 Three losses, two ways to take turns

Figure 2.1 draws the **phase portrait** of each game: the path of the state $(\theta, \psi)$. There is a column for
each loss; simultaneous play is in the upper row, alternating play in the lower one. The grey lines show where
infinitely small steps would take the state. For these the order of the players does not matter, so both rows have the
same grey lines.
"""


# %%
def flow(loss, theta, psi):
    """Where the two players want to go: minus the gradients of equation (2.1), without h."""
    b = psi * theta
    theta_direction = slope_of_g(loss, b) * psi
    psi_direction = -slope_of_d(loss, b) * theta
    return theta_direction, psi_direction


def distance(point):
    """How far a state (theta, psi) is from the goal (0, 0)."""
    return math.hypot(*point)


def show_distances(config, tracks):
    """The distance from the goal at the end of each game."""
    rows = []
    for (update, loss), track in tracks.items():
        rows.append([update, loss, f"{distance(track[0]):.4f}", f"{distance(track[-1]):.4f}"])
    tables.show(
        ["update", "loss", "distance at the start", "at the end"],
        rows,
        caption="Table 2.1. The distance of the state from the goal, before the first and after "
        "the last round.",
    )


# %%
if __name__ == "__main__":
    tracks = play_all(config)
    panels = {}
    for game, track in tracks.items():
        panels[game] = {"path of the game": track}
    plots.show(
        game_plots.phase_portraits(panels, flow),
        config.out / "phase_portraits.png",
        caption="Figure 2.1. Phase portraits of the Dirac-GAN. The circle marks the distance at "
        "which the game starts. Simultaneous steps (above) end outside of it, except with the "
        "non-saturating loss; alternating steps (below) stay close to it or "
        "come closer to the goal.",
        alt="Six panels with paths around the origin; two of them are growing spirals.",
    )
    show_distances(config, tracks)

# %% [markdown]
r"""
> **Notice.**
>
> - *All grey lines go around the goal.* With minimax and Wasserstein they are closed; in the middle column they creep
>   inwards. $D$ tilts so that it pushes the sample towards 0, the sample swings past 0, only then
>   does $D$ tilt the other way, and so on.
> - *Upper row, left and right: the path is a growing spiral.* Both players have followed their own gradients in every
>   round, and with the Wasserstein loss the distance has grown from 1 to 4.45.
> - *Lower row, left and right: the path is closed, or nearly so.* The only difference is who moves when.
> - *Middle column: with the non-saturating loss the path turns slowly inwards,* less and less so the closer it comes.

> **Common mistake: simultaneous steps by accident.** It is easy to compute both gradients with one tape and then to
> apply both. That is simultaneous play and not Algorithm 1. The remedy costs nothing: update $D$ first.

## 2.4 Why simultaneous steps spiral outwards

**To show:** in the Dirac-GAN with a zero-sum loss (minimax or Wasserstein), each simultaneous round multiplies
$\theta^2 + \psi^2$ by $1 + h^2 f'(b)^2$.

*Step 1: write the step as a vector.* By equation (2.1) the state $(\theta, \psi)$ moves by $h\,v$ with
$v = (g\,\psi,\; -f'\,\theta)$.

*Step 2: its angle with the position.* The inner product of $v$ and $(\theta, \psi)$ is $\theta\psi\,(g - f')$. In a
zero-sum game $L_G = -L_D$ up to a constant, so $g = f'$; see minimax and Wasserstein in the table of section 2.2.
Then the inner product is zero: **the step is at right angles to the line from the goal to the state.**

*Step 3: Pythagoras.* The new distance is the hypotenuse of a right triangle, whose legs are the old distance and the
length of the step:

$$\text{new } (\theta^2 + \psi^2) = (\theta^2 + \psi^2) + h^2 f'^2 (\psi^2 + \theta^2)
= (1 + h^2 f'^2)\, (\theta^2 + \psi^2). \tag{2.2}$$

*In words.* Whoever walks along the tangent of a circle ends outside of it. The distance grows with every round,
however small the learning rate is.

*The non-saturating game* is not zero-sum. Here $f' = \sigma(b)$ and $g = \sigma(-b)$, and
$\sigma(-b) - \sigma(b) = -\tanh(b / 2)$. So the inner product of step 2 is $-b \tanh(b/2)$, which is negative unless
$b = 0$. The step points a little inwards. Close to the goal $b$ is very small, and this help vanishes.

The next cell measures the growth in every round, and compares it with the prediction.
"""


# %%
def growth(track):
    """The squared distance after each round, divided by that before it: [rounds]."""
    squared = np.sum(track**2, axis=1)
    return squared[1:] / squared[:-1]


def predicted_growth(loss, track, h):
    """The same from section 2.4, by the state r = (theta, psi) and the step h v of each round.

    |r + h v|^2 / |r|^2 = 1 + (2 h <r, v> + h^2 |v|^2) / |r|^2, with the inner product <r, v>.
    """
    theta = track[:-1, 0]
    psi = track[:-1, 1]
    v_theta, v_psi = flow(loss, theta, psi)
    inner_product = theta * v_theta + psi * v_psi
    squared_step = h**2 * (v_theta**2 + v_psi**2)
    return 1.0 + (2.0 * h * inner_product + squared_step) / (theta**2 + psi**2)


def compare_growth(config, tracks):
    """The growth in each round of simultaneous play, measured and predicted: a table and a figure.

    The figure shows (growth - 1) / h^2, which is f'^2 in a zero-sum game.
    """
    h = config.learning_rate
    measured = {}
    predicted = {}
    rows = []
    for loss in LOSS_NAMES:
        track = tracks["simultaneous", loss]
        by_play = growth(track)
        by_formula = predicted_growth(loss, track, h)
        largest = np.abs(by_play - by_formula).max()
        means = [f"{by_play.mean():.6f}", f"{by_formula.mean():.6f}"]
        rows.append([loss, *means, f"{largest:.0e}"])
        measured[loss] = (by_play - 1.0) / h**2
        predicted[loss] = (by_formula - 1.0) / h**2
    tables.show(
        ["loss", "mean growth, measured", "predicted", "largest difference"],
        rows,
        caption="Table 2.2. The factor by which a simultaneous round multiplies the squared "
        "distance from the goal.",
    )
    return game_plots.growths(measured, predicted)


# %%
if __name__ == "__main__":
    plots.show(
        compare_growth(config, tracks),
        config.out / "growth.png",
        caption="Figure 2.2. The growth of the squared distance in each round of simultaneous play, "
        "less 1 and divided by h². Dots: measured; line: predicted. Above 0 the game moves away.",
        alt="Three panels: a wave above zero, a wave around zero, and a constant line at one.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Right: with the Wasserstein loss the value is 1 in every round,* so the squared distance grows by the factor
>   $1 + h^2 = 1.01$. After 300 rounds the distance is $1.01^{150} = 4.45$, which is the number in Table 2.1.
> - *Left: with minimax the value lies between 0 and 1.* It is $f'^2$ with $f' = \sigma(b)$, a square, and so never
>   negative: the game never comes closer.
> - *Middle: with the non-saturating loss some rounds have a value below 0.* In these the game comes closer.

## 2.5 Near the goal a round is a matrix

For alternating play Pythagoras does not help: $G$ steps after $D$ has moved, so the two steps together are not at right
angles to the line from the goal. But close to the goal the game becomes linear. There $b = \psi\theta$ is a product of
two small numbers, so we may replace $f'(b)$ and $g(b)$ by their values at $b = 0$. Both are the same number, which we
call $k$: it is $\sigma(0) = \frac12$ for minimax and non-saturating, and $1$ for Wasserstein.

*Simultaneous.* Equation (2.1) becomes $\theta_\text{new} = \theta + hk\,\psi$ and
$\psi_\text{new} = -hk\,\theta + \psi$. As a matrix,

$$\begin{pmatrix} \theta_\text{new} \\ \psi_\text{new} \end{pmatrix} = \begin{pmatrix} 1 & hk \\ -hk & 1 \end{pmatrix}
\begin{pmatrix} \theta \\ \psi \end{pmatrix}. \tag{2.3}$$

This matrix is a rotation times a stretch by $\sqrt{1 + h^2 k^2} > 1$, which agrees with equation (2.2). The eigenvalues
give the same stretch, and unlike Pythagoras they also work for the matrices that follow. Write the state as a sum of
eigenvectors; a round multiplies each of them by its eigenvalue $\lambda$. So in the long run the larger modulus
$|\lambda|$ tells how the distance grows. Here the eigenvalues solve $(1 - \lambda)^2 + h^2 k^2 = 0$, so
$\lambda = 1 \pm i\,hk$, and $|\lambda| = \sqrt{1 + h^2 k^2}$.

*Alternating.* $D$ moves first, $\psi_\text{new} = \psi - hk\,\theta$. $G$ uses the new value:

$$\theta_\text{new} = \theta + hk\,\psi_\text{new} = \theta + hk\,(\psi - hk\,\theta)
= (1 - h^2 k^2)\,\theta + hk\,\psi .$$

As a matrix,

$$\begin{pmatrix} \theta_\text{new} \\ \psi_\text{new} \end{pmatrix}
= \begin{pmatrix} 1 - h^2 k^2 & hk \\ -hk & 1 \end{pmatrix}
\begin{pmatrix} \theta \\ \psi \end{pmatrix}. \tag{2.4}$$

Its determinant is $(1 - h^2 k^2) + h^2 k^2 = 1$ and its trace is $2 - h^2 k^2$. The eigenvalues solve
$\lambda^2 - (2 - h^2 k^2)\,\lambda + 1 = 0$. They are a complex pair as long as the trace lies between $-2$ and $2$,
that is, for $hk < 2$. The product of a complex pair is $|\lambda|^2$, and the product of the eigenvalues is the
determinant. Hence $|\lambda| = 1$.

*In words.* Near the goal, alternating play neither leaves nor arrives. It goes around the goal at about the same
distance (exercise 3 finds the curve).
"""


# %%
def round_as_matrix(loss, update, h, gamma=0.0, tiny=1e-4):
    """The matrix of one round close to the goal, measured.

    Play one round from (tiny, 0) and one from (0, tiny). The results, divided by tiny, are its columns.
    """
    columns = []
    for start in ((tiny, 0.0), (0.0, tiny)):
        track = play(loss, update, start, 1, h, gamma)
        columns.append(track[1] / tiny)
    return np.stack(columns, axis=1)


def predicted_matrix(update, k, h, gamma=0.0):
    """The same by equations (2.3) and (2.4); with gamma, the weight of section 2.6, by (2.5)."""
    kept = 1.0 - h * gamma
    if update == "simultaneous":
        upper_row = [1.0, h * k]
    else:
        upper_row = [1.0 - (h * k) ** 2, h * k * kept]
    lower_row = [-h * k, kept]
    return np.array([upper_row, lower_row])


def modulus(matrix):
    """The larger modulus of the two eigenvalues."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def compare_moduli(config, gamma=0.0):
    """For each (update, loss) the modulus, measured and predicted."""
    h = config.learning_rate
    found = {}
    for update in UPDATES:
        for loss in LOSS_NAMES:
            k = float(slope_of_d(loss, 0.0))
            measured = modulus(round_as_matrix(loss, update, h, gamma))
            predicted = modulus(predicted_matrix(update, k, h, gamma))
            found[update, loss] = (measured, predicted)
    return found


def show_moduli(found, caption):
    """One of the tables of moduli."""
    rows = []
    for (update, loss), (measured, predicted) in found.items():
        rows.append([update, loss, f"{measured:.6f}", f"{predicted:.6f}"])
    tables.show(["update", "loss", "modulus, measured", "predicted"], rows, caption=caption)


# %%
if __name__ == "__main__":
    show_moduli(
        compare_moduli(config),
        caption="Table 2.3. The factor by which a round multiplies the distance near the goal: the "
        "larger modulus of the two eigenvalues.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Simultaneous: above 1.* The state leaves the goal, with every loss, even with the non-saturating one. (Further
>   out that loss pulls inwards, so its path ends on a circle; exercise 4 finds the radius.)
> - *Alternating: 1.* The state stays at about its distance.

## 2.6 R1: friction for the discriminator

Close to the goal nothing in these games pulls the state towards it. We need something that does, and that does not move
the goal.

At the goal $D$ is flat: its logit is 0 everywhere. So let us ask $D$ to be flat where the data are. The **R1
penalty** [Mescheder et al. 2018] adds to $D$'s loss half of $\gamma$ times the mean squared slope of the logit at
*real* samples,

$$R_1 = \frac{\gamma}{2}\, \mathbb{E}_{x \sim p} \left| \nabla_x a(x) \right|^2,$$

where $a(x)$ is the logit at $x$, the bars are the length of the vector $\nabla_x a$, and $\gamma$ is a number that we
choose. In the Dirac-GAN the logit is $\psi x$, its
slope is $\psi$, and the penalty is $\frac{\gamma}{2} \psi^2$. Its gradient with respect to $\psi$ is $\gamma\psi$.

*What it does, as a picture.* In the phase portrait the penalty adds an arrow that points straight to the horizontal
axis $\psi = 0$. The larger $|\psi|$ is, the longer is the arrow. So the penalty makes $|\psi|$ smaller, most of all
where it is large. The play then turns this smaller $\psi$ into a smaller $\theta$, and each turn is smaller than the one
before. A pendulum that swings a little is much the same: $\theta$ is its position, $\psi$ its velocity, and R1 is
friction.

*What it does, as a matrix.* $D$'s step becomes
$\psi_\text{new} = \psi - h\,(k\theta + \gamma\psi) = (1 - h\gamma)\,\psi - hk\,\theta$. Insert this as in section 2.5:

$$\text{simultaneous } \begin{pmatrix} 1 & hk \\ -hk & 1 - h\gamma \end{pmatrix}, \qquad
\text{alternating } \begin{pmatrix} 1 - h^2 k^2 & hk\,(1 - h\gamma) \\ -hk & 1 - h\gamma \end{pmatrix}. \tag{2.5}$$

The determinants are $1 - h\gamma + h^2 k^2$ and $(1 - h^2k^2)(1 - h\gamma) + h^2k^2(1 - h\gamma) = 1 - h\gamma$. As
long as the eigenvalues are a complex pair (in simultaneous play for $\gamma < 2k$), their modulus is the square root of
the determinant, and the play arrives if the determinant is below 1. For alternating play that is so for every
$\gamma > 0$, for simultaneous play if $\gamma > h k^2$. If
$\gamma$ is very large, the eigenvalues become real, and the state creeps: $D$ then hardly moves at all (exercise 5).
"""

# %%
if __name__ == "__main__":
    with_r1 = play_all(config, config.r1)
    panels = {}
    for game in (("simultaneous", "wasserstein"), ("alternating", "wasserstein")):
        panels[game] = {"no penalty": tracks[game], "with R1": with_r1[game]}
    plots.show(
        game_plots.phase_portraits(panels, flow),
        config.out / "with_r1.png",
        caption="Figure 2.3. The Wasserstein game of Figure 2.1, without and with the R1 penalty. "
        "The star is the goal; with the penalty both update rules arrive there.",
        alt="Two panels: without penalty a spiral and a circle, with R1 spirals that end at 0.",
    )
    plots.show(
        game_plots.samples_over_time(
            {
                "simultaneous": tracks["simultaneous", "wasserstein"],
                "alternating": tracks["alternating", "wasserstein"],
                "alternating, with R1": with_r1["alternating", "wasserstein"],
            }
        ),
        config.out / "samples.png",
        caption="Figure 2.4. The same game over time: the place of the generated sample and the "
        "slope of D. From left to right: growing waves, steady waves, waves that die out.",
        alt="Three panels of two waves each, growing, constant and shrinking.",
    )
    show_moduli(
        compare_moduli(config, config.r1),
        caption="Table 2.4. As Table 2.3, with the R1 penalty.",
    )

# %% [markdown]
r"""
> **Notice.**
>
> - *Figure 2.3: the star is reached.* With R1 both paths end at the goal.
> - *Figure 2.4: $\theta$ and $\psi$ are waves that are a quarter of a turn apart.* $G$ is fastest when $D$'s slope is
>   largest, and $D$'s slope changes fastest when the sample is furthest away.
> - *Table 2.4: all moduli are below 1.* For alternating play the modulus is
>   $\sqrt{1 - h\gamma} = \sqrt{0.95} = 0.9747$.

<!-- moving: dirac -->

**How much of this holds for other GANs?** The Dirac-GAN is an extreme case, because all data lie on one point. At
$\theta = 0$ real and generated samples are the same, and $D$'s loss is the same for every $\psi$: nothing pulls $\psi$
anywhere. If data and samples are spread out, as in chapter 1, $D$'s loss has a minimum in $D$'s own parameters even
when $G$ is right, and its step pulls them there. This acts as friction, too, and the game arrives by itself if the
learning rates are small enough [Nagarajan and Kolter 2017]. That is why the waves of chapter 1 died out. Images have
thousands of pixels, but they vary in far fewer ways, so they fill only a thin part of the space of all pixels. Samples
and data then hardly overlap, as in the Dirac-GAN, and a penalty such as R1 helps [Mescheder et al. 2018].

## 2.7 The trainer: the loop, packaged

From the next chapter on the players are networks with many parameters, and nobody derives their gradients by hand.
The loop stays the same. `gan_core` contains it as `GANTrainer`. Every line of Algorithm 1 has its place there:

| Algorithm 1, as written in chapter 1 | in `GANTrainer` |
|---|---|
| `generator`, `discriminator` | two `tf.Module`s, called as `network(x, training=...)` |
| `draw_z()` | `latent`, a distribution of $z$ |
| the two losses | `loss` |
| `c.assign_sub(learning_rate * gradient)` | `d_optimizer`, here `SGD`: stochastic gradient descent |
| `mu.assign_sub(...)`, `w.assign_sub(...)` | `g_optimizer` |
| (section 2.3) who moves when | `update`, "alternating" unless you say otherwise |
| (section 2.6) | `penalty` |
| one pass through the loop | `trainer.round(real)` |

A **round** is what one pass through the loop does: a step of $D$ (or several, if you ask for them) and then a step of
$G$, on one minibatch. We say *round* throughout this book, because "training step" leaves open whose step it is.

In two points this book departs from the paper's Algorithm 1. In `GANTrainer` $D$'s step and $G$'s step share one
minibatch of $z$, which saves a forward pass; `fresh_z=True` draws a new one for $G$. And most chapters use the
optimizer Adam in place of plain gradient descent; chapter 3 explains it.

Here is the Dirac-GAN for the trainer. TensorFlow computes the gradients that we derived in section 2.2.
"""


# %%
class Point(tf.Module):
    """G: z [B, 1] -> theta, B times, [B, 1]."""

    def __init__(self, theta):
        super().__init__()
        self.theta = tf.Variable(theta, name="theta")

    def __call__(self, z, *, training=False):
        return self.theta * tf.ones_like(z)


class Slope(tf.Module):
    """D: x [B, 1] -> the logit psi x, [B, 1]."""

    def __init__(self, psi):
        super().__init__()
        self.psi = tf.Variable(psi, name="psi")

    def __call__(self, x, *, training=False):
        return self.psi * x


def make_trainer(config, loss, update, gamma=0.0):
    """The trainer of one game: a loss, an update rule, and the weight of R1."""
    penalty = None
    if gamma > 0.0:
        penalty = penalties.r1(gamma)
    return GANTrainer(
        Point(config.theta),
        Slope(config.psi),
        latent=latent.Normal(1),
        loss=losses.by_name(loss),
        update=update,
        g_optimizer=SGD(config.learning_rate),
        d_optimizer=SGD(config.learning_rate),
        penalty=penalty,
        mode="eager",  # run line by line as Python does; compiling would not pay for a few rounds
    )


def play_by_trainer(trainer, rounds):
    """Play by the trainer; gives (theta, psi) at the start and after every round, [rounds + 1, 2]."""
    data = np.zeros([1, 1], np.float32)
    theta = trainer.generator.theta
    psi = trainer.discriminator.psi
    track = [(float(theta), float(psi))]
    for _ in range(rounds):
        trainer.round(data)
        track.append((float(theta), float(psi)))
    return np.array(track)


def as_point(state):
    """(theta, psi) with five digits behind the point."""
    theta, psi = state
    return f"({theta:.5f}, {psi:.5f})"


def compare_with_trainer(config, rounds=20):
    """Each game by equation (2.1) and by the trainer; gives the largest differences, one a game."""
    rounds = min(rounds, config.steps)
    start = (config.theta, config.psi)
    games = itertools.product(UPDATES, LOSS_NAMES, (0.0, config.r1))
    rows = []
    differences = []
    for update, loss, gamma in games:
        by_hand = play(loss, update, start, rounds, config.learning_rate, gamma)
        trainer = make_trainer(config, loss, update, gamma)
        by_trainer = play_by_trainer(trainer, rounds)
        difference = float(np.abs(by_hand - by_trainer).max())
        differences.append(difference)
        ends = [as_point(by_hand[-1]), as_point(by_trainer[-1])]
        rows.append([update, loss, f"{gamma:g}", *ends, f"{difference:.0e}"])
    tables.show(
        ["update", "loss", "γ", "by hand", "by the trainer", "largest difference"],
        rows,
        caption=f"Table 2.5. (θ, ψ) after {rounds} rounds, by equation (2.1) and by GANTrainer, and "
        "the largest difference in any round.",
    )
    return differences


# %%
if __name__ == "__main__":
    differences = compare_with_trainer(config)

# %% [markdown]
r"""
> **Notice.** *The last column is rounding.* By hand we computed with 64-bit numbers, and the trainer computes with
> 32-bit numbers, which have about seven digits.

## Summary

- Two players who each follow their own gradient need not arrive. In the Dirac-GAN the gradients point around the
  goal.
- Simultaneous steps go along the tangent. In the Dirac-GAN with a zero-sum loss each round multiplies the squared
  distance by $1 + h^2 f'^2$.
- In the Dirac-GAN without a penalty, alternating steps have, near the goal, a matrix of determinant 1: the state circles
  around the goal.
- The R1 penalty asks $D$ to be flat at the data. It acts like friction and does not move the goal. With it the
  Dirac-GAN arrives, in simultaneous play if $\gamma > h k^2$.
- If data and samples overlap, the curvature of $D$'s loss is friction as well.
- `GANTrainer` is the loop of chapter 1; a round is one pass through it.

## Exercises

1. ★ Play two rounds on paper: Wasserstein loss, $h = 0.1$, start $(1, 0)$, once simultaneous and once alternating.
   How far is the state from the goal each time?
2. ★ For which $h$ does alternating play with the Wasserstein loss leave the goal? Look at the trace in section 2.5,
   and check your answer on both sides of the limit.
3. ★ Which $c$ keeps $\theta^2 + \psi^2 + c\,\theta\psi$ *exactly* constant in alternating play with the Wasserstein
   loss? What curve does the state stay on?
4. ★★ The non-saturating game in simultaneous play ends on a circle. Find its radius: average the growth over a turn,
   with $\tanh(b/2) \approx b/2$ and $f' \approx \frac12$. Does the game agree, for $h = 0.3$?
5. ★★ More R1 is not always better. Which $\gamma$ is fastest near the goal, in simultaneous play with $k = \frac12$?
6. ★★ Some recipes give $D$ a larger learning rate than $G$ [Heusel et al. 2017]. Derive the matrix of alternating
   play with rates $h_G$ and $h_D$. Does this help the Dirac-GAN to arrive?
7. ★★★ Build *optimistic* gradient play [Daskalakis et al. 2018]: each player steps along $2 g_t - g_{t-1}$, twice its
   present gradient minus that of the round before. Play the Wasserstein game simultaneously with it. Where does it
   end?

## Further reading

- `python -m toy play` (`pip install -e '.[explore]'`), lesson *Spiral*: a game like that
  of this chapter, with normal data, under your hands in the browser.
- [Mescheder et al. 2018] introduces the Dirac-GAN and R1, and proves which methods arrive. Section 2 is this
  chapter's model.
- [Nagarajan and Kolter 2017] shows that GANs on overlapping densities are locally stable.
- [Mescheder et al. 2017] explains the same waves by the eigenvalues of the game's Jacobian matrix.
- [Daskalakis et al. 2018] removes the circling by looking one gradient back.
"""
