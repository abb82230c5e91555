"""Chapter 8: what it counts by hand is so, its paths agree, and it is a module, a script and a
notebook.
"""

import itertools

import chapters
import numpy as np
import pytest
import tensorflow as tf

from dcgan import ch08_convolutions as chapter
from dcgan.lessons import checkerboards, one_row
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.kernels import convolution

pytestmark = pytest.mark.slow

MODULE = "dcgan.ch08_convolutions"
DEFAULT = chapter.Config()


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
    said = " ".join(capsys.readouterr().out.split())
    assert "both together" in said
    for number in range(1, 10):
        assert f"Table 8.{number}." in said
    for number in range(1, 5):
        assert f"Figure 8.{number}." in said
    assert "C^T y = [ 2. 5. 8. 7. 10. 3.]" in said


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--size", "48", "size must be one of 32, 64, 96, 128, got 48"),
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


def test_the_loop_is_the_library_s_convolution():
    by_loop, by_library = chapter.convolve_the_example()
    assert by_loop.tolist() == [8.0, 15.0, 5.0]  # as the chapter has it by hand
    np.testing.assert_array_equal(by_loop, by_library)


@pytest.mark.parametrize("kernel_size", [2, 3, 4, 5, 6])
def test_the_loop_of_equation_1_is_the_library_s_for_other_kernels(kernel_size):
    x = np.random.default_rng(0).normal(size=12)
    kernel = np.random.default_rng(1).normal(size=kernel_size)
    before = (kernel_size - 2) // 2
    np.testing.assert_allclose(
        chapter.convolve(x, kernel, stride=2, before=before),
        one_row.apply(convolution.conv, kernel, x),
        rtol=1e-5,
        atol=1e-6,
    )


def test_the_ladders_are_those_of_the_paper(capsys):
    generator, discriminator = chapter.count_layers(DEFAULT)
    for layers, sizes in (
        (generator, [1, 4, 8, 16, 32, 64]),
        (discriminator, [64, 32, 16, 8, 4, 1]),
    ):
        assert [layer.pixels_in for layer in layers] == sizes[:-1]
        assert [layer.pixels_out for layer in layers] == sizes[1:]
        assert [layer.by_formula for layer in layers] == sizes[1:]
    said = " ".join(capsys.readouterr().out.split())
    for all_of_them, trained in (("3,578,624", "3,576,704"), ("2,767,360", "2,765,568")):
        counts = f"{all_of_them}, of them trained {trained}"
        assert f"= {counts} the network has {counts}" in said
    assert [layer.field for layer in discriminator] == [4, 10, 22, 46, 94]
    assert [layer.norm > 0 for layer in discriminator] == [False, True, True, True, False]
    assert [layer.norm > 0 for layer in generator] == [True, True, True, True, False]
    assert [
        round(max(layer.kernel for layer in layers) / total, 2)
        for layers, total in ((generator, 3_578_624), (discriminator, 2_767_360))
    ] == [0.59, 0.76]  # as the chapter says


def test_a_unit_sees_what_the_formula_says(small, capsys):
    found, _ = chapter.what_units_see(small)
    *_, last_row = capsys.readouterr().out.strip().splitlines()
    assert " ".join(last_row.split()) == "unit 0 of 1 46 0 to 31 0 to 31"  # cut at the edges
    assert len(found) == 4
    for by_formula, by_gradient in found:
        assert by_formula == by_gradient
    assert found[0][0] == (13, 16)


def test_the_transposed_convolution_is_that_of_the_chapter_by_hand():
    back, left, right, forward_and_back = chapter.apply_to_the_example()
    assert back.tolist() == [2.0, 5.0, 8.0, 7.0, 10.0, 3.0]
    assert left == right == 43.0
    # y = (8, 15, 5) times the rows of C: the transpose does not give back x
    by_hand = [16.0, 24.0 + 15.0, 32.0 + 30.0, 45.0 + 5.0, 60.0 + 10.0, 15.0]
    assert forward_and_back.tolist() == by_hand
    by_rows = chapter.sub_pixel(np.array([1.0, 2.0, 1.0]), chapter.KERNEL)
    np.testing.assert_array_equal(by_rows, back)


def test_the_three_paths_agree(small):
    c, back, _ = chapter.draw_matrices()
    assert c[1].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0]  # a b c d, one zero before
    np.testing.assert_array_equal(back, c.T)
    by_sub_pixel = one_row.as_matrix(lambda y: chapter.sub_pixel(y, chapter.KERNEL), 4)
    np.testing.assert_array_equal(by_sub_pixel, c.T)
    assert np.linalg.matrix_rank(c.T @ c) == 4  # of 8: no inverse
    (one, other), differences = chapter.compare_paths(small)
    assert one == pytest.approx(other, rel=1e-4)
    assert max(differences) < 1e-4


def test_only_a_stride_that_divides_the_kernel_reaches_all_pixels_evenly(small):
    found, _ = chapter.measure_checkerboards(chapter.Config(draws=8, out=small.out))
    for k, times in ((3, [[4, 2], [2, 1]]), (4, [[4, 4], [4, 4]]), (5, [[4, 6], [6, 9]])):
        counted, measured = found[k]
        assert counted.tolist() == times
        np.testing.assert_allclose(measured, counted / counted.mean(), rtol=0.15)


@pytest.mark.parametrize("k", [2, 3, 4, 5, 6])
def test_a_pixel_is_reached_with_all_even_or_all_odd_numbers_of_the_kernel(k):
    """Along one side pixels of one parity are reached ceil(k / 2) times, the others floor(k / 2)."""
    counted = checkerboards.by_parity(chapter.times_reached(k))
    sides = sorted(np.sqrt(np.diag(counted)))
    assert sides == [k // 2, (k + 1) // 2]
    assert counted[0, 1] == counted[1, 0] == sides[0] * sides[1]


def test_kernel_4_makes_a_pattern_of_a_constant_all_the_same():
    enlarged = chapter.enlarge_a_constant()
    assert enlarged[1:-1].tolist() == [4.0, 6.0] * 5
    # the first and last pixel of the row are smaller, and so are their neighbours once filtered
    assert chapter.filter_the_row(enlarged)[1:-1].tolist() == [5.0] * 8


def test_a_batch_is_divided_by_its_own_sd_and_the_average_fed_the_unbiased_variance():
    y, kept = chapter.normalise_the_example()
    np.testing.assert_allclose(y, np.array([-3.0, -1.0, 1.0, 3.0]) / np.sqrt(5.0), rtol=1e-5)
    assert kept == pytest.approx(20.0 / 3.0)


def test_the_sd_behind_batch_norm_is_that_of_the_chapter():
    """|gamma| sqrt(v / (v + epsilon)), which is below |gamma|; section 8.7."""
    layer = BatchNorm(1, epsilon=5.0)
    layer.gamma.assign([-2.0])
    layer.beta.assign([7.0])
    y = layer(tf.constant([[1.0], [3.0], [5.0], [7.0]]), training=True).numpy()  # v = 5
    assert y.mean() == pytest.approx(7.0)
    assert y.std() == pytest.approx(2.0 * np.sqrt(0.5))


def test_momentum_is_the_share_of_the_old(small):
    found, _ = chapter.compare_momentums(small)
    for m, (error, formula, after_real, after_fake) in found.items():
        assert formula == pytest.approx(np.sqrt((1 - m) / (1 + m)))
        assert error == pytest.approx(formula, rel=0.15)
        # the chain x <- m x + (1 - m) (+1 or -1) in turn ends at plus and minus (1 - m) / (1 + m)
        assert (after_real, after_fake) == pytest.approx(
            ((1 - m) / (1 + m), -(1 - m) / (1 + m)), abs=0.06
        )


def test_a_large_epsilon_swamps_the_signal():
    found = chapter.compare_epsilons(chapter.Config(width=8, batch=8))
    (sds, pictures) = found[1e-5]
    (swamped_sds, swamped_pictures) = found[0.8]
    np.testing.assert_allclose(sds, 1.0, atol=0.06)
    assert all(after < 0.8 * before for before, after in itertools.pairwise(swamped_sds))
    assert swamped_sds[0] == pytest.approx(
        np.sqrt(0.04 / 0.84), rel=0.05
    )  # 100 numbers of N(0, 1) times N(0, 0.02^2)
    assert swamped_pictures < 0.05 * pictures


def test_real_numbers_depend_on_their_company_only_when_normalised_together(small):
    found = chapter.compare_ways_to_normalise(small)
    by_itself, together, moving = found.values()
    assert by_itself[:2] == pytest.approx((0.0, 0.0), abs=1e-5)
    assert by_itself[2] == moving[2] == 0.0
    assert together[2] > 0.1
    assert together[0] == pytest.approx(-together[1], abs=1e-5)
    assert together[0] == pytest.approx(0.3 / np.sqrt(0.25 + 0.09), abs=0.15)
    assert moving[0] > 0.3 > -0.3 > moving[1]
    assert moving[0] == pytest.approx(-moving[1], abs=0.15)  # it has seen as many of either kind


def test_a_logit_depends_on_other_pictures_only_with_batch_norm(small):
    found = chapter.compare_discriminators(small)
    assert found["without"] == [0.0, 0.0, 0.0]
    of_two, of_eight, of_32 = found["with batch norm"]
    assert of_two > of_eight > of_32 > 0.0


def test_native_convolutions_refuse_what_the_chapter_says_they_refuse():
    with pytest.raises(
        ValueError, match=r"4 plus a multiple of the stride 2 \(padding VALID\), got 31"
    ):
        convolution.conv(np.zeros((1, 31, 31, 1)), np.zeros((4, 4, 1, 1)), 2, "VALID")
