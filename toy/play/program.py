"""The Python program that makes a run of the page again, bit for bit.

It uses gan_core and the targets of toy, but nothing of the page. `text` builds the same game as
`toy.play.game`, and `lines_of_history` repeats the rounds, the steps by hand and the changes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from toy.play import settings as choices
from toy.play.game import GAMMA_FALL, NOISE_FALL
from toy.play.settings import Settings

IMPORTS = """\
import tensorflow as tf

import gan_core as gan
from gan_core import losses{penalties}
from gan_core.nn.initializers import he_normal
"""
SCALE = """\
known = target.sample(10_000, gan.rng.seed({seed}, "scale"))
mean = tf.reduce_mean(known, axis=0)
scale = float(tf.sqrt(tf.reduce_mean(tf.math.reduce_variance(known, axis=0))))
"""
FALLING = """\
falling_rate = gan.cosine_decay(1.0, {fall}, start={start})
"""
FALLING_NOISE = """\
falling_noise = gan.geometric_decay(1.0, {noise_end}, final={noise_fall!r})
"""
FALLING_GAMMA = """\
falling_gamma = gan.geometric_decay(1.0, {gamma_end}, final={gamma_fall!r})
"""
VARIABLES = """\
# What the page's sliders move. The functions below read these variables in every round, so that a
# change takes effect in the next one.
g_rate = tf.Variable({g_rate!r}, trainable=False)
d_rate = tf.Variable({d_rate!r}, trainable=False)
noise = tf.Variable({noise!r}, trainable=False)
"""
GAMMA = """\
gamma = tf.Variable({gamma!r}, trainable=False)
"""
SCHEDULE = """\


def {name}(step):
    return {value}
"""
NETWORKS = """\
latent = gan.NormalAndBits({latent_dim}, {bits})
g_layers = gan.mlp({g_sizes}, seed={seed}, name="G", initializer=he_normal)
d_layers = gan.mlp({d_sizes}, seed={seed}, name="D", initializer=he_normal)
trainer = gan.GANTrainer(
    gan.Sequential([g_layers, gan.unstandardise({start}, scale)]),
    gan.Sequential([gan.standardise(mean, scale), d_layers]),
    latent=latent,
    loss=losses.by_name("{loss}"),
    g_optimizer={optimizer}(g_learning_rate{beta_1}),
    d_optimizer={optimizer}(d_learning_rate{beta_1}),
    penalty={penalty},
    augment=gan.instance_noise(noise_sd),
    d_steps={d_steps},
    update="{update}",
    average={average},
    seed={seed},
    mode="{mode}",
)
batches = gan.stream(target.sample, {batch}, {seed})
"""
BY_HAND = """\


def batch_by_hand(number):
    real = target.sample({batch}, gan.rng.seed({seed}, "real by hand", number))
    z = latent({batch}, gan.rng.seed({seed}, "z by hand", number))
    return real, z


"""
END = """\

samples = trainer.sample(1_000)
print("round", int(trainer.step))
print("mean", samples.mean(axis=0), "sd", samples.std(axis=0))
"""
PENALTIES = {
    "none": "None",
    "R1": "penalties.r1(penalty_weight)",
    "R2": "penalties.r2(penalty_weight)",
    "R1 and R2": "[penalties.r1(penalty_weight), penalties.r2(penalty_weight)]",
    "gradient penalty": "penalties.wasserstein_gradient_penalty(penalty_weight)",
}


def text(
    settings: Settings, history: Sequence[tuple] = (), *, file: str = "", mode: str = "xla"
) -> str:
    """The program of a run.

    Args:
        settings: the settings at the start of the game.
        history: what was done since (`Game.history`).
        file: the path of the CSV file, for the target "points".
        mode: the trainer's.

    Returns:
        Python source. Run, it makes the same samples, and prints their mean and sd.
    """
    opening = f'"""A game of python -m toy play: {settings.target}, {settings.loss}."""\n\n'
    by_hand = any(done[0] in ("d_step", "g_step") for done in history)
    parts = [
        opening,
        *_target(settings, file),
        SCALE.format(seed=settings.seed),
        "\n",
        _schedules(settings),
        _networks(settings, mode),
        BY_HAND.format(batch=settings.batch, seed=settings.seed) if by_hand else "\n",
        *(f"{line}\n" for line in lines_of_history(_that_count(settings, history))),
        END,
    ]
    return "".join(parts)


def lines_of_history(history: Sequence[tuple]) -> list[str]:
    """One line for each thing that was done.

    Args:
        history: the history of a Game.

    Returns:
        Statements on `trainer`, `batches`, `batch_by_hand` and the variables of LIVE.

    Example:
        >>> lines_of_history([("rounds", 3), ("g_rate", 0.01), ("d_step",)])
        ... # doctest: +NORMALIZE_WHITESPACE
        ['trainer.rounds(batches, 3)', 'g_rate.assign(0.01)',
         'trainer.discriminator_step(*batch_by_hand(0))']
    """
    lines = []
    number = 0  # of the next step by hand
    for done in history:
        if done[0] == "rounds":
            lines.append(f"trainer.rounds(batches, {done[1]})")
        elif done[0] in choices.LIVE:
            lines.append(f"{done[0]}.assign({done[1]!r})")
        else:
            player = {"d_step": "discriminator", "g_step": "generator"}[done[0]]
            lines.append(f"trainer.{player}_step(*batch_by_hand({number}))")
            number += 1
    return lines


def _target(settings: Settings, file: str) -> list[str]:
    """The imports, and the lines that make the target."""
    name = settings.target
    imports = [IMPORTS.format(penalties="" if settings.penalty == "none" else ", penalties")]
    if name in choices.PLANE:
        return [*imports, "from toy.targets import by_name\n\n", _by_name("by_name", name)]
    if name in choices.LINE:
        return [*imports, "from toy.targets import on_the_line\n\n", _by_name("on_the_line", name)]
    if name == choices.POINTS:
        imports.append("from toy.play import csv_points\n")
        made = f"target = given.Points(csv_points.read({file!r}))\n"
    elif name == choices.DRAWN_PLANE:
        rows = _wrapped("points = [", choices.points(settings.drawing).tolist())
        made = f"{rows}target = given.Points(points, blur={choices.BLUR!r})\n"
    else:
        heights = _wrapped("heights = [", choices.bars(settings.drawing).tolist())
        made = f"{heights}target = given.Bars(heights, {-choices.HALF!r}, {choices.HALF!r})\n"
    return [*imports, "from toy.targets import given\n\n", made]


def _by_name(module: str, name: str) -> str:
    return f'target = {module}.BY_NAME["{name}"]()\n'


def _wrapped(opening: str, values: list) -> str:
    """A list over as many lines as it needs."""
    inside = ", ".join(map(repr, values))
    lines = textwrap.wrap(inside, 95, break_long_words=False, break_on_hyphens=False)
    indented = "".join(f"    {line}\n" for line in lines)
    return f"{opening}\n{indented}]\n"


def _schedules(settings: Settings) -> str:
    """The variables, and a function of the round for each of them."""
    fall = settings.fall
    has_penalty = settings.penalty != "none"
    noise_end = max(1, fall // 2)
    # The gradient penalty compares slopes with 1, in the data's own units.
    weight = "gamma" if settings.penalty == "gradient penalty" else "gamma * scale**2"
    values = {
        "g_learning_rate": "g_rate",
        "d_learning_rate": "d_rate",
        "noise_sd": "noise * scale",
        "penalty_weight": weight,
    }
    parts = []
    if fall:
        parts = [FALLING, FALLING_NOISE]
        if has_penalty:
            parts.append(FALLING_GAMMA)
        faded = "noise * scale * falling_noise(step)"
        values = {
            "g_learning_rate": "g_rate * falling_rate(step)",
            "d_learning_rate": "d_rate * falling_rate(step)",
            "noise_sd": f"tf.where(step < {noise_end}, {faded}, 0.0)",
            "penalty_weight": f"{weight} * falling_gamma(step)",
        }
    if not has_penalty:
        del values["penalty_weight"]
    parts.append(VARIABLES)
    if has_penalty:
        parts.append(GAMMA)
    made = "".join(parts).format(
        **{name: float(getattr(settings, name)) for name in choices.LIVE},
        fall=fall,
        start=fall // 5,
        noise_end=noise_end,
        noise_fall=NOISE_FALL,
        gamma_end=max(1, fall * 4 // 5),
        gamma_fall=GAMMA_FALL,
    )
    functions = [SCHEDULE.format(name=name, value=value) for name, value in values.items()]
    return f"{made}{''.join(functions)}\n\n"


def _that_count(settings: Settings, history: Sequence[tuple]) -> list[tuple]:
    """Without a penalty there is no weight that could change."""
    return [done for done in history if settings.penalty != "none" or done[0] != "gamma"]


def _networks(settings: Settings, mode: str) -> str:
    dim = 1 if settings.target in (*choices.LINE, choices.DRAWN_LINE) else 2
    g_sizes = [settings.latent_dim + settings.bits, *settings.g_hidden]
    is_adam = settings.optimizer == "Adam"
    places = f"{dim}" if settings.target != choices.POINTS else "target.dim"
    return NETWORKS.format(
        latent_dim=settings.latent_dim,
        bits=settings.bits,
        g_sizes=f"[{', '.join(map(str, g_sizes))}, {places}]",
        d_sizes=f"[{', '.join([places, *map(str, settings.d_hidden), '1'])}]",
        seed=settings.seed,
        loss=settings.loss,
        optimizer=f"gan.{settings.optimizer}",
        beta_1=f", beta_1={settings.beta_1!r}" if is_adam else "",
        penalty=PENALTIES[settings.penalty],
        d_steps=settings.d_steps,
        update=settings.update,
        average=settings.average or None,
        mode=mode,
        batch=settings.batch,
        start=_start(settings.start),
    )


def _start(start: float) -> str:
    """What is added to G's output."""
    if start == 0.0:
        return "mean"
    sign = "+" if start > 0.0 else "-"
    return f"mean {sign} {abs(start)!r} * scale"
