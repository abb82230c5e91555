"""What tests of trainings share."""

import pytest

DRAWN = {}


@pytest.fixture
def without_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training ends without its SavedModel, its curves and its GIF.

    For tests of its numbers and files alone: what is left out takes as long as an epoch.
    """
    from dcgan import epochs, training

    monkeypatch.setattr(training, "_export", lambda run, config: None)
    monkeypatch.setattr(epochs.Watch, "finish", lambda watch: True)


@pytest.fixture
def faces_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces that another test has drawn are a copy of those; tests/dcgan/drawn has their laws."""
    from dcgan.drawn import drawn_faces

    draw = drawn_faces.draw

    def kept(indices, **options):
        key = (tuple(indices), *sorted(options.items()))
        if key not in DRAWN:
            DRAWN[key] = draw(indices, **options)
        return DRAWN[key].copy()

    monkeypatch.setattr(drawn_faces, "draw", kept)
