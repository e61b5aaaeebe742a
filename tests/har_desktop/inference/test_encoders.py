import threading
import time

import numpy as np
import onnxruntime
import pytest

from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.encoders import ENCODED, Encoders
from har_desktop.inference.model import Model
from har_desktop.inference.session import GraphError
from tests.bundles import slow_encoder

BESIDE = [(False, 2, 3), (True, 3, 1), (True, 4, 2)]


class Stub:
    """A session that gives what a call makes of each frame's first value."""

    inputs = ("frame",)

    def __init__(self, call):
        self.call = call

    def run_on_device(self, names, feeds):
        assert names == ENCODED
        return self.call(feeds["frame"].flat[0])


class Join:
    """Gives what it is fed with, in the order of the encoders."""

    def run_on_device(self, names, feeds):
        return [[feeds[f"{name}_{n}"] for n in range(len(feeds) // 2)] for name in names]


def encoders(*calls):
    return Encoders([Stub(call) for call in calls], Join())


def frame(number):
    return np.full((2, 2, 3), number, np.uint8)


def way(name):
    """Both ways to have a frame encoded, to the end."""
    if name == "encode":
        return Encoders.encode
    return lambda encoders, *seen: encoders.begin(*seen).result()


both_ways = pytest.mark.parametrize("name", ["encode", "begin"])


@both_ways
@pytest.mark.parametrize("count", [1, 2, 5])
def test_all_encoders_run_at_the_same_time_and_are_joined_in_order(name, count):
    meeting = threading.Barrier(count, timeout=60)

    def call(number):
        def run(value):
            meeting.wait()
            return [value + number, -number]

        return run

    several = encoders(*(call(number) for number in range(count)))
    for value in (3, 4, 5):
        features = way(name)(several, frame(value), [])
        assert features.partials == [value + number for number in range(count)]
        assert features.activation == [-number for number in range(count)]
        assert features.seconds > 0


def test_only_encode_runs_the_last_one_in_the_callers_thread():
    two = encoders(*[lambda value: [threading.current_thread(), value]] * 2)
    here = threading.current_thread()
    first, last = two.encode(frame(0), []).partials
    assert last is here
    assert (first.name, first.daemon) == ("encoder", True)
    begun = two.begin(frame(0), []).result().partials
    assert begun[0] is first
    assert begun[1] not in (first, here)
    assert begun[1].name == "encoder"


@pytest.mark.parametrize("quick_one", [0, 1])
def test_frames_that_are_begun_wait_for_no_other_encoder(quick_one):
    go, ran = threading.Event(), []
    all_there = threading.Event()

    def quick(value):
        ran.append(value)
        if value == 4:
            all_there.set()
        return [value, value]

    def slow(value):
        assert go.wait(60)
        return [value, value]

    two = encoders(quick, slow) if quick_one == 0 else encoders(slow, quick)
    begun = [two.begin(frame(value), []) for value in range(5)]
    assert all_there.wait(60)
    assert ran == list(range(5))
    assert not any(future.done() for future in begun)
    go.set()
    assert [future.result(60).partials for future in begun] == [[n, n] for n in range(5)]


@pytest.mark.parametrize(
    ("name", "comes_out"), [("encode", KeyboardInterrupt), ("begin", GraphError)]
)
def test_of_two_failures_the_callers_own_comes_out_or_else_the_first(name, comes_out):
    def fail(error):
        raise error

    fails = [True]
    two = encoders(
        lambda _: fail(GraphError("first")) if fails else [1, 1],
        lambda _: fail(KeyboardInterrupt()) if fails else [2, 2],
    )
    with pytest.raises(comes_out):
        way(name)(two, frame(0), [])
    fails.clear()
    assert way(name)(two, frame(0), []).partials == [1, 2]


@both_ways
@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_failure_comes_out_when_all_encoders_have_ended(name, failing):
    ended = []

    def call(number):
        def run(value):
            if value and number == failing:
                raise GraphError(f"number {number}")
            time.sleep(0.05)
            ended.append(number)
            return [number, number]

        return run

    three = encoders(*(call(number) for number in range(3)))
    with pytest.raises(GraphError, match=f"number {failing}"):
        way(name)(three, frame(1), [])
    assert sorted(ended) == sorted({0, 1, 2} - {failing})
    assert way(name)(three, frame(0), []).partials == [0, 1, 2]


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


@both_ways
def test_one_interruption_ends_all_encoders(name, make_bundle, tmp_path):
    folder = make_bundle(tmp_path / "slow", beside=BESIDE[1:], edit_encoder=slow_encoder)
    model = Model(load_bundle(folder), "cpu")
    white = np.full((24, 32, 3), 255, np.uint8)
    failures = []

    def encode():
        try:
            way(name)(model._encoders, white, [white])
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
