"""A kept classifier: trained once, read afterwards, trained anew where the file is no good."""

import numpy as np
import pytest

from dcgan.drawn import drawn_faces
from dcgan.judge import factor_classifier, kept_classifier

SMALL = {"faces": 64, "steps": 2, "seed": 3}


@pytest.fixture
def trainings(monkeypatch):
    """Counts the trainings, of which each leaves other weights than the first ones."""
    counted = []

    def train(size, *, faces, steps, seed):
        counted.append(size)
        model = factor_classifier.FactorClassifier(drawn_faces.FACTORS, size=size, seed=seed)
        for variable in model.trainable_variables:
            variable.assign(1.1 * variable)
        return model

    monkeypatch.setattr(factor_classifier, "train_classifier", train)
    return counted


def test_it_is_trained_once_and_reads_faces_alike(tmp_path, trainings):
    folder = tmp_path / "kept"
    faces = drawn_faces.draw(np.arange(8), seed=1, size=16)
    first = kept_classifier.trained_or_read(folder, 16, **SMALL)
    second = kept_classifier.trained_or_read(folder, 16, **SMALL)
    assert trainings == [16]
    for factor, logits in first.logits(faces).items():
        np.testing.assert_array_equal(second.logits(faces)[factor], logits)

    (file,) = folder.glob("*.npz")
    file.write_bytes(file.read_bytes()[:1000])
    kept_classifier.trained_or_read(folder, 16, **SMALL)
    assert trainings == [16, 16]


def test_another_training_or_other_code_is_another_file(tmp_path, trainings, monkeypatch):
    kept_classifier.trained_or_read(tmp_path, 16, **SMALL)
    kept_classifier.trained_or_read(tmp_path, 16, **{**SMALL, "seed": 4})
    monkeypatch.setattr(kept_classifier, "_code", lambda: "other")
    kept_classifier.trained_or_read(tmp_path, 16, **SMALL)
    assert len(trainings) == len(list(tmp_path.glob("*.npz"))) == 3
