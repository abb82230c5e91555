"""The G of `modern` with the D of `dcgan`: the default network for faces of your own.

At 64 pixels, with a G of width 16 and a D of width 32 (B pictures):

    generator                              discriminator
    z      [B, 100]                        x     [B, 64, 64, 3]
    start  [B, 4, 4, 128]    block         down  [B, 32, 32, 32]    leaky ReLU
    grow   [B, 8, 8, 128]    block         down  [B, 16, 16, 64]    leaky ReLU
    grow   [B, 16, 16, 64]   block         down  [B, 8, 8, 128]     leaky ReLU
    grow   [B, 32, 32, 32]   block         down  [B, 4, 4, 256]     leaky ReLU
    grow   [B, 64, 64, 16]   block         down  [B, 1]             logits
    mix    [B, 64, 64, 3]    tanh, coarse colour

- G has residual blocks, filtered resampling and no normalisation (`dcgan.architectures.modern`).
  The layer that makes its colours has a 3 x 3 kernel. Behind it colour is kept at half the
  resolution (`gan_core.nn.colour`), which removes the finest coloured noise.
- D has convolutions of stride 2 and no normalisation (`dcgan.architectures.dcgan`). A round with it
  is much faster than one with the D of the modern networks, which looks at the full picture through
  few channels and then blurs it.
- The recipe has the relativistic loss, minibatch standard deviation, and R1 (dcgan.config.RECIPES).
  It was found on real faces: docs/recipe.md, "Residual blocks in G, strided convolutions in D".
"""

from __future__ import annotations

from dcgan.architectures import dcgan, modern
from dcgan.architectures.plan import Plan
from gan_core.nn.colour import coarse_colour
from gan_core.nn.sequential import Sequential

COLOUR_KERNEL = 3
COLOURS = 3  # channels of a picture that is not grey

discriminator = dcgan.discriminator
features = dcgan.features


def generator(plan: Plan) -> Sequential:
    """G: noise [B, latent_dim] float32 to pictures [B, size, size, C] float32.

    Values lie in (-1, 1), except at some pixels on the edge between two colours, where they may
    lie slightly outside.
    """
    coarse = [coarse_colour] if plan.channels == COLOURS else []
    return modern.generator(plan, COLOUR_KERNEL, after_tanh=coarse)
