"""Six chapters on distributions that can be written down, and the small library that they use.

    networks             features that a discriminator may be shown
    targets/             what there is to learn: normals, mixtures, the ring, the grid,
                         shapes without modes
    measures/            which modes were found, beside published tables; integrals over the line
    figures/             the pictures of the chapters
    solutions/           of the exercises, a module a chapter
    play/                the game under your hands, in a browser: python -m toy play

    ch01_the_game        V(D, G), the best D, log 4 - 2 JS, saturation; no networks
    ch02_gradient_play   the smallest GAN: a spiral, and what R1 does to it
    ch03_one_gaussian    z becomes N(10, 1); a linear D cannot see spread
    ch04_two_losses      minimax against non-saturating, measured; the divergence of each
    ch05_wasserstein     a distance that never saturates, and the critic that estimates it
    ch06_ring_and_grid   mode collapse: seen, measured, prevented; the published tables

None of its files is imported here: `from toy.targets import distributions` loads that file alone.
"""

from gan_core.app import stopping

stopping.while_starting(__name__)
