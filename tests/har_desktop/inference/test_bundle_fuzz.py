"""Bundles that are spoilt at random."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from har_desktop.errors import BundleError
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.model import Model

TWO = [(False, 2, 3), (True, 3, 2)]  # encoders, see `build_bundle`

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@contextmanager
def only_bundle_errors() -> Iterator[None]:
    """Nothing is raised, or a BundleError of one line."""
    try:
        yield
    except BundleError as error:
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("beside", [None, TWO], ids=["one encoder", "two encoders"])
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_only_bundle_errors_come_out_of_any_manifest(make_bundle, tmp_path, beside, data):
    """Replace or delete a random part of the manifest, then load and open the bundle."""
    folder = make_bundle(tmp_path / "b", beside=beside)
    manifest = json.loads((folder / "manifest.json").read_text())
    place = manifest
    while True:
        key = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
        )
        inside = place[key]
        if not (isinstance(inside, dict | list) and inside and data.draw(st.booleans())):
            break
        place = inside
    if data.draw(st.booleans()):
        place[key] = data.draw(json_values)
    else:
        del place[key]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with only_bundle_errors():
        Model(load_bundle(folder), "cpu")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(["encoder", "head"]))
def test_only_bundle_errors_come_out_of_any_graph_whose_hash_is_right(
    folder, bundle_folder, data, name
):
    """Whoever spoils a graph on purpose writes its hash into the manifest, too."""
    manifest = json.loads((bundle_folder / "manifest.json").read_text())
    graph = bytearray((bundle_folder / f"{name}.onnx").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(graph) - 1))
        graph[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    manifest[name].update(sha256=hashlib.sha256(graph).hexdigest(), bytes=len(graph))
    for file in ("encoder.onnx", "head.onnx"):  # an example may follow one that spoilt the other
        shutil.copy(bundle_folder / file, folder)
    (folder / f"{name}.onnx").write_bytes(graph)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with only_bundle_errors():
        Model(load_bundle(folder), "cpu")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=40), cut=st.floats(0, 1))
def test_only_bundle_errors_come_out_of_any_bytes(folder, bundle_folder, noise, cut):
    raw = (bundle_folder / "manifest.json").read_bytes()
    middle = int(cut * len(raw))
    (folder / "manifest.json").write_bytes(raw[:middle] + noise + raw[middle + len(noise) :])
    with only_bundle_errors():
        load_bundle(folder)
