from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.decision.decision import Decision, State
from har_desktop.frame import Frame
from har_desktop.inference.letterbox import Letterbox
from har_desktop.inference.recognition import Recognition, Timings, Window
from har_desktop.opencv import cv2
from har_desktop.overlay import FAINT, annotate, blend

CLASSES = ("JumpingJack", "Lunges")
LEVELS = np.arange(256, dtype=np.uint8).reshape(256, 1)
INFERNO = cv2.applyColorMap(LEVELS, cv2.COLORMAP_INFERNO)[:, 0].astype(int)


def grey(height, width, value=120):
    return np.full((height, width, 3), value, np.uint8)


def decision(state=State.ACTION, label="JumpingJack", confidence=0.75, time=3.24):
    probabilities = None if state is State.FILLING else np.array([0.75, 0.25], np.float32)
    return Decision(
        time, state, probabilities, label if state is State.ACTION else None, confidence
    )


def caption(image, decision):
    """The words alone, on a picture without heat."""
    recognition = Recognition(Frame(image, 0, 0.0), 0, None, Timings(0.0, 0.0, 0.0))
    return annotate(recognition, decision, CLASSES)


def window_with(heatmaps, side):
    """A window of square pictures that explains the first class."""
    return Window(
        logits=np.zeros(2, np.float32),
        probabilities=np.array([0.75, 0.25], np.float32),
        heatmaps=heatmaps,
        images=(np.zeros((side, side, 3), np.uint8),) * 10,
        times=tuple(range(10)),
        explained=0,
    )


def levels(colors):
    """The heat, 0 to 255, of each of (n, 3) colours that were blended at opacity 1 over black.

    There the share of a colour is its level, so level times colour is seen.
    """
    seen = (INFERNO * LEVELS / 255.0).round()
    return np.abs(colors[:, None].astype(int) - seen).sum(axis=2).argmin(axis=1)


# --- the heat-map ---


def test_cold_places_stay_untouched_and_hot_ones_take_the_colour():
    heatmap = np.zeros((7, 7), np.float32)
    heatmap[2:5, 2:5] = 4.0
    image = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    before = image.copy()
    blended = blend(image, heatmap, Letterbox.fit((96, 96), (56, 56)), 4.0, opacity=0.5)
    assert (image == before).all()
    hot = slice(96 // 7, 6 * 96 // 7 + 1)
    outside = np.ones((96, 96), bool)
    outside[hot, hot] = False
    assert (blended[outside] == image[outside]).all()
    assert np.abs(blended[48, 48] - (image[48, 48] + INFERNO[255]) / 2).max() < 4


@pytest.mark.parametrize("maximum", [0.0, -1.0, np.nan])
def test_without_evidence_the_picture_is_the_same(maximum):
    image = grey(96, 128)
    letterbox = Letterbox.fit((96, 128), (56, 56))
    assert blend(image, np.zeros((7, 7), np.float32), letterbox, maximum) is image


def test_heat_is_measured_by_the_maximum_that_is_given():
    letterbox = Letterbox.fit((64, 64), (56, 56))
    heatmap = np.full((7, 7), 1.0, np.float32)
    for maximum, level in ((1.0, 255), (2.0, 128), (100.0, 3), (0.5, 255)):
        blended = blend(grey(64, 64, 0), heatmap, letterbox, maximum, opacity=1.0)
        seen = (INFERNO[level] * level / 255.0).round()
        assert np.abs(blended.reshape(-1, 3) - seen).max() <= 1


def test_opacity_nothing_shows_nothing():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    heatmap = np.random.default_rng(1).random((7, 7), np.float32)
    blended = blend(image, heatmap, Letterbox.fit((64, 64), (56, 56)), 1.0, opacity=0.0)
    assert (blended == image).all()


@pytest.mark.parametrize("size", [(240, 320), (320, 240), (200, 200), (90, 400), (31, 17)])
@pytest.mark.parametrize("axis", [0, 1])
def test_every_spot_of_the_map_lies_on_its_spot_of_the_picture(size, axis):
    """A ramp over the input, read back from the picture, says where each pixel was looked up."""
    input_size, cells = (112, 112), 14
    ramp = np.linspace(0.0, 1.0, cells, dtype=np.float32)
    heatmap = np.repeat(ramp[:, None], cells, 1) if axis == 0 else np.repeat(ramp[None], cells, 0)
    letterbox = Letterbox.fit(size, input_size)
    blended = blend(grey(*size, 0), heatmap, letterbox, 1.0, opacity=1.0)

    begin, length = (
        (letterbox.top, letterbox.height) if axis == 0 else (letterbox.left, letterbox.width)
    )
    pixels = begin + (np.arange(size[axis]) + 0.5) * length / size[axis]  # in the input
    cell = pixels * cells / input_size[axis] - 0.5
    expected = 255 * np.clip(cell, 0, cells - 1) / (cells - 1)
    seen = levels(blended[:, size[1] // 2] if axis == 0 else blended[size[0] // 2])
    clear = expected > 40  # the darkest colours are too alike to be told apart
    assert clear.sum() > 0.5 * size[axis]
    per_input_pixel = 255 / (cells - 1) * cells / input_size[axis]
    assert np.abs(seen - expected)[clear].max() < 0.5 * per_input_pixel + 1


def test_only_the_newest_map_is_drawn_and_the_whole_window_scales_it():
    image = grey(96, 96)

    def drawn(newest, oldest):
        heatmaps = np.zeros((10, 6, 6), np.float32)
        heatmaps[-1, 1, 4], heatmaps[0, 4, 1] = newest, oldest
        window = window_with(heatmaps, 24)
        recognition = Recognition(Frame(image, 9, 9.0), 10, window, Timings(0.0, 0.0, 0.0))
        return annotate(recognition, decision(), CLASSES).astype(int)

    plain = caption(image, decision())
    assert (drawn(0.0, 1.0) == plain).all()
    strong, weak = drawn(1.0, 1.0), drawn(1.0, 4.0)
    spot = np.abs(strong - plain).sum(axis=2)
    assert np.unravel_index(spot.argmax(), spot.shape) == pytest.approx((24, 72), abs=8)
    assert 0 < np.abs(weak - plain).max() < np.abs(strong - plain).max()


def seen(decided, explained=0, evident=True):
    """A picture with the window's only warm place at its centre."""
    heatmaps = np.zeros((10, 7, 7), np.float32)
    heatmaps[:, 3, 3] = 1.0
    window = replace(window_with(heatmaps, 28), explained=explained, evident=evident)
    frame = Frame(grey(210, 210), 9, 9.0)
    return annotate(
        Recognition(frame, 10, window, Timings(0.0, 0.0, 0.0)), decided, CLASSES
    ).astype(int)


def test_without_evidence_the_heat_is_faint():
    nothing = decision(State.NO_ACTION)
    plain, centre = caption(grey(210, 210), nothing).astype(int), (105, 105)
    full, faint = seen(nothing)[centre], seen(nothing, evident=False)[centre]
    change = np.abs(faint - plain[centre]).sum() / np.abs(full - plain[centre]).sum()
    assert change == pytest.approx(FAINT, abs=0.03)


def test_the_class_of_the_heat_is_written_where_it_is_not_the_label():
    def top(*arguments):
        return seen(*arguments)[:20]

    assert (top(decision()) == caption(grey(210, 210), decision())[:20]).all()
    other, none = top(decision(), 1), top(decision(State.NO_ACTION), 1)
    assert (other != top(decision())).any()
    assert (other == none).all()
    assert (top(decision(State.NO_ACTION)) != none).any()  # it says which


def test_while_the_window_fills_there_is_no_heat():
    filling = caption(grey(96, 128), decision(State.FILLING, None, 0.0))
    assert (filling[20:60] == grey(40, 128)).all()


# --- the words ---


def changed(one, other):
    """(rows, columns) of a bounding box around where two pictures differ, or None."""
    places = np.argwhere((one != other).any(axis=2))
    return None if not len(places) else (places.min(axis=0), places.max(axis=0))


def test_the_picture_between_the_words_is_untouched():
    image = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    before = image.copy()
    captioned = caption(image, decision())
    assert (image == before).all()
    assert (captioned[30:200] == image[30:200]).all()
    assert (captioned[:30, 120:] == image[:30, 120:]).all()
    assert (captioned[215:] != image[215:]).any(axis=2).mean() > 0.9


def test_label_state_confidence_and_time_are_all_seen():
    image = grey(240, 320)
    reference = caption(image, decision())
    others = {
        "label": decision(label="Lunges"),
        "no action": decision(State.NO_ACTION),
        "filling": decision(State.FILLING, None, 0.0),
        "confidence": decision(confidence=0.5),
        "time": decision(time=3.25),
    }
    boxes = {name: changed(reference, caption(image, other)) for name, other in others.items()}
    assert None not in boxes.values()
    (top, _), (bottom, right) = boxes["label"]
    assert top > 200  # at the lower left
    assert right < 160
    (_, left), _ = boxes["confidence"]
    assert left > 150  # its number at the right, and the end of the bar
    _, (bottom, right) = boxes["time"]
    assert bottom < 30  # at the upper left
    assert right < 100
    assert changed(caption(image, others["no action"]), caption(image, others["filling"]))


def bar(image, confidence, state=State.ACTION):
    """Share of the bar that is filled."""
    captioned = caption(image, decision(state, confidence=confidence)).astype(int)
    row = captioned[-5, 7:-7]  # within the bar, without the margins
    return (np.abs(row - (70, 70, 70)).sum(axis=1) > 30).mean()


@pytest.mark.parametrize("confidence", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("state", [State.ACTION, State.NO_ACTION])
def test_the_bar_is_as_long_as_the_confidence(confidence, state):
    assert bar(grey(240, 320), confidence, state) == pytest.approx(confidence, abs=0.01)


@pytest.mark.parametrize(
    ("time", "same_as"), [(59.996, 60.0), (3599.999, 3600.0), (3.2449, 3.24), (0.0, 0.004)]
)
def test_time_is_rounded_as_a_clock_is_read(time, same_as):
    image = grey(240, 320)
    one, other = caption(image, decision(time=time)), caption(image, decision(time=same_as))
    assert (one == other).all()


@pytest.mark.parametrize("size", [(120, 160), (160, 120), (240, 320), (1080, 1920), (2160, 3840)])
def test_letters_are_tall_enough_to_read(size):
    image = grey(*size)
    one = caption(image, decision(label="HHHH"))
    (top, _), (bottom, _) = changed(one, caption(image, decision(State.FILLING, None, 0.0)))
    words = one[top : bottom + 1, : size[1] // 3]
    rows = np.flatnonzero((words > 230).all(axis=2).any(axis=1))  # the white of the letters
    tall = rows.max() - rows.min() + 1
    assert tall >= 7
    assert tall >= 0.025 * min(size)


@pytest.mark.parametrize("script", ["跳躍運動", "прыжок", "Größe"])
def test_other_scripts_are_written_not_questioned(script):
    image = grey(240, 320)
    written = caption(image, decision(label=script))
    assert changed(written, caption(image, decision(label="?" * len(script))))
    assert changed(written, caption(image, decision(label=script[::-1])))  # each its own letter


def test_threads_write_as_one_thread_does():
    image = grey(60, 90)
    labels = ["a", "of words a long line", "JumpingJack", "W" * 9]
    alone = [caption(image, decision(label=label)) for label in labels]

    def write_often(number):
        made = (caption(image, decision(label=labels[number])) for _ in range(300))
        return sum(not np.array_equal(picture, alone[number]) for picture in made)

    with ThreadPoolExecutor(len(labels)) as pool:
        assert list(pool.map(write_often, range(len(labels)))) == [0] * len(labels)


def test_a_long_label_leaves_the_confidence_alone():
    image = grey(240, 320)
    short, long = (caption(image, decision(label=text)) for text in ("x", "very long " * 8))
    _, (_, right) = changed(short, long)
    assert right < 320 - 7 - 30  # where "75%" begins
    assert changed(long, caption(image, decision(label="very long " * 7 + "other"))) is None


@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.text(max_size=30),
    st.sampled_from(State),
    st.floats(0.0, 1.0),
)
def test_anything_can_be_captioned(height, width, label, state, confidence):
    captioned = caption(grey(height, width), decision(state, label, confidence))
    assert captioned.shape == (height, width, 3)
    assert captioned.dtype == np.uint8
