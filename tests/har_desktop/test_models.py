import pytest

from har_desktop import models
from har_desktop.errors import BundleError
from har_desktop.models import DEFAULT_BUNDLE, default_bundle, list_bundles, shipped_folder


def test_folder_of_a_checkout_and_of_an_installed_package(tmp_path, monkeypatch):
    package = tmp_path / "har_desktop"
    package.mkdir()
    monkeypatch.setattr(models, "__file__", str(package / "models.py"))
    assert shipped_folder() == tmp_path / "models"
    (package / "models").mkdir()
    assert shipped_folder() == package / "models"


def test_lists_the_default_first_and_says_what_is_wrong(make_bundle, tmp_path):
    for name in ("zebra", DEFAULT_BUNDLE, "ape"):
        make_bundle(tmp_path / name)
    make_bundle(tmp_path / "broken", edit_manifest=lambda m: m.pop("classes"))
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".gitkeep").touch()
    found = list_bundles(tmp_path)
    assert [bundle.path.name for bundle in found] == [DEFAULT_BUNDLE, "ape", "broken", "zebra"]
    assert [bundle.default for bundle in found] == [True, False, False, False]
    assert found[0].manifest.classes == ("squat", "lunge", "juggle")
    assert [bundle.error is None for bundle in found] == [True, True, False, True]
    assert found[2].manifest is None
    assert "`classes`" in found[2].error


def test_no_bundles(tmp_path):
    assert list_bundles(tmp_path) == ()
    assert list_bundles(tmp_path / "missing") == ()


def test_default_bundle(make_bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "shipped_folder", lambda: tmp_path)
    with pytest.raises(BundleError, match="default model is missing; reinstall"):
        default_bundle()
    make_bundle(tmp_path / DEFAULT_BUNDLE)
    assert default_bundle() == tmp_path / DEFAULT_BUNDLE
