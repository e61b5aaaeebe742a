"""The engine on a real, small bundle. The reference is `onnx.reference`, not ONNX Runtime."""

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from har_desktop.frame import Frame
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.letterbox import Letterbox
from har_desktop.inference.recognizer import Recognizer

D, LENGTH = 0.2, 10


@pytest.fixture(scope="module")
def bundle(bundle_folder):
    return load_bundle(bundle_folder)


@pytest.fixture(scope="module")
def still_bundle(make_bundle, tmp_path_factory):
    """A network without motion."""
    return load_bundle(make_bundle(tmp_path_factory.mktemp("still") / "still", motion=False))


@pytest.fixture(scope="module")
def double_bundle(make_bundle, tmp_path_factory):
    """Two networks side by side, one without motion."""
    beside = [(False, 2, 3), (True, 4, 2)]
    return load_bundle(make_bundle(tmp_path_factory.mktemp("double") / "double", beside=beside))


@pytest.fixture(scope="module")
def fine_bundle(make_bundle, tmp_path_factory):
    """Tells motion by three pictures an interval."""
    return load_bundle(make_bundle(tmp_path_factory.mktemp("fine") / "fine", differences=3))


@pytest.fixture
def recognizer(bundle):
    return Recognizer(bundle, "cpu")


def scene(number, size=(48, 64)):
    """A BGR picture that is different for each number."""
    return np.random.default_rng(number).integers(0, 256, (*size, 3), np.uint8)


def frames(times, content=None, size=(48, 64)):
    content = content or (lambda time: round(time * 1000))
    return [Frame(scene(content(time), size), i, time) for i, time in enumerate(times)]


def every(spacing, count):
    return [i * spacing for i in range(count)]


def variable(seconds, rng):
    """Frame times between 17 and 60 fps."""
    times = np.cumsum(rng.uniform(1 / 60, 1 / 17, int(seconds * 60)))
    return times[times < seconds].tolist()


class WholeWindow:
    """The answer computed anew from all frames, by brute force and with onnx.reference."""

    def __init__(self, bundle):
        self.manifest = bundle.manifest
        self.encoders = [
            ReferenceEvaluator(onnx.load_from_string(data)) for data in bundle.encoders
        ]
        self.head = ReferenceEvaluator(onnx.load_from_string(bundle.head))

    def nearest(self, stream, time):
        return min(stream, key=lambda frame: abs(frame.time - time))

    def picture(self, frame):
        room = self.manifest.input.height, self.manifest.input.width
        return Letterbox.fit(frame.size, room).apply(frame.image)[None, :, :, ::-1]

    def __call__(self, stream, time, explain=-1):
        chosen = [self.nearest(stream, time - k * D) for k in range(LENGTH - 1, -1, -1)]
        partials, activations = [], []
        for frame in chosen:
            feeds = {"frame": self.picture(frame)}
            if self.manifest.input.motion:
                parts = self.manifest.input.differences
                ages = [D * part / parts for part in range(1, parts + 1)]
                before = [self.picture(self.nearest(stream, frame.time - age)) for age in ages]
                feeds["previous"] = np.concatenate(before)
            parts = [
                encoder.run(
                    ["partials", "activation"], {name: feeds[name] for name in encoder.input_names}
                )
                for encoder in self.encoders
            ]
            partial, activation = (np.concatenate(p, -1) for p in zip(*parts, strict=True))
            partials.append(partial)
            activations.append(activation)
        feeds = {
            "partials": np.concatenate(partials),
            "activations": np.concatenate(activations),
            "class_index": np.array(explain, np.int64),
        }
        logits, *maps = self.head.run(["logits", "heatmaps", "hires_heatmaps"], feeds)
        return logits, maps, [frame.time for frame in chosen]


@pytest.mark.parametrize("explain", [-1, 0, 2])
@pytest.mark.parametrize("kind", ["motion", "still", "double", "fine"])
@pytest.mark.parametrize("rate", ["10 fps", "30 fps", "variable"])
def test_streaming_equals_the_whole_window(
    bundle, still_bundle, double_bundle, fine_bundle, kind, rate, explain
):
    chosen = {
        "motion": bundle,
        "still": still_bundle,
        "double": double_bundle,
        "fine": fine_bundle,
    }[kind]
    times = {
        "10 fps": every(0.1, 30),
        "30 fps": every(1 / 30, 80),
        "variable": variable(2.8, np.random.default_rng(5)),
    }[rate]
    stream = frames(times)
    recognizer, reference = Recognizer(chosen, "cpu", explain), WholeWindow(chosen)
    recognitions = [recognizer.push(frame) for frame in stream]
    full = [r for r in recognitions if r.window]
    assert len(full) >= 5
    for recognition in full[:: len(full) // 4]:
        window = recognition.window
        logits, maps, chosen_times = reference(stream, recognition.frame.time, explain)
        assert list(window.times) == chosen_times
        assert np.abs(window.logits - logits).max() <= 1e-5 * max(1, np.abs(logits).max())
        for ours, theirs in zip(window.maps.values(), maps, strict=True):
            assert np.abs(ours - theirs).max() <= 1e-5 * theirs.max()
        assert window.explained == (explain if explain >= 0 else logits.argmax())


def test_window_depends_on_order_and_motion(bundle):
    """So that the test above can tell a wrong place from a right one."""
    stream = frames(every(0.1, 30))
    reference = WholeWindow(bundle)
    logits = reference(stream, 2.9)[0]
    for wrong in (reference(stream, 2.8)[0], reference(stream[::-1] + stream[:1], 2.75)[0]):
        assert np.abs(logits - wrong).max() > 1e-2


def test_fill_state_with_motion_takes_ten_intervals(recognizer):
    recognitions = [recognizer.push(frame) for frame in frames(every(0.1, 25))]
    assert [r.filled for r in recognitions[:8]] == [0, 0, 1, 1, 2, 2, 3, 3]
    full = [i for i, r in enumerate(recognitions) if r.window]
    assert full == list(range(20, 25))
    assert all((r.window is not None) == (r.filled == LENGTH) for r in recognitions)


def test_fill_state_without_motion_takes_nine_intervals(still_bundle):
    recognizer = Recognizer(still_bundle, "cpu")
    recognitions = [recognizer.push(frame) for frame in frames(every(0.1, 25))]
    assert next(i for i, r in enumerate(recognitions) if r.window) == 18


def test_same_motion_gives_the_same_answer_at_any_frame_rate(bundle):
    """What is seen changes every 0.2 s; the sources look at it at their own times."""

    def content(time):
        return round(time / D)

    answers = {}
    for name, times in {
        "10": every(1 / 10, 41),
        "30": every(1 / 30, 121),
        "25": every(1 / 25, 101),
        "240": every(1 / 240, 961),
        "variable": sorted({*variable(4.1, np.random.default_rng(7)), 3.0, 4.0}),
    }.items():
        recognizer = Recognizer(bundle, "cpu")
        stream = frames(times, content)
        windows = {round(f.time, 6): recognizer.push(f).window for f in stream}
        answers[name] = [windows[3.0], windows[4.0]]
    for later, window in enumerate(answers["10"]):
        for name, others in answers.items():
            assert np.array_equal(window.probabilities, others[later].probabilities), name
            assert np.array_equal(window.heatmaps, others[later].heatmaps), name
            assert np.abs(np.subtract(window.times, others[later].times)).max() <= 0.03
    assert not np.allclose(answers["10"][0].logits, answers["10"][1].logits)


def test_window_carries_pictures_as_the_encoder_saw_them(bundle, recognizer):
    stream = frames(every(0.1, 21))
    window = [recognizer.push(frame) for frame in stream][-1].window
    assert len(window.images) == len(window.times) == len(window.heatmaps) == LENGTH
    for image, time in zip(window.images, window.times, strict=True):
        expected = WholeWindow(bundle).picture(stream[round(time * 10)])[0]
        assert np.array_equal(image, expected)
        assert not image.flags.writeable


def test_windows_stay_as_they_are_while_the_stream_goes_on(recognizer):
    stream = frames(every(0.1, 60))
    window = [recognizer.push(frame) for frame in stream[:21]][-1].window
    copies = window.logits.copy(), window.heatmaps.copy(), [image.copy() for image in window.images]
    for frame in stream[21:]:
        recognizer.push(frame)
    assert np.array_equal(window.logits, copies[0])
    assert np.array_equal(window.heatmaps, copies[1])
    assert all(np.array_equal(a, b) for a, b in zip(window.images, copies[2], strict=True))


@pytest.mark.parametrize("event", ["seek", "gap", "size", "clear"])
def test_what_clears_the_window_leaves_no_trace(bundle, recognizer, event):
    for frame in frames(every(0.1, 30), content=lambda time: round(time * 7)):
        recognizer.push(frame)
    start = {"seek": 1.0, "gap": 60.0, "size": 3.0, "clear": 3.0}[event]
    size = (60, 50) if event == "size" else (48, 64)
    if event == "clear":
        recognizer.clear()
    stream = [
        Frame(frame.image, frame.index, start + frame.time)
        for frame in frames(every(0.1, 22), size=size)
    ]
    recognitions = [recognizer.push(frame) for frame in stream]
    assert [r.filled for r in recognitions[:4]] == [0, 0, 1, 1]
    fresh = Recognizer(bundle, "cpu")
    expected = [fresh.push(frame) for frame in stream][-1].window
    assert np.array_equal(recognitions[-1].window.logits, expected.logits)


def test_forward_seek_within_the_interval_is_a_dropped_frame(recognizer):
    stream = frames(every(0.1, 30))
    del stream[22]
    assert all(r.window for r in [recognizer.push(frame) for frame in stream][20:])


def test_explain_can_be_changed_on_the_way(recognizer):
    stream = frames(every(0.1, 24))
    for frame in stream[:20]:
        recognizer.push(frame)
    explained = []
    for frame, explain in zip(stream[20:], (-1, 0, 1, 2), strict=True):
        recognizer.explain = explain
        explained.append(recognizer.push(frame).window.explained)
    assert explained[1:] == [0, 1, 2]


@pytest.mark.parametrize("index", [-2, 3])
def test_explain_refuses_a_class_that_is_not_there(bundle, recognizer, index):
    with pytest.raises(ValueError, match="no class"):
        recognizer.explain = index
    with pytest.raises(ValueError, match="no class"):
        Recognizer(bundle, "cpu", index)


def test_temperature_softens_probabilities_and_nothing_else(make_bundle, tmp_path, recognizer):
    soft = Recognizer(load_bundle(make_bundle(tmp_path / "soft", temperature=3.0)), "cpu")
    for frame in frames(every(0.1, 21)):
        sharp_window, soft_window = recognizer.push(frame).window, soft.push(frame).window
    assert np.array_equal(sharp_window.logits, soft_window.logits)
    logits = sharp_window.logits.astype(np.float64)
    for window, temperature in ((sharp_window, 1.0), (soft_window, 3.0)):
        expected = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
        assert np.allclose(window.probabilities, expected, atol=1e-6)
        assert window.probabilities.dtype == np.float32


def test_given_pictures_are_recognised_as_in_the_stream(bundle, recognizer):
    stream = frames(every(0.1, 30))
    window = [recognizer.push(frame) for frame in stream][-1].window
    picture = WholeWindow(bundle).picture
    before = [picture(stream[round((time - D) * 10)]) for time in window.times]
    fresh = Recognizer(bundle, "cpu")
    again = fresh.recognize_window(window.images, before, window.times)
    assert np.array_equal(again.logits, window.logits)
    assert np.array_equal(again.heatmaps, window.heatmaps)
    assert again.times == window.times
    # and the stream goes on undisturbed
    recognizer.recognize_window([one for (one,) in before], before, window.times)
    assert recognizer.push(frames(every(0.1, 31))[-1]).filled == LENGTH


def test_a_stretch_is_recognised_as_in_the_stream(fine_bundle):
    recognizer = Recognizer(fine_bundle, "cpu")
    stream = frames(every(D / 3, 31))
    for frame in stream[:-1]:
        recognizer.push(frame)
    window = recognizer.push(stream[-1]).window
    pictures = [recognizer.picture(frame) for frame in stream]
    again = recognizer.recognize_stretch(pictures, [frame.time for frame in stream])
    assert np.array_equal(again.logits, window.logits)
    assert np.array_equal(again.heatmaps, window.heatmaps)
    np.testing.assert_allclose(again.times, window.times)
    with pytest.raises(ValueError, match="a window takes 31"):
        recognizer.recognize_stretch(pictures[1:], range(30))


def test_motion_is_told_by_frames_that_are_only_seen(fine_bundle):
    stream = frames(every(D / 3, 37))
    all_of_them, few = Recognizer(fine_bundle, "cpu"), Recognizer(fine_bundle, "cpu")
    for index, frame in enumerate(stream):
        looked = all_of_them.push(frame)
        if index % 3:
            few.see(frame)
            continue
        thinned = few.push(frame)
        assert thinned.filled == looked.filled
        assert thinned.previous == looked.previous
    assert looked.window is not None
    np.testing.assert_array_equal(thinned.window.logits, looked.window.logits)


def test_given_pictures_without_motion(still_bundle):
    recognizer = Recognizer(still_bundle, "cpu")
    images = [scene(i, (24, 32)) for i in range(LENGTH)]
    window = recognizer.recognize_window(images, None, range(LENGTH))
    assert np.isclose(window.probabilities.sum(), 1)


def test_given_pictures_of_the_wrong_number(bundle, still_bundle):
    images = [scene(i, (24, 32)) for i in range(LENGTH)]
    times = range(LENGTH)
    recognizer = Recognizer(bundle, "cpu")
    before = [[image] for image in images]
    for wrong in ((images, None, times), (images, before[1:], times), (images[1:], before, times)):
        with pytest.raises(ValueError, match="a window takes 10"):
            recognizer.recognize_window(*wrong)
    for wrong in ([()] * LENGTH, [[image] * 2 for image in images], [*before[1:], []]):
        with pytest.raises(ValueError, match="each image takes 1 previous ones"):
            recognizer.recognize_window(images, wrong, times)
    with pytest.raises(ValueError, match="a window takes 10"):
        Recognizer(still_bundle, "cpu").recognize_window(images[1:], None, times)


def test_frame_is_only_read_and_timings_are_given(recognizer):
    stream = frames(every(0.1, 21))
    for frame in stream:
        frame.image.flags.writeable = False
        recognition = recognizer.push(frame)
        assert recognition.frame is frame
    timings = recognition.timings
    assert timings.prepare > 0
    assert timings.encode > 0
    assert timings.head > 0


def test_reports_what_it_runs_on(bundle):
    recognizer = Recognizer(bundle)
    assert recognizer.manifest is bundle.manifest
    assert (recognizer.provider.used == "cpu") == (recognizer.provider.reason is not None)
