import sys
from types import SimpleNamespace

import cv2_enumerate_cameras
import pytest

from har_desktop.sources import cameras
from har_desktop.sources.cameras import CameraId, find_camera, list_cameras

DESK = CameraId("usb-1 046d:0825", "Webcam", 2)
LID = CameraId("usb-2 0bda:5520", "Integrated Camera", 0)
TWIN = CameraId("usb-3 046d:0825", "Webcam", 4)


@pytest.mark.parametrize("among", [(LID, DESK, TWIN), (TWIN, DESK, LID)])
@pytest.mark.parametrize("wanted", [DESK, LID, TWIN])
def test_stable_id_decides_whatever_the_number(wanted, among):
    renumbered = CameraId(wanted.stable, "another name", 99)
    assert find_camera(renumbered, among) is wanted


def test_name_decides_where_the_camera_moved_to_another_port():
    assert find_camera(CameraId("usb-9 046d:0825", "Webcam", 7), (LID, DESK)) is DESK


def test_a_twin_that_was_there_beside_it_does_not_take_its_place():
    others = {TWIN.stable, LID.stable}
    assert find_camera(DESK, (LID, TWIN), others) is None
    assert find_camera(DESK, (LID, TWIN, DESK), others) is DESK
    moved = CameraId("usb-9 046d:0825", "Webcam", 6)
    assert find_camera(DESK, (LID, TWIN, moved), others) is moved
    # Where nothing but the name is known, it is all there is to go by.
    nameless = CameraId("", "Webcam", 4)
    assert find_camera(DESK, (nameless,), {""}) is nameless


def test_number_decides_between_twins_whose_ports_are_unknown():
    twins = [CameraId("", "USB Camera", index) for index in (0, 2)]
    assert [find_camera(twin, twins) for twin in twins] == twins
    assert find_camera(CameraId("", "USB Camera", 7), twins) is twins[0]


def test_number_decides_only_where_nothing_else_is_known():
    assert find_camera(CameraId("", "", 2), (LID, DESK)) is DESK
    assert find_camera(CameraId("", "", 9), (LID, DESK)) is None


@pytest.mark.parametrize("gone", [DESK, CameraId("", "Webcam", 0), CameraId("usb-1", "", 0)])
def test_unplugged_camera_is_never_replaced_by_one_that_took_its_number(gone):
    assert find_camera(gone, (CameraId(LID.stable, LID.name, gone.index),)) is None


def test_unknown_ids_and_names_do_not_match_each_other():
    nameless = CameraId("", "", 1)
    assert find_camera(CameraId("usb-1", "Webcam", 1), (nameless,)) is None
    assert find_camera(nameless, ()) is None


@pytest.fixture
def plugged(monkeypatch, tmp_path):
    """The function that plugs cameras in: (index, name, path, vid, pid), and udev's links."""

    def plug(platform, found, links=()):
        ports = tmp_path / "by-path"
        ports.mkdir()
        for port, device in links:
            (ports / port).symlink_to(tmp_path / device)
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(cameras, "PORTS", ports)
        infos = [
            SimpleNamespace(index=index, name=name, path=path, vid=vid, pid=pid)
            for index, name, path, vid, pid in found
        ]
        monkeypatch.setattr(cv2_enumerate_cameras, "enumerate_cameras", lambda _: infos)

    return plug


def test_linux_names_port_and_maker(plugged, tmp_path):
    path = str(tmp_path / "video{}")
    plugged(
        "linux",
        [
            (2, "Webcam", path.format(2), 0x46D, 0x825),
            (0, "Lid", path.format(0), 0xBDA, 0x5520),
            (4, None, path.format(4), None, None),
        ],
        [("pci-usb-1-index0", "video2"), ("pci-usb-2-index0", "video0"), ("pci-x", "video4")],
    )
    assert list_cameras() == (
        CameraId("pci-usb-2-index0 0bda:5520", "Lid", 0),
        CameraId("pci-usb-1-index0 046d:0825", "Webcam", 2),
        CameraId("pci-x", "", 4),
    )


def test_linux_without_udev_knows_no_stable_id(plugged, tmp_path):
    plugged("linux", [(0, "Lid", str(tmp_path / "video0"), 1, 2)])
    assert list_cameras() == (CameraId("", "Lid", 0),)


def test_elsewhere_the_path_is_the_stable_id(plugged):
    plugged("darwin", [(0, "FaceTime HD", "0x1420000005ac8600", None, None)])
    assert list_cameras() == (CameraId("0x1420000005ac8600", "FaceTime HD", 0),)


def test_this_machine_can_be_asked():
    found = list_cameras()
    assert list(found) == sorted(found, key=lambda camera: camera.index)
    for camera in found:
        assert find_camera(camera, found) is not None
        assert camera.label
