import threading
import time

import numpy as np
import onnxruntime
import pytest

from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.encoders import AtOnce
from har_desktop.inference.model import Model
from har_desktop.inference.session import GraphError
from tests.bundles import slow_encoder

BESIDE = [(False, 2, 3), (True, 3, 1), (True, 4, 2)]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_all_calls_are_made_at_the_same_time_and_answered_in_order(count):
    meeting = threading.Barrier(count, timeout=20)
    calls = [lambda number=number: (meeting.wait(), number)[1] for number in range(count)]
    at_once = AtOnce(count)
    for _ in range(3):
        assert at_once(calls) == list(range(count))


def test_the_last_call_is_made_in_the_callers_thread():
    first, last = AtOnce(2)([threading.current_thread] * 2)
    assert last is threading.current_thread()
    assert (first.name, first.daemon) == ("encoder", True)


def test_of_two_failures_the_callers_own_comes_out():
    def fail(error):
        raise error

    at_once = AtOnce(2)
    with pytest.raises(KeyboardInterrupt):
        at_once([lambda: fail(GraphError("other")), lambda: fail(KeyboardInterrupt())])
    assert at_once([lambda: 1, lambda: 2]) == [1, 2]


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_failure_comes_out_when_all_calls_have_ended(failing):
    ended = []

    def call(number):
        if number == failing:
            raise GraphError(f"number {number}")
        time.sleep(0.05)
        ended.append(number)

    at_once = AtOnce(3)
    with pytest.raises(GraphError, match=f"number {failing}"):
        at_once([lambda n=n: call(n) for n in range(3)])
    assert sorted(ended) == sorted({0, 1, 2} - {failing})
    assert at_once([lambda n=n: n for n in range(3)]) == [0, 1, 2]


def test_the_channels_of_all_encoders_come_in_their_order(make_bundle, tmp_path):
    folder = make_bundle(tmp_path / "several", beside=BESIDE)
    bundle = load_bundle(folder)
    picture, before = np.random.default_rng(1).integers(0, 256, (2, 24, 32, 3), np.uint8)
    features = Model(bundle, "cpu").encode(picture, [before])
    first, first_cam = 0, 0
    for data, (motion, count, cam_count) in zip(bundle.encoders, BESIDE, strict=True):
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        feeds = {"frame": picture[None]} | ({"previous": before[None]} if motion else {})
        partials, activation = session.run(["partials", "activation"], feeds)
        own = features.partials.numpy()[..., first : first + count]
        own_cam = features.activation.numpy()[..., first_cam : first_cam + cam_count]
        np.testing.assert_array_equal(own, partials)
        np.testing.assert_array_equal(own_cam, activation)
        first, first_cam = first + count, first_cam + cam_count
    assert features.partials.shape()[-1] == first
    assert features.activation.shape()[-1] == first_cam


def test_one_interruption_ends_all_encoders(make_bundle, tmp_path):
    folder = make_bundle(tmp_path / "slow", beside=BESIDE[1:], edit_encoder=slow_encoder)
    model = Model(load_bundle(folder), "cpu")
    white = np.full((24, 32, 3), 255, np.uint8)
    failures = []

    def encode():
        try:
            model.encode(white, [white])
        except GraphError as error:
            failures.append(error)

    thread = threading.Thread(target=encode)
    thread.start()
    time.sleep(1)  # both are at it for half a minute
    assert thread.is_alive()
    model.interrupt()
    thread.join(10)
    assert not thread.is_alive()
    assert len(failures) == 1
