import shutil

import pytest


@pytest.fixture
def folder(bundle_folder, tmp_path):
    """A bundle of one's own, to be spoilt."""
    return shutil.copytree(bundle_folder, tmp_path / "small")
