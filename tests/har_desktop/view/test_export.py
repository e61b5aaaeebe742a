"""An export: its files, and beside all else that the window does."""

import pytest
from PySide6.QtCore import Qt

from har_desktop.replay import replay
from har_desktop.sources.figure import RenderedFigure


def test_a_place_that_cannot_be_is_told_and_another_one_can_be_tried(in_window, qtbot, tmp_path):
    (tmp_path / "file").touch()

    def body(window):
        qtbot.waitUntil(window.commands.export.isEnabled)
        window.outputs.export_to(tmp_path / "file" / "films")
        qtbot.waitUntil(lambda: window.banner.failure)
        assert "file" in window.banner.text
        window.outputs.export_to(tmp_path / "films")
        assert not window.banner.failure
        assert "Exporting" in window.banner.text

    in_window(body, "demo")


def test_it_can_be_cancelled_and_leaves_nothing(in_window, qtbot, tmp_path, slow_looks):
    def body(window):
        qtbot.waitUntil(window.commands.export.isEnabled)
        slow_looks(0.2)
        window.outputs.export_to(tmp_path / "exported")
        qtbot.waitUntil(lambda: "frames" in window.banner.text)
        qtbot.mouseClick(window.banner._button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not window.outputs.export.running)
        assert "cancelled" in window.banner.text

    in_window(body, "demo")
    assert list((tmp_path / "exported").iterdir()) == []


def test_it_covers_no_failure_and_can_be_dismissed_and_cancelled(
    in_window, qtbot, monkeypatch, slow_looks, settings, tmp_path
):
    slow_looks(0.01)
    monkeypatch.setattr("har_desktop.replay.Demo", lambda: RenderedFigure("Lunges", 1, 600.0))

    def body(window):
        banner, export = window.banner, window.outputs.export

        def go_on():
            told = []
            export.progress.connect(told.append)
            qtbot.waitUntil(lambda: len(told) > 1)

        qtbot.waitUntil(window.commands.snapshot.isEnabled)
        window.outputs.export_to(tmp_path / "exported")
        qtbot.waitUntil(lambda: "frames" in banner.text)
        (tmp_path / "file").touch()
        settings.folder = tmp_path / "file" / "snapshots"
        window.commands.snapshot.trigger()
        qtbot.waitUntil(lambda: "snapshots" in banner.text)
        go_on()
        assert "snapshots" in banner.text
        banner._close.click()
        assert "frames" in banner.text
        banner._close.click()
        go_on()
        assert banner.text == ""
        window.commands.export.trigger()
        assert "One export at a time" in banner.text
        banner._button.click()
        qtbot.waitUntil(lambda: "cancelled" in banner.text)
        banner._close.click()
        assert banner.text == ""

    in_window(body, "demo")
    assert list((tmp_path / "exported").iterdir()) == []


@pytest.mark.parametrize("waits", [True, False])
def test_who_leaves_while_it_runs_is_asked_once(in_window, qtbot, tmp_path, slow_looks, waits):
    target = tmp_path / "exported"

    def body(window):
        qtbot.waitUntil(window.commands.export.isEnabled)
        if not waits:
            slow_looks(0.2)
        window.outputs.export_to(target)
        window.commands.quit.trigger()
        assert "to leave now gives it up" in window.banner.text
        assert window.isVisible()
        if waits:
            qtbot.waitUntil(lambda: "Exported" in window.banner.text)
        else:
            window.banner._button.click()
            assert not window.isVisible()

    in_window(body, "demo")
    assert bool(list(target.glob("*.mp4"))) == waits
    assert not list(target.glob(".*"))


def test_export_gives_the_files_of_replay(in_window, clip, qtbot, tmp_path, shipped):
    expected = tmp_path / "expected"
    replay([str(clip)], expected, model=shipped / "two_stream", method="hires-cam")

    def body(window):
        qtbot.waitUntil(window.commands.export.isEnabled)
        window.stage.heat.next_method()
        window.outputs.export_to(tmp_path / "exported")
        assert window.outputs.export.running
        qtbot.waitUntil(lambda: not window.outputs.export.running)
        assert not window.banner.failure, window.banner.text
        assert "Exported" in window.banner.text

    in_window(body, str(clip))
    names = sorted(path.name for path in expected.iterdir())
    assert len(names) == 4
    assert sorted(path.name for path in (tmp_path / "exported").iterdir()) == names
    for name in names:
        if not name.endswith(".mp4"):
            exported = (tmp_path / "exported" / name).read_text()
            assert exported == (expected / name).read_text()
