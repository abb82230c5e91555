"""Law 24: what a round of the game must be, whoever plays it. (Law 23 is in `test_dirac_gan.py`.)

The oracle is `by_hand`, Algorithm 1 for an affine G and an affine D in float64 NumPy.
To prove the tests, each of these bugs was put into gan_core, one at a time:

    bug                                           caught by (test_<file>, test_...)
  in trainer
    G learns from the old D                       here, a_round_is_algorithm_1; dirac_gan
    simultaneous steps one after the other        here, a_round_is_algorithm_1
    z drawn again for G; fresh_z ignored          here, a_round_is_algorithm_1
    the step is not counted                       here, a_round_is_algorithm_1
    one z for all D steps; z number step + k      here, a_round_is_algorithm_1[3]
    every D step sees the first real batch        here, a_round_is_algorithm_1[3]
    the sampler is asked for the round's number   trainer, the_sampler_is_asked_for_batch_number
    the augmentation left out of G's step         here, the_augmentation_is_between; trainer
    real and fake augmented apart                 trainer, the_augmentation_is_seen_by_d_alone
    D's and G's step share an augmentation        trainer, the_augmentation_is_seen_by_d_alone
    D runs in inference mode                      here, a_step_of_one_player; trainer
    the average moves before G's step             averaging, the_trainers_average
    samples of G where there is an average        trainer, samples_are_the_averages
    samples in training mode                      trainer, a_sample_is_gs_in_inference_mode
    every block of samples from one z             trainer, a_sample_depends_on_its_seed
    an eager error leaves half a round            trainer_bad_input, a_variable_that_the_loss
  in game
    the penalty is not differentiated             here, penalties_add_up; game
    d_loss reported with its penalty              here, penalties_add_up; game
    a logit of 0 called real                      game, a_logit_of_zero_is_called_fake; trainer
    d_real and d_fake exchanged; sigma(mean a)    here, a_round_is_algorithm_1
    real and fake in one batch through D          trainer, a_round_runs_g_once
    a missing gradient taken for ones             game, a_critic_that_no_gradient_passes
  in optimizers
    Adam without bias correction                  optimizers, the_fused_kernel_is_the_formula
    epsilon without its hat; betas exchanged      optimizers, the_fused_kernel_is_the_formula
    t counted from 0                              optimizers, the_fused_kernel_is_the_formula
    adam_update without the square root           optimizers, adam_update_is_the_papers_formula
    a schedule one step ahead                     optimizers, the_fused_kernel_follows_a_schedule
    a missing gradient passed over                optimizers, gradients_that_do_not_fit
  in layers and the average
    normalised by the unbiased variance           batch_norm, the_papers_algorithm_1
    the biased variance kept; momentum exchanged  batch_norm, momentum_is_the_share_of_the_old
    batch statistics in inference                 batch_norm, in_inference_it_is_affine
    epsilon outside the root                      batch_norm, the_papers_algorithm_1
    no gradient through the statistics            batch_norm, the_gradient_in_training
    EMA without batch norm's statistics           averaging, batch_norms_moving_statistics
    EMA's decay exchanged; a copy that is none    averaging, after_n_updates_toward_a_constant
    one start for all seeds                       dense, the_initializer_gets; layer_contract
"""

import functools

import numpy as np
import pytest
import tensorflow as tf
from games import BATCH, REALS, affine, assert_near, changed, deep, real, sampler, values

from gan_core import losses, penalties, rng
from gan_core.optim import schedules
from gan_core.optim.optimizers import SGD, Adam
from gan_core.testing import reference

pytestmark = pytest.mark.slow

# ---- a round by hand ----


def by_hand(trainer, reals, rates=(0.1, 0.2), gamma=0.0, scale=1.0, rounds=2):
    """Algorithm 1 for G(z) = z W + c, D(x) = scale x w + b under SGD:
    parameters and the last row, float64.

    reals: [rounds d_steps, B, X], in order. gamma: of R1, gamma/2 scale^2 |w|^2 for this D.
    """
    g_kernel, g_bias, w, b = (
        np.float64(v.numpy())
        for v in (
            trainer.generator.kernel,
            trainer.generator.bias,
            trainer.discriminator.kernel,
            trainer.discriminator.bias,
        )
    )
    d_loss, g_loss = reference.LOSSES[trainer.loss.name]
    d_real_logits, d_fake_logits, g_logits = reference.GRADIENTS[trainer.loss.name]

    def draw(purpose, number):
        return np.float64(trainer.latent(BATCH, rng.seed(trainer.seed, purpose, number)))

    for number in range(rounds * trainer.d_steps):
        x = np.float64(reals[number])
        z = draw("z", number)
        fake = z @ g_kernel + g_bias
        logit, fake_logit = ((scale * s @ w + b)[:, 0] for s in (x, fake))
        d_a = d_real_logits(logit, fake_logit)
        d_b = d_fake_logits(logit, fake_logit)
        w_step = scale * (x.T @ d_a + fake.T @ d_b)[:, np.newaxis] + gamma * scale**2 * w
        b_step = np.sum(d_a) + np.sum(d_b)
        row = {
            "d_loss": d_loss(logit, fake_logit),
            "d_real": np.mean(reference.sigmoid(logit)),
            "d_fake": np.mean(reference.sigmoid(fake_logit)),
            "d_score_real": np.mean(logit),
            "d_score_fake": np.mean(fake_logit),
            "accuracy": accuracy(trainer.loss, logit, fake_logit),
            "penalty": gamma / 2 * scale**2 * np.sum(w**2),
        }
        seen_w = w
        seen_b = b
        w = w - rates[0] * w_step
        b = b - rates[0] * b_step
        if (number + 1) % trainer.d_steps:
            continue
        if trainer.update == "alternating":
            seen_w = w
            seen_b = b
        if trainer.fresh_z:
            z = draw("z of G", number - trainer.d_steps + 1)
            fake = z @ g_kernel + g_bias
        logit, fake_logit = ((scale * s @ seen_w + seen_b)[:, 0] for s in (x, fake))
        row["g_loss"] = g_loss(logit, fake_logit)
        at_samples = scale * g_logits(logit, fake_logit)[:, np.newaxis] * seen_w[:, 0]
        g_kernel = g_kernel - rates[1] * z.T @ at_samples
        g_bias = g_bias - rates[1] * np.sum(at_samples, axis=0)
    return {
        "generator/kernel": g_kernel,
        "generator/bias": g_bias,
        "discriminator/kernel": w,
        "discriminator/bias": b,
    }, row


def accuracy(loss, a, b):
    """Of single answers, or of pairs where the loss compares pairs."""
    if loss.paired:
        return np.mean(a > b)
    return np.mean(a > 0) / 2 + np.mean(b <= 0) / 2


def assert_is_by_hand(trainer, gamma=0.0, scale=1.0, rounds=2):
    d_steps = trainer.d_steps
    expected, expected_row = by_hand(
        trainer, REALS.numpy(), gamma=gamma, scale=scale, rounds=rounds
    )
    for number in range(rounds):
        reals = REALS[number * d_steps : (number + 1) * d_steps]
        row = trainer.round(reals[0] if d_steps == 1 else reals)
    state = values(trainer)
    assert_near({name: state[name] for name in expected}, expected, rtol=1e-4, atol=1e-5)
    assert_near(row, {name: expected_row[name] for name in row}, rtol=1e-4, atol=1e-5)
    assert int(trainer.step) == rounds


@pytest.mark.parametrize("fresh_z", [False, True], ids=["one z", "fresh z"])
@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
@pytest.mark.parametrize("d_steps", [1, 3])
@pytest.mark.parametrize("loss", list(losses.LOSSES.values()), ids=lambda loss: loss.name)
def test_a_round_is_algorithm_1(loss, d_steps, update, fresh_z):
    assert_is_by_hand(affine(loss=loss, d_steps=d_steps, update=update, fresh_z=fresh_z, seed=11))


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_a_compiled_round_is_algorithm_1(mode):
    assert_is_by_hand(
        affine(d_steps=2, fresh_z=True, penalty=penalties.r1(0.4), mode=mode), gamma=0.4
    )


def test_penalties_add_up_and_are_part_of_the_step_and_not_of_the_loss():
    """R1 and R2 are equal for a D whose slope is the same everywhere;
    seed and step reach the third.
    """
    seen = []

    def nothing(critic, real, fake, seed, step):
        seen.append((tuple(seed.numpy()), int(step)))
        return tf.zeros([])

    trainer = affine(penalty=[penalties.r1(0.5), penalties.r2(0.25), nothing], d_steps=2)
    assert_is_by_hand(trainer, gamma=0.75)
    assert len({seed for seed, _ in seen}) == 4  # one a D step
    assert [step for _, step in seen] == [0, 0, 1, 1]


def test_the_augmentation_is_between_every_sample_and_d_and_is_differentiated():
    assert_is_by_hand(
        affine(augment=lambda x, seed, step: 3.0 * x, penalty=penalties.r1(0.1)),
        gamma=0.1,
        scale=3.0,
    )


# ---- who moves, and who does not ----


def parts(names):
    return {name.split("/")[0] for name in names}


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_a_step_of_one_player_leaves_the_other_bit_for_bit(mode):
    trainer = deep(average=0.9, mode=mode)
    trainable = {"generator": set(), "discriminator": set()}
    for name, variable in trainer.state().items():
        part = name.split("/")[0]
        if part in trainable and variable.trainable:
            trainable[part].add(name)
    z = trainer.latent(BATCH, rng.seed(0, "z"))
    start = values(trainer)
    trainer.discriminator_step(real(), z)
    middle = values(trainer)
    trainer.generator_step(real(), z)
    end = values(trainer)
    assert not changed(start, middle) & trainable["generator"]
    assert not changed(middle, end) & trainable["discriminator"]
    assert parts(changed(start, middle)) == {
        "discriminator",
        "d_optimizer",
        "generator",
    }  # G's moving statistics
    assert parts(changed(middle, end)) == {
        "generator",
        "g_optimizer",
        "discriminator",
    }  # D's, as G's step runs it
    assert (
        len(changed(start, middle) & trainable["discriminator"])
        == len(trainable["discriminator"])
        == 6
    )
    assert len(changed(middle, end) & trainable["generator"]) == len(trainable["generator"]) == 5


@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_learning_rate_of_zero_is_the_identity(optimizer, update):
    trainer = deep(
        optimizer=optimizer,
        rate=0.0,
        d_rate=0.0,
        update=update,
        penalty=penalties.r1(1.0),
        average=0.5,
    )
    start = values(trainer)
    trainer.rounds(sampler, 3)
    moved = changed(start, values(trainer))
    kinds = {name for name, v in trainer.state().items() if v.trainable}
    assert not moved & kinds
    assert int(trainer.step) == 3


def test_each_player_has_a_learning_rate_of_its_own():
    trainer = affine(d_rate=schedules.linear_decay(0.1, 2), g_rate=0.0)
    start = values(trainer)
    trainer.rounds(sampler, 2)
    middle = values(trainer)
    trainer.rounds(sampler, 2)
    assert parts(changed(start, middle)) == {"discriminator", "d_optimizer", "g_optimizer", "step"}
    assert parts(changed(middle, values(trainer))) == {
        "d_optimizer",
        "g_optimizer",
        "step",
    }  # D's rate has come to 0
    one = affine(d_rate=0.1, g_rate=0.2)
    other = affine(d_rate=0.1, g_rate=0.2)
    one.round(real())
    other.round(real())
    assert not changed(values(one), values(other))


# ---- rounds ----


@functools.cache
def played(mode):
    """Five rounds in one call, in two, and one by one, from one start by one trainer:
    the rows and the states.

    (Not one by one under XLA, which would take another long compilation.)
    """
    trainer = deep(
        mode=mode,
        penalty=[penalties.r1(0.5)],
        fresh_z=True,
        average=0.9,
        gradient_norms=True,
        augment=lambda x, seed, step: x + 0.1 * rng.normal(x.shape, seed),
    )
    start = values(trainer)
    results = {}
    plays = {
        "whole": lambda: trainer.rounds(sampler, 5),
        "parted": lambda: together([trainer.rounds(sampler, n) for n in (2, 0, 3)]),
        "single": lambda: together([trainer.round(REALS[i]) for i in range(5)]),
    }
    for name in ("whole", "parted") if mode == "xla" else plays:
        for key, variable in trainer.state().items():
            variable.assign(start[key])
        results[name] = plays[name](), values(trainer)
    return results


def together(rows):
    columns = {}
    for name in rows[0]:
        columns[name] = np.hstack([row[name] for row in rows])
    return columns


every_mode = pytest.mark.parametrize("mode", ["eager", "graph", "xla"])


@every_mode
def test_neither_rows_nor_state_depend_on_how_rounds_are_grouped(mode):
    """Bit for bit."""
    (rows, state) = played(mode)["whole"]
    (parted_rows, parted_state) = played(mode)["parted"]
    assert not changed(state, parted_state)
    for name, row in rows.items():
        assert row.shape == (5,)
        assert row.dtype == np.float32
        np.testing.assert_array_equal(row, parted_rows[name])


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_rounds_played_one_by_one_from_python_are_the_same_to_rounding(mode):
    (rows, state) = played(mode)["whole"]
    (single_rows, single_state) = played(mode)["single"]
    assert_near(single_rows, rows, rtol=1e-3, atol=1e-4)
    assert_near(single_state, state, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_compiled_rounds_are_the_eager_ones(mode):
    """Batch norm, R1, Adam, the average and the augmentation: all numbers agree to rounding."""
    for name, (rows, state) in played(mode).items():
        eager_rows, eager_state = played("eager")[name]
        assert_near(rows, eager_rows, rtol=2e-3, atol=2e-4)
        assert_near(state, eager_state, rtol=2e-3, atol=2e-4)


def test_nor_on_the_length_of_a_compiled_call(monkeypatch):
    whole = affine(mode="graph")
    parted = affine(mode="graph")
    rows = whole.rounds(sampler, 10)
    monkeypatch.setattr("gan_core.devices.many_rounds.ROUNDS_A_CALL", 4)
    others = parted.rounds(sampler, 10)
    assert not changed(values(whole), values(parted))
    for name, row in rows.items():
        np.testing.assert_array_equal(row, others[name])


def test_a_round_without_options_is_a_step_of_d_and_then_a_step_of_g():
    whole = deep()
    parted = deep()
    whole.round(real())
    z = parted.latent(BATCH, rng.seed(0, "z", 0))
    parted.discriminator_step(real(), z)
    parted.generator_step(real(), z)
    one = values(whole)
    other = values(parted)
    # The one difference: a round runs G forward once for both, so G's moving statistics move once.
    moving = {name for name in one if "generator/layers/1/moving" in name}
    assert changed(one, other) == moving | {"step"}


def test_the_seed_decides_everything_that_is_drawn():
    one = affine(seed=3)
    same = affine(seed=3)
    other = affine(seed=4)
    for trainer in (one, same, other):
        trainer.rounds(sampler, 2)
    assert not changed(values(one), values(same))
    assert "generator/kernel" in changed(values(one), values(other))
