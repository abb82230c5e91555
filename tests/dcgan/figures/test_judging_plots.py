"""The picture of the judge's verdicts: its numbers are written out."""

import numpy as np
from matplotlib import pyplot as plt

from dcgan.figures import judging_plots


def test_numbers_have_no_powers_of_ten():
    faces = np.zeros([6, 8, 8, 3], np.uint8)
    figure = judging_plots.verdicts(
        {"real": faces, "the generator": faces},
        {"the generator": {"patches": 334.2, "MMD": 0.012}},
        {"patches": (107.4, 12.3), "MMD": (11.8, 0.0029)},
        {"the generator": {"patches": True, "MMD": False}},
    )
    (axes,) = figure.axes
    texts = [text.get_text() for text in axes.texts]
    plt.close(figure)
    assert {"107\n± 10", "11.8\n± 0.003", "334", "0.01"} < set(texts)
