"""What a `dcgan.watch.worker.Worker` can call in tests."""

import os

prepared = False


def prepare():
    global prepared
    prepared = True


def double(number):
    return prepared, 2 * number


def gpus_and_niceness():
    return os.environ["CUDA_VISIBLE_DEVICES"], os.nice(0)


def fail(words):
    raise ValueError(words)


def die():
    os._exit(1)
