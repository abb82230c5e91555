"""The networks of a run, and the distribution of its labels."""

from __future__ import annotations

from typing import Any

from dcgan import conditional_networks, networks
from dcgan.config import Config
from dcgan.data import labels
from gan_core.latent import Rows


def networks_of(config: Config, label_set: labels.LabelSet | None, **changes: Any) -> tuple:
    """Make G and D of a run; conditional ones if there are labels.

    Args:
        config: the run's config.
        label_set: the labels of the faces; None: they have none.
        changes: options that replace those of the config, such as compute_dtype.
    """
    if label_set is None:
        return networks.of_config(config, **changes)
    return conditional_networks.of_config(config, label_set.sizes, **changes)


def distribution_of(label_set: labels.LabelSet | None) -> Rows | None:
    """The distribution of labels in the data."""
    return None if label_set is None else Rows(label_set.rows, label_set.counts)
