"""What tests of trainings share."""

import pytest


@pytest.fixture
def without_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training ends without its SavedModel, its curves and its GIF.

    For tests of its numbers and files alone: what is left out takes as long as an epoch.
    """
    from dcgan import epochs, training

    monkeypatch.setattr(training, "_export", lambda run, config: None)
    monkeypatch.setattr(epochs.Watch, "finish", lambda watch: True)
