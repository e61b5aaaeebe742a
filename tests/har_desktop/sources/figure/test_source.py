"""The rendered figure keeps the promises of a source, and depends on nothing but its arguments."""

import hashlib
import itertools
import subprocess
import sys

import cv2
import numpy as np
import pytest

from har_desktop.errors import InputError
from har_desktop.sources.figure import ACTIONS, RenderedFigure

SMALL = (96, 128)
EVERYTHING = (*ACTIONS, None)


def frames(action, seed=3, **options):
    with RenderedFigure(action, seed, **{"duration_s": 1.0, "size": SMALL, **options}) as figure:
        return list(figure)


def calm(image):
    """The picture without its sensor noise, nearly."""
    return cv2.blur(image, (3, 3)).astype(np.float32)


def change(one, other):
    return float(np.abs(calm(one) - calm(other)).mean())


def test_the_actions_carry_their_ucf101_names():
    assert set(ACTIONS) == {
        "BodyWeightSquats",
        "JugglingBalls",
        "JumpingJack",
        "Lunges",
        "PushUps",
    }


@pytest.mark.parametrize("action", EVERYTHING)
def test_it_delivers_what_it_announces(action):
    figure = RenderedFigure(action, seed=1, duration_s=0.7, fps=10.0, size=(90, 121))
    info = figure.open()
    delivered = list(figure)

    assert (info.height, info.width, info.fps, info.live) == (90, 121, 10.0, False)
    assert len(delivered) == info.frames == 7
    assert [frame.index for frame in delivered] == list(range(7))
    assert [frame.time for frame in delivered] == [i / 10 for i in range(7)]
    for frame in delivered:
        assert frame.image.shape == (90, 121, 3)
        assert frame.image.dtype == np.uint8
        assert frame.image.flags.c_contiguous
    assert figure.read() is None
    figure.close()


def test_frames_stay_as_they_were_delivered():
    with RenderedFigure("JumpingJack", 1, size=SMALL) as figure:
        first = figure.read()
        before = first.image.copy()
        figure.read()
        np.testing.assert_array_equal(first.image, before)


def test_close_works_in_any_state_and_a_second_opening_starts_over():
    figure = RenderedFigure("Lunges", 2, size=SMALL)
    figure.close()
    assert figure.read() is None
    figure.open()
    first = figure.read()
    figure.close()
    figure.close()
    assert figure.read() is None
    figure.open()
    again = figure.read()
    figure.close()
    assert again.index == 0
    np.testing.assert_array_equal(again.image, first.image)


def digest(delivered):
    return hashlib.sha256(b"".join(f.image.tobytes() for f in delivered)).hexdigest()


def test_another_process_renders_the_same_bytes():
    here = digest(frames("JugglingBalls", fps=5.0))
    script = (
        "import hashlib; from har_desktop.sources.figure import RenderedFigure\n"
        "with RenderedFigure('JugglingBalls', 3, 1.0, 5.0, (96, 128)) as figure:\n"
        "    data = b''.join(frame.image.tobytes() for frame in figure)\n"
        "print(hashlib.sha256(data).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.strip() == here


@pytest.mark.parametrize("action", EVERYTHING)
def test_another_seed_is_another_film(action):
    assert change(frames(action, 1, fps=1.0)[0].image, frames(action, 2, fps=1.0)[0].image) > 5


def test_the_room_and_the_person_do_not_give_the_action_away():
    scenes = [RenderedFigure(action, 5, size=SMALL)._film() for action in EVERYTHING]
    assert len({scene.body for scene in scenes}) == 1
    for scene in scenes[1:]:
        np.testing.assert_array_equal(scene.flesh.look.shirt, scenes[0].flesh.look.shirt)
        assert scene.light == scenes[0].light


@pytest.mark.parametrize("action", EVERYTHING)
def test_a_moment_looks_the_same_at_any_frame_rate(action):
    slow = frames(action, duration_s=2.0, fps=10.0)
    fast = frames(action, duration_s=2.0, fps=30.0)
    for i in (0, 7, 19):
        assert slow[i].time == pytest.approx(fast[3 * i].time)
        assert change(slow[i].image, fast[3 * i].image) < 2.0  # two sheets of noise

    scenes = [RenderedFigure(action, 3, fps=fps, size=SMALL)._film() for fps in (10.0, 30.0)]
    pictures = [scene.render(1.3, grain=0) for scene in scenes]
    np.testing.assert_array_equal(*pictures)


@pytest.mark.parametrize("seed", [1, 4])
def test_actions_move_and_idling_moves_less(seed):
    def motion(action):
        scene = RenderedFigure(action, seed, size=SMALL)._film()
        pictures = [scene.render(t, grain=0) for t in np.arange(0, 6, 0.4)]
        return np.mean([change(a, b) for a, b in itertools.pairwise(pictures)])

    idle = motion(None)
    assert idle > 0.01
    for action in ACTIONS:
        assert motion(action) > 1.5 * idle, action


@pytest.mark.parametrize("size", [(16, 16), (48, 27), (108, 192)])
def test_any_size_will_do(size):
    (frame,) = frames("PushUps", size=size, fps=1.0)
    assert frame.size == size


def test_an_unknown_action_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"YoYo.*BodyWeightSquats.*PushUps") as refusal:
        RenderedFigure("YoYo", 1)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"duration_s": 0.0},
        {"duration_s": float("inf")},
        {"fps": -25.0},
        {"fps": float("nan")},
        {"size": (0, 640)},
    ],
)
def test_numbers_that_make_no_film_are_refused(wrong):
    with pytest.raises(InputError, match="rendered figure"):
        RenderedFigure(**{"action": "PushUps", "seed": 1, **wrong})
