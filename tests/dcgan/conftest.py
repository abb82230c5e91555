"""What tests of trainings share."""

import pytest


@pytest.fixture
def without_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training ends without its SavedModel, its curves and its GIF.

    For tests of its numbers and files alone: what is left out takes as long as an epoch.
    """
    import tiny_faces

    tiny_faces.leave_out_output(monkeypatch)


@pytest.fixture
def faces_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces that another test has drawn are a copy of those; tests/dcgan/drawn has their laws."""
    import tiny_faces

    tiny_faces.draw_once(monkeypatch)
