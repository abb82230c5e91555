"""Five chapters on distributions that can be written down, and the small library they use.

    distributions   what there is to learn: a normal, mixtures, the ring, the grid
    shapes          the same in the plane without modes: two moons, swiss roll, checkerboard
    networks        small generators and discriminators
    coverage        which modes were found, how well, in what proportion
    plots           pictures of all this

    ch01_the_game        V(D, G), the best D, log 4 - 2 JS, saturation; no networks
    ch02_gradient_play   the smallest GAN: a spiral, and what R1 does to it
    ch03_one_gaussian    z becomes N(10, 1); a linear D cannot see spread
    ch04_two_losses      minimax against non-saturating, measured
    ch05_ring_and_grid   mode collapse, and the published tables

Nothing is imported here: `from toy import distributions` pays for that file alone.
"""
