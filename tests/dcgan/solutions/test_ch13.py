"""dcgan.solutions.ch13: what each solution claims."""

import numpy as np
import pytest

from dcgan.solutions import ch13 as solutions

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("labels", [1, 2, 8, 100])
def test_1_the_formula_is_the_value(labels):
    formula, value = solutions.exercise_1(labels)
    assert value == pytest.approx(formula)


def test_1_from_minus_log_4_to_0():
    values = [solutions.exercise_1(labels)[0] for labels in (1, 2, 4, 100)]
    assert values[0] == pytest.approx(-np.log(4))
    assert values == sorted(values)
    assert values[-1] > -0.06


def test_2_three_times_288_faces():
    n, share = solutions.exercise_2()
    assert n == 862
    assert share == pytest.approx(0.95, abs=0.02)


def test_3_one_slope_learns_nothing_and_two_are_the_best():
    values = solutions.exercise_3()
    assert values["w x + c(y)"] == pytest.approx(-np.log(4), abs=1e-4)
    assert values["w(y) x + c(y)"] == pytest.approx(values["D*"], abs=1e-4)
    assert values["D*"] > -0.72


def test_4_the_sum_of_three_factors_is_loud():
    expected, measured = solutions.exercise_4()
    assert expected == pytest.approx(0.688, abs=0.001)
    assert measured == pytest.approx(expected, abs=0.04)


def test_5_a_sum_has_no_interaction():
    summed, combined, interaction = solutions.exercise_5()
    assert (summed, combined) == (224, 768)
    assert interaction < 1e-5


def test_6_equal_batches_learn_rare_labels_early():
    found = solutions.exercise_6()
    natural = found["as the data"]
    equal = found["equally often"]
    assert natural[:2].mean() > 2 * natural[4:].mean()
    assert equal[:2].mean() < 0.5 * natural[:2].mean()
