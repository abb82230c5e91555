"""A generator in one small file: what comes back, what is refused,
and the file that the package brings.
"""

import dataclasses
import json
import pickle

import numpy as np
import pytest
import tiny_faces

from dcgan import networks
from dcgan.generation import pretrained
from gan_core import rng
from gan_core.app import command_line
from gan_core.nn.variables import named_variables
from gan_core.runs.run_folder import RunFolder

SIZES = {"size": 32, "width": 2, "latent_dim": 7}


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
    loaded, about = pretrained.load(tmp_path / "new" / "g.npz")
    assert about == {
        "format": pretrained.FORMAT,
        **SIZES,
        "network": "radford",
        "filtered": False,
        "styled": False,
        "epsilon": 1e-3,
        "form": {"not_square": "crop", "background": "#ffffff", "colours": "rgb"},
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
    loaded, _ = pretrained.load(tmp_path / "g.npz")
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


def test_the_command_refuses_a_run_with_labels_and_writes_nothing(tmp_path, capsys):
    from dcgan.config import Config

    config = Config(size=32, width=2, labels="hair")
    run = RunFolder.create(tmp_path / "run", {**dataclasses.asdict(config), "faces": 100})
    asked = ["--run", str(run.path), "--out", str(tmp_path / "g.npz")]
    with pytest.raises(SystemExit) as ending:
        command_line.run(pretrained.Config, pretrained.main, "x", arguments=asked)
    assert ending.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: --run must be a run without labels")
    assert said.count("\n") == 1
    assert not (tmp_path / "g.npz").exists()


@pytest.mark.slow
def test_the_command_keeps_the_average_of_the_best_epoch(tmp_path, capsys):
    from dcgan import training
    from dcgan.config import Config

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
    loaded, about = pretrained.load(tmp_path / "g.npz")
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


def test_the_packages_own_is_small_and_draws_faces_that_differ():
    assert pretrained.FILE.stat().st_size < 4_000_000
    generator, about = pretrained.load()
    faces = generator(rng.normal([8, about["latent_dim"]], rng.seed(0, "z"))).numpy()
    assert faces.shape == (8, about["size"], about["size"], 3)
    assert faces.std(axis=0).mean() > 0.1  # of [-1, 1]: no collapse
    assert faces.std(axis=(1, 2)).min() > 0.05  # no empty picture
