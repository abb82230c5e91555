"""Chapter 8: what it counts by hand is so, its faces are one, and it is a module,
a script and a notebook.
"""

import itertools

import chapters
import numpy as np
import pytest

from dcgan import ch08_convolutions as chapter
from gan_core.nn.kernels import convolution

pytestmark = pytest.mark.slow

MODULE = "dcgan.ch08_convolutions"
LAB = chapter.Config()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return chapter.Config(
        size=32, width=4, latent_dim=8, batch=8, draws=2, out=tmp_path_factory.mktemp("ch08")
    )


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def test_runs_as_a_script_and_draws(monkeypatch, tmp_path, capsys):
    chapters.run_as_script(
        MODULE,
        monkeypatch,
        "--size",
        "32",
        "--width",
        "4",
        "--latent-dim",
        "8",
        "--draws",
        "1",
        "--out",
        str(tmp_path),
    )
    names = {"fields.png", "matrices.png", "checkerboards.png", "moving_means.png"}
    assert {file.name for file in tmp_path.iterdir()} == names
    assert all((tmp_path / name).stat().st_size > 5_000 for name in names)
    assert "both together" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--size", "48", "size must be one of 32, 64, 128, got 48"),
        ("--width", "0", "width must be a whole number from 1"),
        ("--latent-dim", "0", "--latent-dim must be"),
        ("--batch", "1", "batch must be a whole number from 2"),
        ("--draws", "0", "draws must be"),
        ("--seed", "-1", "seed must be"),
        ("--kernel", "3", "--kernel"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flag, value, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, flag, value)


def test_the_ladders_are_the_labs(capsys):
    generator, discriminator = chapter.climb(LAB)
    for rungs, sizes in (
        (generator, [1, 4, 8, 16, 32, 64]),
        (discriminator, [64, 32, 16, 8, 4, 1]),
    ):
        assert [rung.before for rung in rungs] == sizes[:-1]
        assert [rung.after for rung in rungs] == [rung.by_formula for rung in rungs] == sizes[1:]
    said = " ".join(capsys.readouterr().out.split())
    for all_of_them, trained in (("3,578,624", "3,576,704"), ("2,767,360", "2,765,568")):
        counts = f"{all_of_them}, of them trained {trained}"
        assert f"= {counts} the network has {counts}" in said
    assert [rung.field for rung in discriminator] == [4, 10, 22, 46, 94]
    assert [
        round(max(rung.kernel for rung in rungs) / total, 2)
        for rungs, total in ((generator, 3_578_624), (discriminator, 2_767_360))
    ] == [0.59, 0.76]  # as the chapter says


def test_a_unit_sees_what_the_formula_says(small):
    found = chapter.what_units_see(small)
    assert len(found) == 4
    for by_formula, by_gradient in found:
        assert by_formula == by_gradient
    assert found[0][0] == (13, 16)


def test_the_three_faces_are_one(small):
    c, painted, by_rows = chapter.compare_on_one_row(small)
    assert c[1].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0]  # a b c d, one zero before
    np.testing.assert_array_equal(painted, c.T)
    np.testing.assert_array_equal(by_rows, c.T)
    (one, other), differences = chapter.compare_faces(small)
    assert one == pytest.approx(other, rel=1e-4)
    assert max(differences) < 1e-4


def test_only_a_stride_that_divides_the_kernel_paints_evenly(small):
    found = chapter.paint(chapter.Config(draws=8, out=small.out))
    for k, times in ((3, [[4, 2], [2, 1]]), (4, [[4, 4], [4, 4]]), (5, [[4, 6], [6, 9]])):
        counted, measured = found[k]
        assert counted.tolist() == times
        np.testing.assert_allclose(measured, counted / counted.mean(), rtol=0.15)


def test_momentum_is_the_share_of_the_old(small):
    for m, (error, formula, after_real, after_fake) in chapter.conventions(small).items():
        assert formula == pytest.approx(np.sqrt((1 - m) / (1 + m)))
        assert error == pytest.approx(formula, rel=0.15)
        # the chain x <- m x + (1 - m) (+1 or -1) in turn ends at plus and minus (1 - m) / (1 + m)
        assert (after_real, after_fake) == pytest.approx(
            ((1 - m) / (1 + m), -(1 - m) / (1 + m)), abs=0.06
        )


def test_the_labs_epsilon_swamps_the_signal():
    found = chapter.swamped(chapter.Config(width=8, batch=8))
    (sds, pictures), (lab_sds, lab_pictures) = found[1e-5], found[0.8]
    np.testing.assert_allclose(sds, 1.0, atol=0.06)
    assert all(after < 0.8 * before for before, after in itertools.pairwise(lab_sds))
    assert lab_sds[0] == pytest.approx(
        np.sqrt(0.04 / 0.84), rel=0.05
    )  # 100 numbers of N(0, 1) times N(0, 0.02^2)
    assert lab_pictures < 0.05 * pictures


def test_native_convolutions_refuse_what_the_chapter_says_they_refuse():
    with pytest.raises(
        ValueError, match=r"4 plus a multiple of the stride 2 \(padding VALID\), got 31"
    ):
        convolution.conv(np.zeros((1, 31, 31, 1)), np.zeros((4, 4, 1, 1)), 2, "VALID")


def test_solution_1_kernel_5_moves_its_field_by_7_and_a_half_pixels():
    assert chapter.solution_1() == {4: 0.0, 5: 7.5}


def test_solution_2_doubling_then_convolving_is_one_transposed_convolution():
    difference, even, free = chapter.solution_2()
    assert difference < 1e-5
    assert even < 1e-5
    assert free > 0.1


def test_solution_3_a_collapsed_batch_leaves_nothing_but_beta():
    trained, used = chapter.solution_3()
    assert np.abs(trained).max() == 0.0
    assert used[0].min() > 1.0 > -1.0 > used[1].max()
