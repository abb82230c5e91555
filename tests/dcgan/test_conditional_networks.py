"""dcgan.conditional_networks: how loud a label is beside z at the start."""

import numpy as np
import pytest

from dcgan import conditional_networks

TINY = {"size": 32, "width": 2, "latent_dim": 40, "seed": 0}


@pytest.mark.parametrize("counts", [[500], [300, 200, 400]])
@pytest.mark.parametrize("label_share", [1.0, 0.0625])
def test_the_label_has_its_share_of_the_variance_of_z(counts, label_share):
    """All factors together, summed over the label's numbers."""
    generator, _ = conditional_networks.make(counts, label_share=label_share, **TINY)
    rows = np.random.default_rng(0).integers(0, counts, [4000, len(counts)]).astype(np.int32)
    vectors = generator.layers[0].embedding(rows).numpy()
    assert vectors.shape == (4000, conditional_networks.LABEL_SIZE)
    total = np.var(vectors, axis=0).sum()
    assert total == pytest.approx(label_share * TINY["latent_dim"], rel=0.1)


def test_a_label_without_a_share_is_refused():
    with pytest.raises(ValueError, match=r"conditional_networks: label_share must be .* got 0"):
        conditional_networks.make([2], label_share=0.0, **TINY)
