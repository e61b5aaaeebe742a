"""The card of a bundle that may come from anybody."""

import os

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QColor, QImage, QTextDocument

from har_desktop.inference.bundle import read_manifest
from har_desktop.view import model_card
from har_desktop.view.model_card import CardBrowser, card_text

PICTURE = QTextDocument.ResourceType.ImageResource.value


@pytest.fixture
def card(qtbot, tmp_path):
    """The card of a folder with a picture, beside which another lies."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    for place in (folder / "inside.png", tmp_path / "outside.png"):
        image = QImage(3, 2, QImage.Format.Format_RGB32)
        image.fill(QColor("red"))
        assert image.save(str(place))
    browser = CardBrowser(folder)
    qtbot.addWidget(browser)
    return browser


def test_a_picture_of_the_folder_is_shown(card):
    assert card.loadResource(PICTURE, QUrl("inside.png")).width() == 3


@pytest.mark.parametrize(
    "name",
    [
        "../outside.png",
        "{folder}/inside.png",
        "file://{folder}/inside.png",
        "file:///dev/zero",
        "//server/share/x.png",
        "file://server/share/x.png",
        "http://server/x.png",
        "missing.png",
        "",
        ".",
    ],
)
def test_no_other_picture_is_even_looked_for(card, name, tmp_path, monkeypatch):
    monkeypatch.setattr(model_card, "QImage", lambda _: pytest.fail("it was read"))
    url = QUrl(name.format(folder=tmp_path / "bundle"))
    assert card.loadResource(PICTURE, url) is None


def test_style_sheets_and_pages_are_not_loaded(card):
    page = QTextDocument.ResourceType.HtmlResource.value
    assert card.loadResource(page, QUrl("inside.png")) is None


@pytest.mark.parametrize(
    ("link", "opens"),
    [
        ("https://example.org/", True),
        ("file:///etc/passwd", False),
        ("smb://server/share", False),
        ("../other.md", False),
    ],
)
def test_links_lead_to_the_web_alone(card, monkeypatch, link, opens):
    opened = []
    monkeypatch.setattr(model_card.QDesktopServices, "openUrl", opened.append)
    card.anchorClicked.emit(QUrl(link))
    assert bool(opened) == opens


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_card_that_is_a_pipe_is_no_card(bundle_folder, tmp_path):
    os.mkfifo(tmp_path / "card.md")
    assert "without a card" in card_text(tmp_path, read_manifest(bundle_folder))
