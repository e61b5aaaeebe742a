"""Which bundle a report was measured on, or results are from."""

from __future__ import annotations

import hashlib

import msgspec

from har_desktop.inference.manifest import Manifest


def identity(manifest: Manifest) -> str:
    """A digest, in hexadecimal, of what a bundle answers with: its graphs and its calibration.

    It changes with either of them, and not with what was measured afterwards.
    """
    answering = ([graph.sha256 for graph in manifest.graphs], manifest.calibration)
    return hashlib.sha256(msgspec.json.encode(answering)).hexdigest()
