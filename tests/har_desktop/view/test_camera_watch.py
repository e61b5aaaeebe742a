"""Looking for cameras again and again."""

from har_desktop.sources.cameras import CameraId
from har_desktop.view import camera_watch
from har_desktop.view.camera_watch import CameraWatch

PATIENCE = 20_000
FRONT = CameraId("usb-1", "Front", 0)


def test_a_look_that_fails_is_told_once_and_the_next_one_is_taken(qtbot, monkeypatch):
    fails = [OSError("busy"), OSError("busy")]

    def look():
        if fails:
            raise fails.pop()
        return (FRONT,)

    monkeypatch.setattr(camera_watch, "list_cameras", look)
    monkeypatch.setattr(camera_watch, "_EVERY_MS", 10)
    watch = CameraWatch()
    told, seen = [], []
    watch.failed.connect(told.append)
    watch.changed.connect(seen.append)
    watch.start()
    qtbot.waitUntil(lambda: seen == [(FRONT,)], timeout=PATIENCE)
    watch.stop(1.0)
    assert len(told) == 1
    assert "busy" in told[0]
