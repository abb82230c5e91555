"""The process that computes for the page: answers, errors, deaths, and its end."""

import os

import pytest

from dcgan.watch.worker import NICENESS, Worker, WorkerError


@pytest.fixture(scope="module")
def worker():
    worker = Worker("worker_functions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "0")  # as where a GPU is there
        yield worker
    worker.close()


def call(worker, name, *arguments):
    return worker.submit(name, *arguments).result(timeout=120)


def test_it_is_prepared_and_answers(worker):
    assert call(worker, "double", 4) == (True, 8)


def test_it_sees_no_gpu_and_gives_way(worker):
    assert call(worker, "gpus_and_niceness") == ("-1", min(os.nice(0) + NICENESS, 19))


def test_an_error_comes_as_one_line(worker):
    with pytest.raises(WorkerError, match=r"^no faces$"):
        call(worker, "fail", "no faces\nand more")
    with pytest.raises(WorkerError, match=r"^ValueError$"):
        call(worker, "fail", "")
    assert call(worker, "double", 1) == (True, 2)


def test_calls_are_answered_in_their_order(worker):
    futures = [worker.submit("double", i) for i in range(5)]
    assert [one.result(timeout=120)[1] for one in futures] == [0, 2, 4, 6, 8]


def test_when_it_has_died_this_is_told_and_the_next_call_starts_it_again(worker):
    with pytest.raises(WorkerError, match="has ended"):
        call(worker, "die")
    assert call(worker, "double", 2) == (True, 4)


def test_closing_ends_it_at_once():
    worker = Worker("worker_functions")
    call(worker, "double", 1)
    process = worker._process
    worker.close()
    process.join(timeout=60)
    assert not process.is_alive()
