"""Five chapters on distributions that can be written down, and the small library they use.

    distributions   what there is to learn: a normal, mixtures, the ring, the grid
    shapes          the same in the plane without modes: two moons, swiss roll, checkerboard
    targets         all that are in the plane, by name
    networks        small generators and discriminators
    coverage        which modes were found, how well, in what proportion
    coverage_table, published   many runs beside the published ones
    quadrature      integrals over the line
    game_plots, line_plots, plots   the pictures of chapters 1 and 2, 3 and 4, 5

    ch01_the_game        V(D, G), the best D, log 4 - 2 JS, saturation; no networks
    ch02_gradient_play   the smallest GAN: a spiral, and what R1 does to it
    ch03_one_gaussian    z becomes N(10, 1); a linear D cannot see spread
    ch04_two_losses      minimax against non-saturating, measured
    ch05_ring_and_grid   mode collapse, and the published tables

Nothing is imported here: `from toy import distributions` pays for that file alone.
"""
