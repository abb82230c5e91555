"""Six chapters on distributions that can be written down, and the small library that they use.

    networks             features for a discriminator
    targets/             the distributions to learn: normals, mixtures, the ring, the grid,
                         shapes without modes
    measures/            which modes were found, beside published tables; integrals over the line
    figures/             the figures of the chapters
    solutions/           solutions of the exercises, a module for each chapter
    play/                the game under your hands, in a browser: python -m toy play

    ch01_the_game        V(D, G), the best D, log 4 - 2 JS, saturation; no networks
    ch02_gradient_play   the smallest GAN: a spiral, and what R1 does to it
    ch03_one_gaussian    z becomes N(10, 1); a linear D cannot see spread
    ch04_two_losses      minimax against non-saturating, measured; the divergence of each
    ch05_wasserstein     a distance that never saturates, and the critic that estimates it
    ch06_ring_and_grid   mode collapse: seen, measured, prevented; the published tables

Importing this package loads none of its files: `from toy.targets import distributions` loads only
that file.
"""

from gan_core.app import stopping

stopping.while_starting(__name__)
