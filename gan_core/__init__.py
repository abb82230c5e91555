"""Generative adversarial networks from first principles, in low-level TensorFlow.

In reading order; each file answers one question.

    losses      what do the two players want?          latent: what does G start from?
    game        which gradient does each player follow?
    trainer     what is one round?
    penalties   what keeps D smooth?                   averaging: what is the average of a circle?
    augment     what may D be shown instead of the sample?

    nn/         what is a layer? dense, activations, sequential, initializers; conv, batch_norm; variables
                nn/kernels/: how do images grow and shrink, three ways?
    optim/      how does a gradient move a parameter? schedules: how far, when?
    runs/       what is a training run? how does it survive? how is a generator used without us?
    devices/    in which order is it added? how do several devices play one round?

    data        where do real batches come from?       rng: where do random numbers come from?
    metrics     how far are two sets of samples apart? checks: what does an error say?
    app/        what do all commands and figures share?

Import the modules themselves: importing this package loads none of them.
"""
