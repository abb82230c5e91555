"""What may be asked of a DCGAN: values that cannot be are told,
and a config comes back from a run folder.
"""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from dcgan.config import (
    NETWORKS,
    PRESETS,
    RECIPES,
    SIZES,
    Config,
    Loss,
    from_json,
    preset,
    starting_point,
)
from dcgan.data import labels_drawn
from dcgan.drawn.proportions import FACTORS
from dcgan.networks import BY_NAME, STAGES
from gan_core.losses import LOSSES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 0}, "Config: epochs must be a whole number from 1 to 1000000, got 0"),
        ({"repeat": 0}, "Config: repeat must be a whole number from 1 to 1000000, got 0"),
        ({"size": 48}, "Config: size must be one of 32, 64, 96, 128, got 48"),
        ({"loss": "best"}, "Config: loss must be one of"),
        ({"d_learning_rate": -1.0}, "Config: d_learning_rate must be"),
        (
            {"average": 0.999},
            "Config: average must be a whole number from 0 to 1000000000, got 0.999",
        ),
        ({"network": "stylegan"}, "Config: network must be one of radford, dcgan, modern"),
        ({"beta_2": 1.0}, "Config: beta_2 must be"),
        ({"gamma_fake": -1.0}, "Config: gamma_fake must be"),
        ({"penalty_every": 0}, "Config: penalty_every must be a whole number from 1 to 1000000"),
        (
            {
                "network": "radford",
                "gamma": 1.0,
                "penalty_every": 4,
                "strategy": "mirrored",
                "synchronised": True,
            },
            "Config: penalty_every must be 1 if D's batch norm is synchronised",
        ),
        ({"augment_strength": 2.5}, "Config: augment_strength must be"),
        ({"minibatch_std": 1}, "Config: minibatch_std must be"),
        ({"fall": 1.5}, "Config: fall must be"),
        ({"precision": "float16"}, "Config: precision must be one of float32, tf32, bfloat16"),
        ({"update": "alternate"}, "Config: update must be one of"),
        ({"mode": "Graph"}, "Config: mode must be one of"),
        ({"convolution": "fast"}, "Config: convolution must be one of"),
        ({"strategy": None}, "Config: strategy must be one of"),
        ({"preset": "slow"}, "Config: preset must be one of"),
        ({"size": True}, "Config: size must be one of"),
        ({"size": 64.5}, "Config: size must be one of"),
        ({"flip": "no"}, "Config: flip must be .*got 'no'"),
        ({"flip": 1}, "Config: flip must be"),
        ({"synchronised": None}, "Config: synchronised must be"),
        ({"tensorboard": "yes"}, "Config: tensorboard must be"),
        ({"augment": "cutout"}, "Config: augment must be a tuple"),
        ({"data": ""}, "Config: data must be a path"),
        ({"cache": 3}, "Config: cache must be a path"),
        ({"epochs": 2.5}, "Config: epochs must be a whole number"),
        (
            {"augment": ("blur",)},
            "Config: augment must be one of translation, colour, cutout, got 'blur'",
        ),
        ({"augment": ("colour", "colour")}, "Config: augment must be each change once"),
    ],
)
def test_values_that_cannot_be_are_told(changes, words):
    with pytest.raises(ValueError, match=words):
        Config(**changes)


def test_numpys_numbers_are_made_plain():
    """As a loop over np.array([32, 64]) gives them: config.json could not hold them."""
    config = Config(
        size=np.int64(32),
        width=np.int32(8),
        seed=np.int64(3),
        gamma=np.float32(0.5),
        d_learning_rate=np.float64(1e-3),
        flip=np.bool_(False),
        augment=["cutout"],
    )
    assert json.dumps(dataclasses.asdict(config))
    plain = {int, float, bool, str, tuple, type(None)}
    assert {type(value) for value in dataclasses.asdict(config).values()} <= plain


def test_the_names_are_those_of_the_library_and_of_the_networks():
    assert set(get_args(Loss)) == set(LOSSES)
    assert set(SIZES) <= set(STAGES)
    assert set(NETWORKS) == set(BY_NAME) == set(RECIPES)
    for size in SIZES:
        start = size // 2 ** STAGES[size]
        assert start * 2 ** STAGES[size] == size
        assert start in (4, 6)


def test_radfords_recipe_is_the_published_one():
    """Radford et al. 2015, section 4: Adam of 2e-4 and .5, batches of 128, and nothing else."""
    config = Config(network="radford")
    assert (config.batch_size, config.width) == (128, 64)
    assert config.g_learning_rate == config.d_learning_rate == 2e-4
    assert (config.beta_1, config.beta_2) == (0.5, 0.999)
    assert (config.gamma, config.gamma_fake, config.average, config.augment) == (0.0, 0.0, 0, ())


def test_faces_of_ones_own_have_the_residual_networks_and_drawn_ones_the_dcgan():
    assert Config().network == "dcgan"
    own = Config(data=Path("faces"))
    assert (own.network, own.width_of_g, own.loss) == ("residual", 16, "relativistic")
    assert Config(data=Path("faces"), network="dcgan").loss == "non-saturating"


def test_g_is_as_wide_as_d_unless_told():
    assert Config(width=24).width_of_g == 24
    assert Config(width=24, g_width=8).width_of_g == 8
    with pytest.raises(ValueError, match="Config: g_width must be a whole number from 0"):
        Config(g_width=-1)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_networks_recipe_gives_the_defaults_and_what_is_given_overrules_it(network):
    config = Config(network=network)
    for name, value in RECIPES[network].items():
        assert getattr(config, name) == value
    changed = Config(network=network, gamma=0.0, augment=(), beta_1=0.3, minibatch_std=True)
    assert (changed.gamma, changed.augment, changed.beta_1) == (0.0, (), 0.3)
    assert changed.minibatch_std
    assert changed.width == config.width
    for field in dataclasses.fields(Config):
        if field.name in RECIPES[network]:
            assert getattr(config, field.name) is not None


@pytest.mark.parametrize("network", NETWORKS)
def test_what_the_command_line_leaves_open_is_the_recipe_of_its_network(network):
    given = Config(network=network, data=Path("faces"))
    assert starting_point(given) == Config(network=network)
    quick = starting_point(Config(network=network))
    assert quick == preset("quick", network)
    width = 16 if network == "dcgan" else RECIPES[network]["width"]
    assert (quick.width, quick.loss) == (width, RECIPES[network]["loss"])
    assert quick.filtered == quick.styled == (network == "dcgan")
    assert quick.augment == (() if network == "dcgan" else ("translation", "cutout"))
    assert (quick.labels is not None) == (network == "dcgan")
    assert starting_point(Config(network=network, preset="full")) == preset("full", network)


def test_quick_learns_the_labels_that_its_faces_show():
    """All factors of drawn faces, no colours of grey ones, and none of pictures from a file."""
    quick = preset("quick")
    names = labels_drawn.names_of(quick.labels)
    assert [labels_drawn.SHORT.get(name, name) for name in names] == list(FACTORS)
    assert starting_point(Config()).labels == quick.labels
    grey = starting_point(Config(colours="grey"))
    assert grey.labels == "style,fringe,eye_shape,mouth,blush,ornament"
    assert Config(colours="grey", labels=grey.labels).labels == grey.labels
    asked = starting_point(Config(preset="quick", colours="grey"))
    assert asked == grey
    assert starting_point(Config(preset="quick", data=Path("faces"))).labels is None
    assert preset("full").labels is None


@pytest.mark.parametrize("word", ["none", "None", " NONE "])
@pytest.mark.parametrize("data", [None, Path("faces")])
def test_the_word_none_means_no_labels(word, data):
    assert Config(data=data, labels=word).labels is None


@pytest.mark.parametrize("name", ["resume", "start_from"])
def test_a_preset_does_not_go_with_a_run_whose_options_hold(name):
    with pytest.raises(ValueError, match=r"preset must be left out .*got full with runs/a"):
        starting_point(Config(preset="full", **{name: Path("runs/a")}))


@pytest.mark.parametrize("name", ["network", "colours"])
def test_a_run_of_an_earlier_version_is_refused_in_one_line(name):
    fields = dataclasses.asdict(Config())
    del fields[name]
    with pytest.raises(ValueError, match=rf"config.json: {name} .* of an earlier version"):
        from_json(fields)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("white", "#ffffff"), ("#FFF", "#ffffff"), ("rgb(30, 144, 255)", "#1e90ff")],
)
def test_a_background_is_kept_as_one_text_however_it_is_written(given, kept):
    assert Config(background=given).background == kept


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"background": "whit"}, r"Config: background must be a colour.*'whit'.*mean white"),
        ({"background": "#12345"}, r"Config: background must be a colour.*'#12345'"),
        ({"background": ""}, r"Config: background must be a colour.*''"),
        ({"background": "#ffffff80"}, r"Config: background.*cannot be transparent"),
        ({"background": "rgb(300, 0, 0)"}, r"Config: background.*from 0 to 255"),
        ({"background": 3}, r"Config: background must be a colour.*got 3"),
        ({"not_square": "stretch"}, r"Config: not_square must be one of crop, pad, fit"),
        ({"colours": "gray"}, r"Config: colours must be one of rgb, grey"),
        ({"colours": "grey", "labels": "hair,style"}, r"labels must be such as grey.*got hair"),
        ({"colours": "grey", "labels": "style,skin"}, r"labels must be such as grey.*got skin"),
    ],
)
def test_what_pictures_cannot_become_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        Config(**changes)


def test_labels_that_grey_faces_show_may_be_asked_for():
    assert Config(colours="grey", labels="style,glasses").form.channels == 1


@pytest.mark.slow
def test_the_command_line_needs_no_tensorflow():
    """--help, and a slip in an argument, are answered at once."""
    code = (
        "import sys; from dcgan.generation import generate, walk; from dcgan import config, __main__;"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_a_config_survives_its_json(tmp_path):
    for config in (
        *PRESETS.values(),
        Config(data=tmp_path, augment=("cutout",), run=tmp_path / "x"),
    ):
        fields = json.loads(json.dumps(dataclasses.asdict(config), default=str))
        assert from_json({**fields, "faces": 3}) == config
