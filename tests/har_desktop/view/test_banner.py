"""What the banner says first where there is more to say than one line."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from har_desktop.view import banner as module
from har_desktop.view.banner import Banner


@pytest.fixture
def banner(shown, monkeypatch):
    monkeypatch.setattr(module, "_STAYS_MS", 20)
    return shown(Banner(), 400, 50)


def test_what_a_failure_hides_comes_after_it(banner, qtbot):
    banner.fail("disk full")
    banner.tell("Exporting", stay=True)
    banner.tell("Saved a.png")
    assert (banner.text, banner.failure) == ("disk full", True)
    qtbot.mouseClick(banner._close, Qt.MouseButton.LeftButton)
    assert (banner.text, banner.failure) == ("Saved a.png", False)
    qtbot.waitUntil(lambda: banner.text == "Exporting")


def test_work_that_was_dismissed_is_not_told_of_again(banner, qtbot):
    banner.tell("Exporting", stay=True)
    banner.amend("Exporting", "Exporting 10")
    assert banner.text == "Exporting 10"
    qtbot.mouseClick(banner._close, Qt.MouseButton.LeftButton)
    banner.amend("Exporting 10", "Exporting 20")
    assert banner.text == ""


def test_progress_does_not_keep_news_any_longer(banner, qtbot):
    banner.tell("Exporting", stay=True)
    banner.tell("Saved a.png")
    texts = ["Exporting"]

    def work():
        texts.append(f"Exporting {len(texts)}")
        banner.amend(*texts[-2:])
        return banner.text == texts[-1]

    qtbot.waitUntil(work)


def test_an_offer_waits_behind_everything(banner, qtbot):
    done = []
    banner.offer("Something was left", ("Recover", lambda: done.append(1)))
    banner.tell("Exporting", stay=True)
    assert banner.text == "Exporting"
    banner.take_back("Exporting")
    assert banner.text == "Something was left"
    qtbot.mouseClick(banner._button, Qt.MouseButton.LeftButton)
    assert (banner.text, done) == ("", [1])


@pytest.mark.parametrize("line", ["disk full", "Exporting"])
def test_a_line_can_be_taken_back_wherever_it_is(banner, line):
    banner.tell("Exporting", stay=True)
    banner.fail("disk full")
    banner.take_back(line)
    assert [banner.text] == [text for text in ("disk full", "Exporting") if text != line]


def test_a_line_goes_with_its_action(banner, qtbot):
    banner.fail("camera lost", ("Try again", lambda: banner.tell("trying")))
    qtbot.mouseClick(banner._button, Qt.MouseButton.LeftButton)
    assert banner.text == "trying"
    assert banner._button.isHidden()


@pytest.mark.parametrize("hold", ["pointer", "focus"])
def test_news_stay_while_somebody_is_about_to_press_the_button(banner, qtbot, monkeypatch, hold):
    monkeypatch.setattr(module, "_WITH_BUTTON_MS", 20)
    banner.tell("Saved a.png", ("Open", lambda: None))
    if hold == "pointer":
        QApplication.sendEvent(banner._button, QEvent(QEvent.Type.Enter))
    else:
        banner.activateWindow()
        banner._button.setFocus()
    qtbot.wait(100)
    assert banner.text == "Saved a.png"
    QApplication.sendEvent(banner._button, QEvent(QEvent.Type.Leave))
    banner._button.clearFocus()
    qtbot.waitUntil(lambda: banner.text == "")


def test_what_it_says_is_announced(banner, monkeypatch):
    told = []
    monkeypatch.setattr(
        module.QAccessible,
        "updateAccessibility",
        lambda event: told.append((event.message(), event.politeness().name)),
    )
    banner.tell("Exporting", stay=True)
    banner.amend("Exporting", "Exporting 10")
    assert banner.text == "Exporting 10"
    assert told.pop() == ("Exporting", "Polite")
    banner.tell("Saved a.png")
    banner.fail("disk full")
    assert told == [("Saved a.png", "Polite"), ("disk full", "Assertive")]


def test_a_fault_is_seen_at_once_and_behind_what_fails_after_it(banner):
    act = ("Try again", lambda: None)
    banner.fail("the disk is full")
    banner.fault("the camera has gone", act)
    assert banner.text == "the camera has gone"
    banner.fail("no such file")
    assert banner.text == "no such file"
    banner.dismiss()
    assert banner.text == "the camera has gone"
    assert banner.failure
    banner.take_back("the camera has gone")
    assert banner.text == ""
