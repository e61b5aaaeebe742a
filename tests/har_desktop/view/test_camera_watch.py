"""Looking for cameras again and again."""

import pytest

from har_desktop.sources.cameras import CameraId
from har_desktop.view import camera_watch
from har_desktop.view.camera_watch import CameraWatch

FRONT = CameraId("usb-1", "Front", 0)


@pytest.fixture
def watch(qtbot, monkeypatch):  # noqa: ARG001, timers want its application
    monkeypatch.setattr(camera_watch, "_EVERY_MS", 10)
    watch = CameraWatch()
    yield watch
    watch.stop(1.0)


def test_a_look_that_fails_is_forgiven(watch, qtbot, monkeypatch):
    outcomes = iter([OSError("busy"), OSError("busy"), (FRONT,)] * 2)

    looks = []

    def look():
        looks.append(1)
        outcome = next(outcomes, (FRONT,))
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    monkeypatch.setattr(camera_watch, "list_cameras", look)
    told, seen = [], []
    watch.failed.connect(told.append)
    watch.changed.connect(seen.append)
    watch.start()
    qtbot.waitUntil(lambda: len(looks) > 6)
    assert seen == [(FRONT,)]
    assert told == []


def test_where_cameras_cannot_be_listed_it_is_told_once_and_given_up(watch, qtbot, monkeypatch):
    looks = []

    def look():
        looks.append(1)
        raise OSError("not here")

    monkeypatch.setattr(camera_watch, "list_cameras", look)
    told = []
    watch.failed.connect(told.append)
    watch.start()
    qtbot.waitUntil(lambda: bool(told))
    qtbot.wait(50)
    assert len(looks) == 3
    assert "not here" in told[0]
    assert len(told) == 1
