"""Permuted weights, on a small random bundle and on the bundles of this checkout."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.models import list_bundles
from training.randomise import randomise

SHIPPED = [pytest.param(shipped.path, id=shipped.path.name) for shipped in list_bundles()]


def weights(data: bytes) -> dict[str, np.ndarray]:
    graph = onnx.load_from_string(data).graph
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def changed(before: bytes, after: bytes) -> set[str]:
    old, new = weights(before), weights(after)
    assert old.keys() == new.keys()
    return {name for name in old if not np.array_equal(old[name], new[name])}


def test_the_head_forgets_what_its_logits_need(bundle_folder):
    bundle = load_bundle(bundle_folder)
    other = randomise(bundle, "head", 0)
    assert other.encoders == bundle.encoders
    # `alphas` are used for the maps alone, `bias` is no matrix, the rest are masks and indices.
    assert changed(bundle.head, other.head) == {"dense"}
    np.testing.assert_array_equal(
        np.sort(weights(other.head)["dense"], axis=None),
        np.sort(weights(bundle.head)["dense"], axis=None),
    )


def test_all_forgets_the_way_back_and_the_encoder_too(bundle_folder):
    bundle = load_bundle(bundle_folder)
    other = randomise(bundle, "all", 0)
    assert changed(bundle.head, other.head) == {"dense", "alphas"}
    assert changed(*bundle.encoders, *other.encoders) == {"w1", "w2"}
    Recognizer(other, "cpu")  # it still passes the dry run


def test_all_encoders_forget(make_bundle, tmp_path):
    folder = make_bundle(tmp_path / "b", beside=[(False, 2, 3), (True, 4, 2)])
    bundle = load_bundle(folder)
    other = randomise(bundle, "all", 0)
    for before, after in zip(bundle.encoders, other.encoders, strict=True):
        assert changed(before, after) == {"w1", "w2"}
    Recognizer(other, "cpu")


def test_the_seed_decides(bundle_folder):
    bundle = load_bundle(bundle_folder)
    assert randomise(bundle, "all", 1).encoders == randomise(bundle, "all", 1).encoders
    assert randomise(bundle, "all", 1).encoders != randomise(bundle, "all", 2).encoders


def test_slices_and_transposes_are_permuted_like_their_original(make_bundle, tmp_path):
    def add_copies(model) -> None:
        """Two matrices that the maps need: parts of `dense`, as a way back has them."""
        tensors = {tensor.name: tensor for tensor in model.graph.initializer}
        dense = numpy_helper.to_array(tensors["dense"])
        for name, value in (("dense_t", dense.T.copy()), ("dense_part", dense[:20].copy())):
            model.graph.initializer.append(numpy_helper.from_array(value, name))
            model.graph.node.append(helper.make_node("Identity", [name], [f"{name}_used"]))

    bundle = load_bundle(make_bundle(tmp_path / "copies", edit_head=add_copies))
    permuted = weights(randomise(bundle, "head", 0).head)
    assert not np.array_equal(permuted["dense"], weights(bundle.head)["dense"])
    np.testing.assert_array_equal(permuted["dense_t"], permuted["dense"].T)
    np.testing.assert_array_equal(permuted["dense_part"], permuted["dense"][:20])


@pytest.mark.parametrize("folder", SHIPPED)
def test_a_shipped_bundle_keeps_its_copies_and_runs(folder):
    bundle = load_bundle(folder)
    old = weights(bundle.head)
    other = randomise(bundle, "head", 0)
    new = weights(other.head)
    touched = changed(bundle.head, other.head)
    assert touched
    for name in touched:
        assert np.isin(new[name], np.concatenate([old[n].ravel() for n in touched])).all()
        twins = [n for n in old if n != name and np.array_equal(old[n], old[name].T)]
        for twin in twins:
            np.testing.assert_array_equal(new[twin], new[name].T)
    Recognizer(other, "cpu")
