"""What changes, what leaks and what stays, on a generator and a reader of which both are known."""

import numpy as np
import pytest

from dcgan.latent import effects
from gan_core import rng

Z = rng.normal([4000, 5], rng.seed(0, "z")).numpy()


def generate(z):
    """The 'image' is z itself."""
    return np.asarray(z)


def read(images):
    """Hair depends on number 0, eyes on 0 and 1 alike, mouth (three values) on 2."""
    return {
        "hair": (images[:, 0] > 0.0).astype(int),
        "eyes": (images[:, 0] + images[:, 1] > 0.0).astype(int),
        "mouth": np.digitize(images[:, 2], [-0.5, 0.5]),
    }


def test_what_was_asked_changes_what_hangs_on_it_leaks_and_the_rest_stays():
    found = effects.effect(generate, read, Z, np.eye(5)[0], "hair", 1, 3.0)
    without = Z[:, 0] <= 0.0
    assert found.faces == without.sum()
    assert found.reached == 1.0
    before = Z[without, :2].sum(axis=1) > 0.0
    after = 3.0 + Z[without, 1] > 0.0
    assert found.leaks == {"eyes": np.mean(before != after), "mouth": 0.0}
    assert 0.7 < found.leaks["eyes"] < 0.8  # a quarter of these faces had it before


def test_a_direction_that_has_nothing_to_do_with_it_reaches_nothing():
    found = effects.effect(generate, read, Z, np.eye(5)[4], "hair", 1, 3.0)
    assert (found.reached, found.leaks) == (0.0, {"eyes": 0.0, "mouth": 0.0})
    assert "0% of" in str(found)


def test_the_amount_decides_and_the_norm_can_be_kept():
    seen = []

    def looked_at(z):
        seen.append(np.linalg.norm(z, axis=1))
        return z

    kept = Z[:500][np.linalg.norm(Z[:500], axis=1) > 0.5]
    assert effects.effect(looked_at, read, kept, np.eye(5)[0], "hair", 1, -0.5).reached == 0.0
    assert (
        effects.effect(looked_at, read, kept, np.eye(5)[0], "hair", 1, 0.5, keep_norm=True).reached
        == 1.0
    )
    np.testing.assert_allclose(seen[-1], seen[-2][kept[:, 0] <= 0.0], rtol=1e-5)


def test_if_all_have_it_already_there_is_nothing_to_reach():
    found = effects.effect(generate, read, np.abs(Z), np.eye(5)[0], "hair", 1, 3.0)
    assert found.faces == 0
    assert np.isnan([found.reached, *found.leaks.values()]).all()


def test_an_unknown_factor_is_named():
    with pytest.raises(
        ValueError, match="effect: factor must be one of hair, eyes, mouth, got 'nose'"
    ):
        effects.effect(generate, read, Z, np.eye(5)[0], "nose", 1, 3.0)


def test_directions_are_those_of_the_values_that_are_common_enough():
    labels = read(generate(Z))
    labels |= {"always": np.zeros(4000, int), "seldom": (np.arange(4000) < 40).astype(int)}
    found = effects.factor_directions(Z, labels)
    assert {factor: sorted(values) for factor, values in found.items()} == {
        "hair": [0, 1],
        "eyes": [0, 1],
        "mouth": [0, 1, 2],
    }
    assert found["hair"][1][0] > 0.99
    np.testing.assert_allclose(found["eyes"][1][:2], 0.5**0.5, atol=0.05)
    assert sorted(effects.factor_directions(Z, labels, least=0.005)) == [
        "eyes",
        "hair",
        "mouth",
        "seldom",
    ]


def test_less_the_others_what_two_factors_share_is_left_alone():
    directions = effects.factor_directions(Z, read(generate(Z)))
    less = effects.less_the_others(directions)
    for factor, values in less.items():
        others = [u for name, own in directions.items() if name != factor for u in own.values()]
        for u in values.values():
            np.testing.assert_allclose(np.array(others) @ u, 0.0, atol=1e-5)
    assert less["eyes"][1][1] > 0.9  # number 0 is hair's
    assert effects.less_the_others({"hair": directions["hair"]}) == {"hair": directions["hair"]}


def test_less_the_others_a_direction_of_which_nothing_is_left_is_left_out():
    """In two dimensions the directions of another factor's values may span the whole space."""
    whole = {0: np.array([1.0, 0.0]), 1: np.array([0.6, 0.8])}
    line = {0: np.array([0.0, 1.0])}
    less = effects.less_the_others({"hair": whole, "eyes": line})
    assert list(less) == ["hair"]
    assert less["hair"][0] == pytest.approx([1.0, 0.0])
    assert less["hair"][1] == pytest.approx([1.0, 0.0])


def test_the_table_has_what_was_reached_what_leaked_and_a_random_move_beside():
    axes = {"hair": {0: -np.eye(5)[0], 1: np.eye(5)[0]}, "mouth": {2: np.eye(5)[2]}}
    rows = effects.changes(generate, read, Z, axes, 3.0)
    assert list(rows) == ["hair", "mouth", "a random direction"]
    assert rows["mouth"] == {"mouth": 1.0, "hair": 0.0, "eyes": 0.0}
    each = [
        effects.effect(generate, read, Z, u, "hair", value, 3.0).leaks["eyes"]
        for value, u in axes["hair"].items()
    ]
    assert rows["hair"] == {"hair": 1.0, "eyes": pytest.approx(np.mean(each)), "mouth": 0.0}
    random = rows["a random direction"]
    assert all(0.1 < share < 0.9 for share in random.values())
    reached, leaked, by_chance = effects.summary(rows)
    assert reached == 1.0
    assert leaked == pytest.approx(np.mean(each) / 4)
    assert by_chance == pytest.approx(np.mean(list(random.values())))


def test_a_generator_of_one_face_alone_has_no_directions():
    one = effects.factor_directions(Z, read(np.zeros([4000, 5])))
    assert one == effects.less_the_others(one) == {}
    reached, leaked, random = effects.summary(effects.changes(np.zeros_like, read, Z, one, 3.0))
    assert np.isnan([reached, leaked]).all()
    assert random == 0.0


def test_what_hangs_on_the_fixed_part_stays_and_the_rest_is_as_among_all():
    found = effects.what_stays(generate, read, 5, 1, 4000, seed=0, value=1.0)
    assert found["hair"].value == 1
    assert found["hair"].held == 1.0
    assert abs(found["hair"].among_all - 0.5) < 0.03
    assert abs(found["hair"].apart - 0.5) < 0.03
    assert abs(found["hair"].random - 0.5) < 0.03  # any sign holds it
    assert found["eyes"].held == pytest.approx(0.841, abs=0.03)  # P(1 + N > 0)
    assert found["mouth"].apart < 0.03
    assert all(one.chance < 0.04 for one in found.values())
    assert effects.what_stays(generate, read, 5, 1, 100, seed=0, value=-1.0)["hair"].value == 0


def test_total_variation():
    assert effects.total_variation([0, 0, 1, 1], [0, 1, 1, 1]) == 0.25
    assert effects.total_variation([0, 0], [2]) == 1.0
    assert effects.total_variation([3, 1], [1, 3, 1, 3]) == 0.0


def test_every_sample_that_what_stays_compares_is_another():
    """All, again, and what is not fixed: no two share their numbers,
    so that "chance" means something.
    """
    seen = []

    def remembered(z):
        seen.append(np.asarray(z))
        return z

    found = effects.what_stays(remembered, read, 5, 2, 200, seed=1, parts=3)
    every, again, held, *random = seen
    rests = [every[:, 2:], again[:, 2:], held[:, 2:], every[:, :2].repeat(2, axis=1)[:, :3]]
    for i, one in enumerate(rests):
        for other in rests[:i]:
            assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.15
    for part in random:
        np.testing.assert_array_equal(part[:, 2:], held[:, 2:])
        assert (np.abs(part[:, :2]) == 1.0).all()
        assert (part[:, :2] == part[0, :2]).all()
    for factor, one in found.items():
        a = read(every)[factor]
        b = read(again)[factor]
        assert one.chance == effects.total_variation(a, b) > 0.0
        assert one.apart == effects.total_variation(read(held)[factor], a)
        assert one.among_all == np.mean(a == one.value)
    other = effects.what_stays(generate, read, 5, 2, 200, seed=2, parts=3)
    assert other != found


def test_the_table_asks_for_random_directions_that_differ():
    seen = []

    def remembered(z):
        seen.append(np.asarray(z))
        return z

    effects.changes(remembered, read, Z[:50], {}, 3.0)
    before, *after = seen
    moves = [(one - before)[0] / np.linalg.norm((one - before)[0]) for one in after]
    assert len(moves) == effects.RANDOM
    assert np.abs(np.triu(np.array(moves) @ np.array(moves).T, 1)).max() < 0.999


@pytest.mark.parametrize(
    ("labels", "others", "words"),
    [
        ([], [1], r"labels must be whole numbers \[N\].*got \[0\]"),
        ([1], [], "others must be"),
        ([[0], [1, 2]], [1], "labels must be .* unequal lengths"),
        ([[0, 1]], [1], r"labels must be .* got \[1, 2\]"),
        ([0.5], [1], "labels must be .* float64"),
        ([-1], [1], "labels must be"),
    ],
)
def test_labels_that_are_none_are_refused(labels, others, words):
    with pytest.raises(ValueError, match=f"total_variation: {words}"):
        effects.total_variation(labels, others)
