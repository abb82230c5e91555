"""What may be asked of a DCGAN: values that cannot be are told, and a config comes back from a run folder."""

import dataclasses
import json

import pytest

from dcgan.config import PRESETS, Config, from_json


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 0}, "Config: epochs must be a whole number of at least 1, got 0"),
        ({"size": 48}, "Config: size must be one of 32, 64, 128, got 48"),
        ({"loss": "best"}, "Config: loss must be one of"),
        ({"d_learning_rate": -1.0}, "Config: d_learning_rate must be"),
        ({"average": 1.0}, "Config: average must be"),
        ({"fall": 1.5}, "Config: fall must be"),
        (
            {"augment": ("blur",)},
            "Config: augment must be one of translation, colour, cutout, got 'blur'",
        ),
    ],
)
def test_values_that_cannot_be_are_told(changes, words):
    with pytest.raises(ValueError, match=words):
        Config(**changes)


def test_a_config_survives_its_json(tmp_path):
    for config in (
        *PRESETS.values(),
        Config(data=tmp_path, augment=("cutout",), run=tmp_path / "x"),
    ):
        fields = json.loads(json.dumps(dataclasses.asdict(config), default=str))
        assert from_json({**fields, "faces": 3}) == config
