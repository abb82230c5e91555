"""Faces: a DCGAN from a folder of pictures to a generator, its latent space, and an honest judge.

    python -m dcgan --help       train, generate, walk (`__main__`)

    data         images, faces           one picture; a folder or zip of them -> one array, cached
                 drawn_faces             faces that are computed, with known factors
                 drawing, face_parts, hair_parts, palette, proportions   how
                 feeding, pixels         arrays -> batches in [-1, 1]
    networks     networks                generator and discriminator of Radford et al. 2015
    training     config, training, watching, training_plots
    after it     generating, pretrained  z -> pictures; the generator that comes with the package
                 generate, writing, stored_zip, avatars     many faces, a face for every id
                 latent_space, editing, walking             walks, directions, what leaks
    judging      distances, pyramid      sliced Wasserstein, MS-SSIM, MMD
                 neighbours              memorised faces
                 factor_classifier, factor_coverage         combinations that never come out
                 judging                 a generator on trial, and controls
    pictures     sheets, and *_plots

    ch06_faces            the data: looking at it, checking it    (untidy, looking, duplicates)
    ch07_convolutions     strides, adjoints, checkerboards, batch norm    (ladders, one_row, checkerboards, norm_trials)
    ch08_training         train, watch, stop, go on; the lab's faults before and after
    ch09_latent_space     walks, the prior's shell, directions
    ch10_judging_faces    which measure sees what

Nothing is imported here: `from dcgan import faces` pays for that file alone.
"""
