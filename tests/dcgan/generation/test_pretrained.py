"""A generator in one small file: what comes back, what is refused,
and the file that the package brings.
"""

import dataclasses
import json
import pickle

import numpy as np
import pytest
import tiny_faces

from dcgan import conditional_networks, networks, training
from dcgan.config import Config
from dcgan.data import labels, labels_drawn
from dcgan.data.labels import LabelSet
from dcgan.generation import pretrained, trained_generator
from gan_core import rng
from gan_core.app import command_line
from gan_core.nn.variables import named_variables
from gan_core.runs.run_folder import RunFolder

SIZES = {"size": 32, "width": 2, "latent_dim": 7}
KNOWN = LabelSet.of_rows(
    "drawn",
    {"hair": ("blue", "red"), "glasses": ("no", "yes", "broken")},
    np.array([[0, 2], [1, 1], [0, 2], [1, 0]]),
)


@pytest.fixture(scope="module")
def network():
    made = tiny_faces.network()
    made.layers[2].moving_mean.assign(made.layers[2].moving_mean + 1.2345678)
    return made


def test_what_is_saved_comes_back_to_half_precision(network, tmp_path):
    written = pretrained.save(
        network, tmp_path / "new" / "g.npz", **SIZES, epsilon=1e-3, note="a test"
    )
    assert written == (tmp_path / "new" / "g.npz").stat().st_size
    loaded, about, known = pretrained.load(tmp_path / "new" / "g.npz")
    assert known is None
    assert about == {
        "format": pretrained.FORMAT,
        **SIZES,
        "network": "radford",
        "filtered": False,
        "styled": False,
        "epsilon": 1e-3,
        "form": {"not_square": "crop", "background": "#ffffff", "colours": "rgb"},
        "labels": None,
        "learnt_from": None,
        "note": "a test",
    }
    before = named_variables(network)
    after = named_variables(loaded)
    assert before.keys() == after.keys()
    for name, variable in before.items():
        exact = variable.shape.rank == 1  # batch norm's
        np.testing.assert_allclose(
            after[name], variable, rtol=0.0 if exact else 2.0**-11, atol=0.0 if exact else 1e-7
        )
    assert loaded.layers[2].epsilon == 1e-3
    assert loaded(rng.normal([2, 7], rng.seed(0, "z"))).shape == (2, 32, 32, 3)


@pytest.mark.parametrize("option", ["filtered", "styled"])
def test_a_generator_is_built_again_with_its_filters_or_styles(tmp_path, option):
    options = {"network": "dcgan", option: True}
    made = networks.generator(32, 2, 7, **options, seed=1)
    pretrained.save(made, tmp_path / "g.npz", size=32, width=2, latent_dim=7, **options)
    loaded = pretrained.load(tmp_path / "g.npz").generator
    z = rng.normal([2, 7], rng.seed(0, "z"))
    np.testing.assert_allclose(loaded(z), made(z), atol=1e-3)


def test_kernels_take_two_bytes_a_number(network, tmp_path):
    kernels = sum(v.shape.num_elements() for v in network.variables if v.shape.rank > 1)
    pretrained.save(network, tmp_path / "g.npz", **SIZES)
    with np.load(tmp_path / "g.npz") as arrays:
        assert sum(a.nbytes for a in arrays.values() if a.dtype == np.float16) == 2 * kernels
        assert {a.dtype for a in arrays.values() if a.ndim == 1} == {np.dtype(np.float32)}


def test_4_mb_or_more_are_refused_and_nothing_is_written(network, tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "MOST_BYTES", 5_000)
    with pytest.raises(
        ValueError,
        match=r"small enough for a file below 4 MB, got 0\.0 MB\. Train one of a smaller",
    ):
        pretrained.save(network, tmp_path / "g.npz", **SIZES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"width": 3},
            r"layers/1/kernel must be \[4, 4, 12, 7\], by the options.*, got \[4, 4, 8, 7",
        ),
        ({"network": "dcgan"}, r"layers/10/kernel must be \[4, 4, 16, 2\]"),
        (
            {"labels": KNOWN},
            r"layers/0/embedding/table must be .*, got nothing",
        ),
    ],
)
def test_options_of_another_network_are_refused_and_nothing_is_written(
    network, tmp_path, changes, words
):
    with pytest.raises(ValueError, match=f"pretrained.save: the generator's .*{words}"):
        pretrained.save(network, tmp_path / "g.npz", **{**SIZES, **changes})
    assert list(tmp_path.iterdir()) == []


def test_a_number_beyond_half_precision_is_refused(tmp_path):
    network = tiny_faces.network()
    kernel = network.layers[1].kernel
    kernel.assign(kernel + 70_000.0)
    with pytest.raises(
        ValueError, match=r"layers/1/kernel must be finite and at most 65,504, .*, got 7e\+04"
    ):
        pretrained.save(network, tmp_path / "g.npz", **SIZES)
    assert list(tmp_path.iterdir()) == []


def damage(file, kind):
    if kind == "truncated":
        file.write_bytes(file.read_bytes()[:-100])
    elif kind == "a pickle":
        file.write_bytes(pickle.dumps({"about": 1}))
    elif kind == "empty":
        file.write_bytes(b"")
    else:
        with np.load(file) as stored:
            arrays = dict(stored)
        about = json.loads(str(arrays["about"]))
        if kind == "another format":
            about["format"] = "dcgan generator 99"
        elif kind == "another width":
            about["width"] = 3
        elif kind == "an array missing":
            del arrays["layers/1/kernel"]
        np.savez(file, **{**arrays, "about": np.array(json.dumps(about))})


@pytest.mark.parametrize(
    "kind",
    ["truncated", "a pickle", "empty", "another format", "another width", "an array missing"],
)
def test_a_damaged_or_foreign_file_is_one_clear_line(network, tmp_path, kind):
    file = tmp_path / "g.npz"
    pretrained.save(network, file, **SIZES)
    damage(file, kind)
    with pytest.raises(
        ValueError,
        match=r"pretrained: .*g\.npz cannot be read \([^\0]+\)\. Install the package again",
    ):
        pretrained.load(file)


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(
        ValueError,
        match=r"g\.npz is not there\. Make it with python -m dcgan\.generation\.pretrained --run RUN",
    ):
        pretrained.load(tmp_path / "g.npz")


def conditional(**options):
    """A generator that is asked for KNOWN's labels, and makes other faces for other labels."""
    made = conditional_networks.generator(KNOWN.sizes, "dcgan", **SIZES, **options, seed=3)
    for name, variable in named_variables(made).items():
        if name.endswith(("gammas", "betas")):
            shape = variable.shape.as_list()
            variable.assign(0.3 * rng.normal(shape, rng.seed(0, name)))
    return made


@pytest.mark.parametrize("options", [{}, {"styled": True}, {"filtered": True}])
def test_a_generator_with_labels_comes_back_with_them(tmp_path, options):
    made = conditional(**options)
    file = tmp_path / "g.npz"
    pretrained.save(made, file, **SIZES, network="dcgan", **options, labels=KNOWN)
    loaded, _, known = pretrained.load(file)
    assert known.kind == "drawn"
    assert known.factors == KNOWN.factors
    np.testing.assert_array_equal(known.rows, KNOWN.rows)
    np.testing.assert_array_equal(known.counts, KNOWN.counts)
    z = rng.normal([2, 7], rng.seed(0, "z"))
    faces = {tuple(row): made(z, [row, row]).numpy() for row in ([0, 2], [1, 1])}
    for row, wanted in faces.items():
        np.testing.assert_allclose(loaded(z, [row, row]), wanted, atol=2e-3)
    assert np.abs(faces[0, 2] - faces[1, 1]).max() > 0.01


@pytest.mark.parametrize("name", [pretrained.ROWS, pretrained.COUNTS])
def test_a_file_that_has_lost_its_labels_is_refused(tmp_path, name):
    file = tmp_path / "g.npz"
    pretrained.save(conditional(), file, **SIZES, network="dcgan", labels=KNOWN)
    with np.load(file) as stored:
        arrays = {one: stored[one] for one in stored.files if one != name}
    np.savez(file, **arrays)
    with pytest.raises(ValueError, match=r"g\.npz cannot be read .* Install the package again"):
        pretrained.load(file)


@pytest.mark.parametrize("with_labels", [False, True])
def test_a_run_is_kept_with_its_labels_in_the_file_of_its_kind(tmp_path, monkeypatch, with_labels):
    """Without --out it replaces the package's own generator, the one of the same kind."""
    monkeypatch.setattr(pretrained, "FILE", tmp_path / "plain.npz")
    monkeypatch.setattr(pretrained, "FILE_WITH_LABELS", tmp_path / "asked.npz")
    config = Config(
        size=32, width=2, latent_dim=7, labels="hair,glasses" if with_labels else None, average=0
    )
    run = RunFolder.create(tmp_path / "run", {**dataclasses.asdict(config), "faces": 100})
    if with_labels:
        labels.write(run.path, KNOWN)
    trainer = training.build(config, label_set=KNOWN if with_labels else None)
    run.save_best(trainer.state(), 1, 0.5)
    pretrained.main(pretrained.Config(run.path))
    written = "asked.npz" if with_labels else "plain.npz"
    assert sorted(file.name for file in tmp_path.glob("*.npz")) == [written]
    loaded = pretrained.load(tmp_path / written)
    assert (loaded.labels is not None) == with_labels
    generator = trained_generator.load(with_labels=with_labels)
    assert (generator.labels is not None) == with_labels
    assert generator.sample(3).shape == (3, 32, 32, 3)


@pytest.mark.slow
def test_the_command_keeps_the_average_of_the_best_epoch(tmp_path, capsys):
    config = Config(size=32, width=3, g_width=2, latent_dim=7, epsilon=0.01, mode="eager")
    run = RunFolder.create(tmp_path / "run", {**dataclasses.asdict(config), "faces": 100})
    trainer = training.build(config)
    trainer.average.model.layers[1].kernel.assign(trainer.generator.layers[1].kernel * 3.0)
    with pytest.raises(ValueError, match=r"has no best\.npz yet"):
        pretrained.main(pretrained.Config(tmp_path / "run"))
    run.save_best(trainer.state(), 1, 0.5)
    command_line.run(
        pretrained.Config,
        pretrained.main,
        "x",
        arguments=[
            "--run",
            str(tmp_path / "run"),
            "--out",
            str(tmp_path / "g.npz"),
            "--note",
            "a test",
        ],
    )
    assert "MB" in capsys.readouterr().out
    loaded, about, _ = pretrained.load(tmp_path / "g.npz")
    assert (about["width"], about["epsilon"], about["note"]) == (2, 0.01, "a test")
    assert about["learnt_from"] == {
        "drawn": 20_000,
        "seed": 0,
        "flip": True,
        "colours": "rgb",
    }
    np.testing.assert_allclose(
        loaded.layers[1].kernel, trainer.average.model.layers[1].kernel, rtol=1e-3, atol=1e-7
    )


def test_a_folder_that_is_no_run_is_exit_2(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        command_line.run(
            pretrained.Config, pretrained.main, "x", arguments=["--run", str(tmp_path)]
        )
    assert end.value.code == 2
    assert "is not a run folder" in capsys.readouterr().err


def test_the_packages_own_without_labels_draws_faces_that_differ():
    generator, about, known = pretrained.load()
    assert known is None
    faces = generator(rng.normal([8, about["latent_dim"]], rng.seed(0, "z"))).numpy()
    check_faces(faces, about)


def test_the_packages_own_with_labels_knows_every_factor_and_obeys():
    generator, about, known = pretrained.load(pretrained.FILE_WITH_LABELS)
    assert known.kind == "drawn"
    assert ",".join(known.factors) == labels_drawn.every_factor()
    assert labels_drawn.factors_of(list(known.factors)) == known.factors
    z = rng.normal([8, about["latent_dim"]], rng.seed(0, "z"))
    check_faces(generator(z, known.rows[:: len(known.rows) // 8][:8]).numpy(), about)
    hair = {}
    for colour in ("red", "blue"):
        row = known.with_asked(known.rows[:1], {"hair": colour, "ornament": "none"})
        faces = generator(z, np.repeat(row, 8, axis=0)).numpy()
        hair[colour] = faces[:, 8:16, 24:40].mean(axis=(0, 1, 2))
    assert hair["red"][0] > hair["red"][2] + 0.3
    assert hair["blue"][2] > hair["blue"][0] + 0.3


@pytest.mark.parametrize("file", [pretrained.FILE, pretrained.FILE_WITH_LABELS])
def test_the_packages_own_are_small(file):
    assert file.stat().st_size < 4_000_000


def check_faces(faces, about):
    """Eight different pictures, of which none is empty."""
    assert faces.shape == (8, about["size"], about["size"], 3)
    assert faces.std(axis=0).mean() > 0.1  # of [-1, 1]: no collapse
    assert faces.std(axis=(1, 2)).min() > 0.05  # no empty picture
