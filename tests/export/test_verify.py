from __future__ import annotations

import hashlib
import shutil

import msgspec
import onnx
import pytest

from export.card import write_description
from export.parity import ParityError
from export.verify import verify
from har_desktop.errors import BundleError, InputError
from har_desktop.inference.bundle import read_manifest


@pytest.fixture
def copy(built, tmp_path):
    return shutil.copytree(built, tmp_path / "tiny")


def test_a_good_bundle_passes_with_and_without_its_run(built, run_folder):
    assert len(verify(built)) == 3
    *_, last = verify(built, run_folder)
    assert "parity" in last


@pytest.mark.parametrize("name", ["encoder.onnx", "head.onnx"])
def test_a_changed_byte_is_found(copy, name):
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(BundleError, match=name):
        verify(copy)


def test_a_graph_of_another_opset_is_found_though_its_hash_is_stated(copy):
    model = onnx.load(copy / "head.onnx")
    model.opset_import[0].version = 16
    data = model.SerializeToString()
    (copy / "head.onnx").write_bytes(data)
    manifest = read_manifest(copy)
    head = msgspec.structs.replace(
        manifest.head, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)
    )
    write_description(copy, msgspec.structs.replace(manifest, head=head))
    with pytest.raises(BundleError, match=r"head\.onnx: operator sets"):
        verify(copy)


def test_another_runs_weights_are_found_out(built, make_run):
    with pytest.raises(ParityError, match="differ by"):
        verify(built, make_run(seed=1))


def test_another_calibration_is_found_out(copy, run_folder):
    manifest = read_manifest(copy)
    limits = msgspec.structs.replace(manifest.calibration, temperature=3.9, least_evidence=0.5)
    write_description(copy, msgspec.structs.replace(manifest, calibration=limits))
    complaint = "temperature 3.9 instead of 1.25, least_evidence 0.5 instead of None; give the run"
    with pytest.raises(InputError, match=f"states another calibration than .*: {complaint}"):
        verify(copy, run_folder)


def test_another_kind_of_run_is_refused(built, make_run):
    with pytest.raises(InputError, match="states other classes, pictures or windows"):
        verify(built, make_run(length=5))
