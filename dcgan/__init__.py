"""Faces: a DCGAN from a folder of pictures to a generator, its latent space, and an honest judge.

    python -m dcgan --help    train, generate, walk

    networks             generator and discriminator, by name: radford, dcgan, modern
    architectures/       what is in each of these networks
    config, training     from a config to a trained generator; epochs:
    sheets and distances while it trains
    data/                a folder or zip of pictures -> one array, cached -> batches
    drawn/               faces that a program draws, with known factors
    measures/            numbers about a set of faces, and distances between two sets
    generation/          z -> pictures, a face for every id, walks; the package's own generator
    latent/              walks, directions and what they change
    judge/               a generator on trial: controls, factors, combinations that never come out
    figures/             contact sheets and plots
    lessons/             helpers of one chapter each
    solutions/           of the chapters' exercises

    ch07_faces           the data: looking at it, checking it; the distance between two sets
    ch08_convolutions    strides, adjoints, checkerboards, batch norm
    ch09_training        train, watch, stop, resume; failures; departures from a recipe
    ch10_latent_space    walks, the prior's shell, directions
    ch11_judging_faces   which measure sees what
    ch12_modern_gan      pairs, R1 and R2, residual blocks: from DCGAN to a baseline of 2024
    ch13_asking_for_a_face  conditional GANs: labels, and whether they are obeyed

None of its files is imported here: `from dcgan.data import faces` loads that file alone.
"""

from gan_core.app import stopping

stopping.while_starting(__name__)
