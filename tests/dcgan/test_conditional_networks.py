"""dcgan.conditional_networks: how loud a label is beside z at the start."""

import numpy as np
import pytest

from dcgan import conditional_networks
from gan_core.nn.conditional import ConditionalBatchNorm
from gan_core.nn.style import Modulation

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


@pytest.mark.slow
def test_a_conditional_generator_has_the_filters_of_its_network():
    generator, _ = conditional_networks.make([5], network="dcgan", filtered=True, **TINY)
    plain, _ = conditional_networks.make([5], network="dcgan", **TINY)
    z = np.random.default_rng(0).normal(size=[2, TINY["latent_dim"]]).astype(np.float32)
    labels = np.array([[1], [4]], np.int32)
    for one, other in zip(plain.variables, generator.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    difference = np.abs(generator(z, labels, training=True) - plain(z, labels, training=True))
    assert difference.max() > 1e-3


def test_a_styled_conditional_generator_computes_its_style_from_z_and_the_label():
    generator, _ = conditional_networks.make([5], network="dcgan", styled=True, **TINY)
    plain, _ = conditional_networks.make([5], network="dcgan", **TINY)
    z = np.random.default_rng(0).normal(size=[2, TINY["latent_dim"]]).astype(np.float32)
    made = generator(z, [[1], [4]], training=True)
    assert made.shape == plain(z, [[1], [4]], training=True).shape
    joined, styled = generator.layers
    one, other = (styled.mapping(joined(z, [[label], [label]])) for label in (1, 4))
    assert np.abs(one - other).max() > 1e-3
    norms = [layer for layer in styled.layers if isinstance(layer, ConditionalBatchNorm)]
    assert len(norms) == len([layer for layer in styled.layers if isinstance(layer, Modulation)])


def test_a_conditional_g_may_be_wider_than_its_d():
    wide, narrow = conditional_networks.make([5], g_width=3, **TINY)
    alone, _ = conditional_networks.make([5], **{**TINY, "width": 3})
    _, plain = conditional_networks.make([5], **TINY)
    assert [v.shape for v in wide.variables] == [v.shape for v in alone.variables]
    assert [v.shape for v in narrow.variables] == [v.shape for v in plain.variables]


@pytest.mark.parametrize("network", ["radford", "modern"])
def test_conditional_networks_refuse_filters_that_their_network_does_not_know(network):
    with pytest.raises(ValueError, match="filtered must be left out with any network but dcgan"):
        conditional_networks.make([5], network=network, filtered=True, **TINY)
