"""The solutions of chapter 4 hold."""

import numpy as np
import pytest

from toy.measures.quadrature import at, cells, integrate
from toy.solutions import ch04
from toy.targets.distributions import Normal


def test_exercise_1_a_missed_mode_costs_kl_less_than_js():
    two_js, two_kl = ch04.exercise_1()
    assert two_js == pytest.approx(0.2646, abs=1e-4)
    assert two_kl == pytest.approx(0.1409, abs=1e-4)


def test_exercise_2_the_function_is_convex_and_gives_two_kl():
    t = np.linspace(0.05, 20.0, 2000)
    values = ch04.exercise_2(t)
    assert ch04.exercise_2(np.array(1.0)) == pytest.approx(0.0, abs=1e-12)
    assert (np.diff(values, 2) > 0.0).all()

    p = Normal(1.0, 1.0)
    q = Normal(0.0, 1.0)
    x, widths = cells(p, q)
    p_at_x = np.maximum(at(p, x), 1e-300)
    q_at_x = np.maximum(at(q, x), 1e-300)
    by_f = integrate(q_at_x, ch04.exercise_2(p_at_x / q_at_x), widths)
    middle = 0.5 * (p_at_x + q_at_x)
    by_kl = 2.0 * integrate(middle, np.log(middle / p_at_x), widths)
    assert by_f == pytest.approx(by_kl, rel=1e-6)


def test_exercise_3_two_crossings_cost_more_than_one():
    once, twice = ch04.exercise_3(steepness=20.0)
    assert twice / once == pytest.approx(1.6, abs=0.1)


def test_exercise_4_the_ratio_of_the_gradients():
    for ratio, predicted in ch04.exercise_4():
        assert ratio == pytest.approx(predicted, rel=0.02)


def test_exercise_5_what_falls_into_a_gap():
    for measured, predicted in ch04.exercise_5():
        assert measured == pytest.approx(predicted, rel=0.03)


def test_exercise_6_adam_stops_at_epsilon():
    gradients, steps = ch04.exercise_6()
    np.testing.assert_allclose(steps, gradients / (gradients + 1e-8), rtol=1e-4)


def test_exercise_7_the_loss_of_the_best_t_is_minus_kl():
    loss = ch04.exercise_7()
    p = Normal(1.0, 1.0)
    q = Normal(0.0, 1.0)
    evenly = (np.arange(20_000, dtype=np.float64) + 0.5) / 20_000
    levels = np.sort(np.random.default_rng(0).standard_normal(400_000))
    z = np.quantile(levels, evenly).astype(np.float32)[:, np.newaxis]

    def best_t(x):
        return 1.0 + p.log_density(x) - q.log_density(x)

    of_best = float(loss.discriminator(best_t(1.0 + z), best_t(z)))
    assert of_best == pytest.approx(-0.5, abs=0.02)
    shifted = float(loss.discriminator(best_t(1.0 + z) + 0.3, best_t(z) + 0.3))
    assert shifted > of_best
    assert float(loss.generator(None, best_t(z))) == pytest.approx(-1.0, abs=0.02)
