"""Faces: a DCGAN, from a folder of pictures to a generator, its latent space, and its judge.

    python -m dcgan --help    train, generate, walk, find, page, watch, judge

    networks             generator and discriminator, by name: radford, dcgan, modern
    architectures/       the layers of each of these networks
    config, training     from a config to a trained generator; epochs:
    sheets and distances while it trains
    runs/                the parts of a run: networks, real faces, folder, start, best generator
    data/                a folder or zip of pictures -> one array, cached -> batches
    drawn/               faces that a program draws, with known factors
    measures/            numbers about a set of faces, and distances between two sets
    generation/          z -> pictures, a face for every id, walks; the package's own two generators
    latent/              walks, directions and what they change
    judge/               how good a generator is: all measures beside real faces, missing factors
    page/, watch/        the commands page and watch
    figures/             contact sheets and plots
    lessons/             helpers of one chapter each
    solutions/           solutions of the chapters' exercises

    ch07_faces           the data: looking at them, checking them; the distance between two sets
    ch08_convolutions    strides, adjoints, checkerboards, batch norm
    ch09_training        train, watch, stop, resume; failures; departures from a recipe
    ch10_latent_space    walks, the prior's shell, directions
    ch11_judging_faces   which measure detects what
    ch12_modern_gan      pairs, R1 and R2, residual blocks: from DCGAN to a baseline of 2024
    ch13_asking_for_a_face  conditional GANs: labels, and whether they are obeyed

Importing this package loads none of its files: `from dcgan.data import faces` loads that file only.
"""

from gan_core.app import stopping

stopping.while_starting(__name__)
