"""What other methods reached on the ring and the grid, as their papers print it.

Ring: 8 modes; grid: 25. Modes captured, % high quality within 3 sd, reverse KL of the mode counts;
mean and, where it was given, standard error of 10 runs. PacGAN's protocol: 2,500 samples; the ring
has radius 1 and sd 0.01, the grid goes from -4 to 4 in steps of 2 and has sd 0.05; z ~ N(0, I) in
the plane, batches of 100, 400,000 steps.
"""

VEEGAN = "Srivastava et al. 2017, table 1"
PACGAN = "Lin et al. 2018, table 1"

# method, source, (ring: modes, % high quality, reverse KL), (grid: the same)
ROWS = (
    ("GAN", VEEGAN, ("1", "99.3", ""), ("3.3", "0.5", "")),
    ("ALI", VEEGAN, ("2.8", "0.13", ""), ("15.8", "1.6", "")),
    ("Unrolled GAN", VEEGAN, ("7.6", "35.6", ""), ("23.6", "16", "")),
    ("VEEGAN", VEEGAN, ("8", "52.9", ""), ("24.6", "40", "")),
    ("GAN", PACGAN, ("6.3 ± .5", "98.2 ± .2", ".45"), ("17.3 ± .8", "94.8 ± .7", ".70")),
    ("ALI", PACGAN, ("6.6 ± .3", "97.6 ± .4", ".36"), ("24.1 ± .4", "95.7 ± .6", ".14")),
    ("PacGAN2", PACGAN, ("7.9 ± .1", "95.6 ± 2.0", ".07"), ("23.8 ± .7", "91.3 ± .8", ".13")),
    ("PacGAN3", PACGAN, ("7.8 ± .1", "97.7 ± .3", ".10"), ("24.6 ± .4", "94.2 ± .4", ".06")),
    ("PacGAN4", PACGAN, ("7.8 ± .1", "95.9 ± 1.4", ".07"), ("24.8 ± .2", "93.6 ± .6", ".04")),
)
