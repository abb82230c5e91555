"""Generative adversarial networks from first principles, in low-level TensorFlow.

In reading order; each file answers one question.

    losses         what do the two players want?
    dense          what is a layer?            initializers: where does it start?
    activations    what stands between layers? sequential: how do layers make a network?
    latent         what does G start from?     rng: where do random numbers come from?
    optimizers     how does a gradient move a parameter?   schedules: how far, when?
    game           which gradient does each player follow?  trainer: what is one round?
    compiling      in which order is it added?
    players        do these networks, optimizers and functions fit together?
    loop           what is a training run?     run_folder, checkpoint: how does a run survive?
    export         how is a generator used without us?
    penalties      what keeps D smooth?
    averaging      what is the average of a circle?
    convolution    how do images grow and shrink?  conv: the layers of it
    subpixel       how, without painting?          winograd: how, with fewer products?
    batch_norm     what is normalised by what?
    augment        what may D be shown instead of the sample?
    data           where do real batches come from?
    metrics        how far are two sets of samples apart?
    replicas       how do several devices play one round?  workers: which devices, which processes?
    checks         what does an error say?     variables: what is a variable's name?
    plots, command_line: what do all figures share? how does a config become flags?

Import the modules themselves: importing this package loads none of them.
"""
