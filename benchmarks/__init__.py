"""How long things take, on what, and how far that is from what the machine could do.

    python -m benchmarks                   all that can be run, with one line each
    python -m benchmarks.train_step        the DCGAN round: batch sizes, precisions, modes, convolutions;
                                           with --model a100: how fast it could be there at best
    python -m benchmarks.toy_step          the round of a small GAN, by rounds in a compiled call
    python -m benchmarks.input_pipeline    what feeding adds to a round
    python -m benchmarks.generate          faces a second, into an array and into a zip
    python -m benchmarks.peers             the same rounds in other libraries, in turn in one run
    python -m benchmarks.compare BASE HEAD two git revisions, in turn: the ratio and its spread
    python -m benchmarks.profile_step      where the time of a DCGAN round goes, layer by layer

    arithmetic     what a round multiplies and moves, counted from the layers
    peaks          what the machine does at best: a matrix product, a sum of arrays
    roofline       the two together: how fast each layer could be; the peaks of some GPUs
    devices        which device, what it can do, what it is
    rows           a measurement in a process of its own, as a line of JSON
    one_train_step, one_toy_step           what such a process does
    harness, ratios                        contestants asked in turn; what a ratio of their times is worth
    ours, ours_toy_step, ours_dcgan_step, peers/   contestants: this project, and others in the idiom of their users
    step_plots     the figure of train_step
    results/       where rows and figures go
"""
