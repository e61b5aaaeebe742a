"""No test machine has a camera: OpenCV plays a file where it would open the device."""

import itertools

import cv2
import numpy as np
import pytest

from har_desktop.errors import SourceError
from har_desktop.sources import camera as camera_module
from har_desktop.sources.camera import RATES, SIZES, Camera
from har_desktop.sources.cameras import CameraId

WANTED = CameraId("usb-1 046d:0825", "Webcam", 2)


@pytest.fixture
def device(tmp_path, monkeypatch):
    """The function that plugs a camera in, which will give so many pictures."""

    def plug(frames=5, fps=30.0, size=(48, 64)):
        path = tmp_path / "device.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, size[::-1])
        for number in range(frames):
            writer.write(np.full((*size, 3), 20 * number, np.uint8))
        writer.release()
        found = CameraId(WANTED.stable, WANTED.name, str(path))
        monkeypatch.setattr(camera_module, "BACKEND", cv2.CAP_FFMPEG)
        monkeypatch.setattr(camera_module, "list_cameras", lambda: (found,))
        return path

    return plug


def test_frames_are_stamped_on_arrival(device):
    device(frames=5)
    with Camera(WANTED) as camera:
        frames = list(camera)
        assert camera.read() is None
    assert [frame.index for frame in frames] == list(range(5))
    assert frames[0].time == 0.0
    assert all(a.time < b.time for a, b in itertools.pairwise(frames))
    assert frames[1].time != pytest.approx(1 / 30, abs=1e-6)  # which the file would say
    for number, frame in enumerate(frames):
        assert frame.image.dtype == np.uint8
        assert frame.size == (48, 64)
        assert abs(int(frame.image.mean()) - 20 * number) < 4


def test_says_what_it_is(device):
    device(fps=30.0)
    camera = Camera(WANTED)
    info = camera.open()
    camera.close()
    assert camera.read() is None
    assert (info.name, info.width, info.height) == ("Webcam", 64, 48)
    assert (info.fps, info.frames, info.live) == (30.0, None, True)


def test_a_twin_is_not_looked_through_in_its_place(device, monkeypatch):
    device(frames=5)
    twin = CameraId("usb-7", WANTED.name, WANTED.index)
    monkeypatch.setattr(camera_module, "list_cameras", lambda: (twin,))
    with pytest.raises(SourceError, match="not plugged in"):
        Camera(WANTED, others={"usb-7"}).open()


def test_camera_that_is_not_plugged_in(monkeypatch):
    monkeypatch.setattr(camera_module, "list_cameras", lambda: ())
    with pytest.raises(SourceError, match=r"^Webcam: not plugged in; plug it in, or choose"):
        Camera(WANTED).open()


def test_a_list_that_cannot_be_had_is_a_loss_and_no_fault(monkeypatch):
    def fail():
        raise OSError(19, "No such device")

    monkeypatch.setattr(camera_module, "list_cameras", fail)
    with pytest.raises(SourceError, match=r"^Webcam: cameras cannot be listed: OSError: .*device"):
        Camera(WANTED).open()


@pytest.mark.parametrize(("broken", "expected"), [(1, [0, 1, 2, 3, 4]), (3, [0, 1])])
def test_a_picture_of_which_nothing_came_is_a_missed_one(device, broken, expected):
    # As of a camera that is being unplugged: OpenCV raises where a compressed picture is empty.
    device()
    with Camera(WANTED) as camera:
        capture = camera._capture

        class Broken:
            left = broken

            def read(self):
                if camera._index == 2 and self.left:
                    self.left -= 1
                    return cv2.imdecode(np.zeros(0, np.uint8), cv2.IMREAD_COLOR)
                return capture.read()

            def __getattr__(self, name):
                return getattr(capture, name)

        camera._capture = Broken()
        assert [frame.index for frame in camera] == expected


def test_camera_that_cannot_be_opened(device):
    device().unlink()
    with pytest.raises(SourceError, match=r"^Webcam: cannot be opened; close other programs"):
        Camera(WANTED).open()


def test_camera_without_a_name_is_called_by_its_number(monkeypatch):
    monkeypatch.setattr(camera_module, "list_cameras", lambda: ())
    with pytest.raises(SourceError, match=r"^Camera 3: "):
        Camera(CameraId("", "", 3)).open()


def test_may_be_closed_and_opened_any_number_of_times(device):
    device(frames=3)
    camera = Camera(WANTED)
    camera.close()
    for _ in range(2):
        camera.open()
        assert len(list(camera)) == 3
    camera.close()
    camera.close()
    assert camera.read() is None


def settings(**wishes):
    return dict(Camera(WANTED, **wishes)._settings())


def test_asks_for_size_and_rate():
    assert settings() == {}
    assert settings(size=(480, 640), fps=15.0) == {
        cv2.CAP_PROP_FRAME_WIDTH: 640,
        cv2.CAP_PROP_FRAME_HEIGHT: 480,
        cv2.CAP_PROP_FPS: 15.0,
    }


@pytest.mark.parametrize(
    "wanted",
    [
        {"size": (720, 1280)},
        {"size": (1080, 1920)},
        {"size": (480, 640), "fps": 60.0},
        {"fps": 60.0},
    ],
)
def test_asks_for_compressed_pictures_first_where_many_pixels_are_to_come(wanted):
    wishes = settings(**wanted)
    assert next(iter(wishes)) == cv2.CAP_PROP_FOURCC
    assert wishes[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")


def test_choices_are_in_order():
    assert list(SIZES) == sorted(SIZES)
    assert list(RATES) == sorted(RATES)
