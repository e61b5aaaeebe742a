import hashlib
import json
import re

import numpy as np
import pytest
from onnx import TensorProto

from har_desktop.errors import BundleError
from har_desktop.inference import bundle as bundle_module
from har_desktop.inference.bundle import load_bundle, read_manifest
from har_desktop.inference.model import softmax

TWO = [(False, 2, 3), (True, 3, 2)]  # encoders, see `build_bundle`


def refused(folder, match):
    with pytest.raises(BundleError, match=match) as caught:
        load_bundle(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message


def edit(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_loads_what_was_hashed(bundle_folder):
    bundle = load_bundle(bundle_folder)
    assert bundle.folder == bundle_folder
    assert bundle.manifest.classes == ("squat", "lunge", "juggle")
    (encoder,) = bundle.encoders
    assert hashlib.sha256(encoder).hexdigest() == bundle.manifest.encoder.sha256
    assert hashlib.sha256(bundle.head).hexdigest() == bundle.manifest.head.sha256


def test_loads_several_encoders_in_their_order(make_bundle, tmp_path):
    bundle = load_bundle(make_bundle(tmp_path / "b", beside=TWO))
    files = bundle.manifest.graphs
    assert [file.file for file in files] == ["encoder-1.onnx", "encoder-2.onnx", "head.onnx"]
    assert bundle.graphs == (*bundle.encoders, bundle.head)
    for file, data in zip(files, bundle.graphs, strict=True):
        assert hashlib.sha256(data).hexdigest() == file.sha256


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m["features"].update(partials=[3, 6, 8, 6]), "not those of the encoders"),
        (lambda m: m["features"].update(activation=[12, 16, 8]), "not those of the encoders"),
        (
            lambda m: m["encoder"][1]["features"].update(partials=[3, 3, 16, 2]),
            "not those of the encoders",
        ),
        (
            lambda m: m["encoder"][0]["features"].update(activation=[16, 12, 4]),
            "not those of the encoders",
        ),
        (lambda m: m["input"].update(motion=False), "whether any encoder sees motion"),
        (lambda m: m["encoder"].pop(), "of length >= 2"),
        (lambda m: m["encoder"].extend(m["encoder"] * 4), "of length <= 8"),
        (lambda m: m["encoder"][1].update(file="encoder-1.onnx"), "two graphs are one file"),
        (lambda m: m["encoder"][0].update(file="head.onnx"), "two graphs are one file"),
        (
            lambda m: [graph.update(bytes=2**29) for graph in (*m["encoder"], m["head"])],
            "graphs of 1610612736 bytes, more than the 1073741824",
        ),
        (lambda m: m["encoder"][0].pop("motion"), "missing required field `motion`"),
        (lambda m: m["encoder"][1].update(bytes=2**40), "encoder-2.onnx: .*more than the 53687091"),
    ],
)
def test_several_encoders_that_do_not_go_together(make_bundle, tmp_path, change, match):
    refused(make_bundle(tmp_path / "b", beside=TWO, edit_manifest=change), match)


def test_missing_folder(tmp_path):
    refused(tmp_path / "nowhere", "no such folder")


@pytest.mark.parametrize("name", ["manifest.json", "encoder.onnx", "head.onnx"])
def test_missing_file(folder, name):
    (folder / name).unlink()
    refused(folder, f"{name}: missing")


@pytest.mark.parametrize("name", ["encoder.onnx", "head.onnx"])
def test_one_changed_byte(folder, name):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    refused(folder, f"{name}: its SHA-256")


def test_truncated_graph(folder):
    data = (folder / "head.onnx").read_bytes()
    (folder / "head.onnx").write_bytes(data[:-1])
    refused(folder, rf"head.onnx: {len(data) - 1} bytes, the manifest says {len(data)}")


def test_grown_graph_is_not_even_read(folder):
    with (folder / "head.onnx").open("ab") as file:
        file.truncate(2**40)  # sparse
    refused(folder, "head.onnx: 1099511627776 bytes")


def test_absurd_size_in_the_manifest(folder):
    edit(folder, lambda m: m["encoder"].update(bytes=2**40))
    refused(folder, "more than the 536870912")


def test_absurd_manifest(folder, monkeypatch):
    monkeypatch.setattr(bundle_module, "MAX_MANIFEST_BYTES", 100)
    refused(folder, "manifest.json: .* at most 100")


@pytest.mark.parametrize("key", ["classes", "window", "encoder", "calibration", "metrics"])
def test_missing_key_is_named(folder, key):
    edit(folder, lambda m: m.pop(key))
    refused(folder, f"manifest.json: .*missing required field `{key}`")


def test_missing_inner_key_is_named(folder):
    edit(folder, lambda m: m["window"].pop("frame_interval_s"))
    refused(folder, r"`frame_interval_s` - at `\$\.window`")


def test_unknown_key_is_named(folder):
    edit(folder, lambda m: m.update(plugin="run.py"))
    refused(folder, "unknown field `plugin`")


def test_wrong_type_is_placed(folder):
    edit(folder, lambda m: m["input"].update(height="96"))
    refused(folder, r"Expected `int`, got `str` - at `\$\.input\.height`")


@pytest.mark.parametrize(
    ("version", "match"),
    [(2, "schema version 2 is newer .* update"), (0, "schema version 0 is older .* export")],
)
def test_other_schema_versions_say_so_before_anything_else(folder, version, match):
    edit(folder, lambda m: (m.clear(), m.update(schema_version=version, wholly="different")))
    refused(folder, match)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"schema_version": 1.5}', "\udcff", "[" * 9**5]
)
def test_malformed_manifest(folder, text):
    (folder / "manifest.json").write_bytes(text.encode(errors="surrogateescape"))
    refused(folder, "manifest.json")


@pytest.mark.parametrize(
    "name", ["../other/head.onnx", "/etc/passwd", "a\\b.onnx", "..", "", "head.onnx\n"]
)
def test_file_names_stay_inside(folder, name):
    edit(folder, lambda m: m["head"].update(file=name))
    refused(folder, r"at `\$\.head\.file`")


def test_no_line_break_behind_a_name_or_a_hash(folder):
    edit(folder, lambda m: m["head"].update(sha256=m["head"]["sha256"] + "\n"))
    refused(folder, r"at `\$\.head\.sha256`")
    edit(folder, lambda m: m.update(name=m["name"] + "\n"))
    refused(folder, r"at `\$\.name`")


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("network", lambda m, text: m.update(network=text)),
        ("classes", lambda m, text: m.update(classes=["a", text])),
        ("input.normalization", lambda m, text: m["input"].update(normalization=text)),
        ("cam.target", lambda m, text: m["cam"].update(target=text)),
        ("metrics", lambda m, text: m.update(metrics={text: {"accuracy": 1.0}})),
    ],
)
@pytest.mark.parametrize("text", ["\x1b[2J", "x\n  dry run  passed", "\u202egnp", "\x9b2J"])
def test_text_that_a_terminal_would_obey(folder, place, change, text):
    edit(folder, lambda m: change(m, text))
    refused(folder, re.escape(f"`{place}` holds unprintable characters: {text!a}; export"))


def test_an_unknown_key_that_a_terminal_would_obey(folder):
    edit(folder, lambda m: m.update({"\x1b[2J": 1}))
    refused(folder, r"unknown field `\\x1b\[2J`")


@pytest.mark.parametrize("temperature", [1e-308, 0.0, 9.9e-4, -1.0, 101.0])
def test_temperature_that_would_spoil_all_probabilities(folder, temperature):
    edit(folder, lambda m: m["calibration"].update(temperature=temperature))
    refused(folder, r"at `\$\.calibration\.temperature`")


def test_the_least_temperature_gives_numbers_whatever_the_logits(folder):
    edit(folder, lambda m: m["calibration"].update(temperature=1e-3))
    temperature = load_bundle(folder).manifest.calibration.temperature
    largest = np.finfo(np.float32).max
    assert softmax(np.array([-largest, largest], np.float32), temperature).tolist() == [0, 1]


@pytest.mark.parametrize("name", ["manifest.json", "head.onnx"])
def test_links_out_of_the_folder(folder, name):
    outside = folder.parent / "outside"
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    refused(folder, f"{name}: leads out")


def test_links_within_the_folder_and_a_linked_folder_are_fine(folder, tmp_path):
    (folder / "head.onnx").rename(folder / "head-v2.onnx")
    (folder / "head.onnx").symlink_to("head-v2.onnx")
    (tmp_path / "link").symlink_to(folder)
    load_bundle(tmp_path / "link")


def test_link_to_itself(folder):
    (folder / "head.onnx").unlink()
    (folder / "head.onnx").symlink_to("head.onnx")
    refused(folder, "head.onnx")


def test_folder_in_place_of_a_file(folder):
    (folder / "head.onnx").unlink()
    (folder / "head.onnx").mkdir()
    refused(folder, "head.onnx: not a regular file")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m.update(classes=["squat", "squat", "lunge"]), "names a class twice"),
        (lambda m: m.update(classes=["squat", "lu\nnge", "x"]), "unprintable"),
        (lambda m: m["input"].update(width=100_000), "larger than 2048"),
        (lambda m: m["features"].update(partials=[2, 6, 8, 5]), "must begin with 3"),
        (lambda m: m["features"].update(activation=[9999, 9999, 9]), "values per frame"),
    ],
)
def test_senseless_manifest(folder, change, match):
    edit(folder, change)
    refused(folder, match)


def test_unsafe_graphs_are_refused_by_name(make_bundle, tmp_path):
    def custom(model):
        model.graph.node[0].domain = "com.evil"

    def external(model):
        model.graph.initializer[0].data_location = TensorProto.EXTERNAL

    refused(make_bundle(tmp_path / "a", edit_head=custom), "head.onnx: uses custom operators")
    refused(make_bundle(tmp_path / "b", edit_encoder=external), "encoder.onnx: keeps weights in")


def test_manifest_alone(folder):
    (folder / "head.onnx").unlink()
    assert read_manifest(folder).window.length == 10
