import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from har_desktop.errors import BundleError
from har_desktop.inference import model as model_module
from har_desktop.inference import session as session_module
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.model import Model, softmax, verify_bundle
from har_desktop.inference.session import GraphError, Session


def refused(folder, match):
    with pytest.raises(BundleError, match=match) as caught:
        verify_bundle(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    assert message.endswith("export the model again")


def weight(model, name):
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def spoil(name, value):
    """Set the first number of an initializer."""

    def change(model):
        tensor = weight(model, name)
        array = numpy_helper.to_array(tensor).copy()
        array.flat[0] = value
        tensor.CopyFrom(numpy_helper.from_array(array, name))

    return change


def redeclare(kind, name, shape, dtype=TensorProto.FLOAT):
    def change(model):
        infos = getattr(model.graph, kind)
        index = [info.name for info in infos].index(name)
        infos[index].CopyFrom(helper.make_tensor_value_info(name, dtype, shape))

    return change


def replace_output(name, op, *inputs, **attributes):
    """Compute an output of the head by another node, from what was there."""

    def change(model):
        for node in model.graph.node:
            node.output[:] = [f"{name}_" if out == name else out for out in node.output]
        model.graph.node.append(
            helper.make_node(op, [i.format(f"{name}_") for i in inputs], [name], **attributes)
        )

    return change


def shortened(name):
    """Let an output's first axis be shorter where the most probable class is explained."""

    def change(model):
        for node in model.graph.node:
            node.output[:] = [f"{name}_" if out == name else out for out in node.output]
        for constant, value in (("short_three", [3]), ("short_nothing", [0]), ("short_one", [1])):
            tensor = numpy_helper.from_array(np.array(value, np.int64), constant)
            model.graph.initializer.append(tensor)
        model.graph.node.extend(
            [
                helper.make_node("Reshape", ["class_index", "short_one"], ["asked_row"]),
                helper.make_node("Add", ["asked_row", "short_three"], ["short_end"]),
                helper.make_node("Slice", [f"{name}_", "short_nothing", "short_end"], [name]),
            ]
        )

    return change


@pytest.mark.parametrize("name", ["logits", "probabilities", "heatmaps"])
def test_an_answer_of_another_shape_than_declared_is_refused(make_bundle, tmp_path, name):
    # Known only as it runs, so ONNX Runtime believes the declaration.
    folder = make_bundle(tmp_path / "m", edit_head=shortened(name))
    refused(folder, rf"head\.onnx: `{name}` is \(2,.*\), not \[")


@pytest.mark.parametrize("which", ["heatmaps", "hires_heatmaps"])
def test_an_answer_that_is_not_finite_for_one_class_alone(make_bundle, tmp_path, which):
    def change(model):
        for node in model.graph.node:
            node.output[:] = ["plain" if out == which else out for out in node.output]
        for name, value in (("a_one", 1.0), ("a_zero", 0.0)):
            model.graph.initializer.append(numpy_helper.from_array(np.float32(value), name))
        model.graph.node.extend(
            [
                helper.make_node("Cast", ["class_index"], ["asked"], to=TensorProto.FLOAT),
                helper.make_node("Sub", ["asked", "a_one"], ["distance"]),
                helper.make_node("Reciprocal", ["distance"], ["infinite"]),  # of class 1
                helper.make_node("Mul", ["infinite", "a_zero"], ["no_number"]),
                helper.make_node("Add", ["plain", "no_number"], [which]),
            ]
        )

    model = Model(load_bundle(make_bundle(tmp_path / "m", edit_head=change)), "cpu")
    picture = np.zeros((24, 32, 3), np.uint8)
    features = [model.encode(picture, [picture])] * 10
    model.answer(features, 0)
    with pytest.raises(GraphError, match=r"head\.onnx: the answer holds numbers that are not"):
        model.answer(features, 1)


@pytest.mark.parametrize("motion", [True, False])
def test_good_bundles_pass(make_bundle, tmp_path, motion):
    manifest = verify_bundle(make_bundle(tmp_path / "m", motion=motion, length=7))
    assert manifest.input.motion == motion


@pytest.mark.parametrize("beside", [None, [(True, 2, 3), (False, 3, 2)]])
def test_an_interruption_between_two_graphs_ends_the_call(
    make_bundle, tmp_path, monkeypatch, beside
):
    model = Model(load_bundle(make_bundle(tmp_path / "m", beside=beside)), "cpu")
    picture = np.zeros((24, 32, 3), np.uint8)
    features = [model.encode(picture, [picture])] * 10
    expected = model.answer(features)
    run, begun = Session.run_on_device, []

    def run_and_be_interrupted(session, *arguments):
        begun.append(session.name)
        values = run(session, *arguments)
        model.interrupt()
        return values

    monkeypatch.setattr(Session, "run_on_device", run_and_be_interrupted)
    with pytest.raises(GraphError, match=r"head\.onnx: fails on cpu: .*terminate"):
        model.answer(features)
    assert begun == ["stack"]
    monkeypatch.undo()
    with pytest.raises(GraphError, match="terminate"):
        model.encode(picture, [picture])
    model.resume()
    model.encode(picture, [picture])
    np.testing.assert_array_equal(model.answer(features).heatmaps, expected.heatmaps)


@pytest.mark.parametrize(
    ("name", "value"), [("bias", np.inf), ("dense", np.inf), ("alphas", np.inf)]
)
def test_head_with_numbers_that_are_not_finite(make_bundle, tmp_path, name, value):
    refused(make_bundle(tmp_path / "m", edit_head=spoil(name, value)), r"head\.onnx: .*not finite")


def test_encoder_with_numbers_that_are_not_finite(make_bundle, tmp_path):
    refused(make_bundle(tmp_path / "m", edit_encoder=spoil("w2", np.inf)), "not finite")


@pytest.mark.parametrize("name", ["bias", "dense", "alphas"])
def test_weights_that_are_not_numbers_are_refused_before_the_graph_is_built(
    make_bundle, tmp_path, name
):
    """One class of `alphas` alone would pass the dry run and fail when it is explained."""
    folder = make_bundle(tmp_path / "m", edit_head=spoil(name, np.nan))
    with pytest.raises(BundleError, match=r"head\.onnx: holds weights that are not numbers"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m.update(classes=["a", "b"]), r"`logits` is tensor\(float\) \(3,\)"),
        (lambda m: m["window"].update(length=9), r"`partials` is tensor\(float\) \(10, 3, 6"),
        (lambda m: m["input"].update(width=64), r"`frame` is tensor\(uint8\) \(1, 24, 32, 3\)"),
        (lambda m: m["input"].update(motion=False), "`previous` is not in the contract"),
        (lambda m: m["features"].update(activation=[12, 16, 3]), "`activation` is tensor"),
    ],
)
def test_a_graph_of_another_contract_is_refused_before_it_is_built(
    make_bundle, tmp_path, monkeypatch, change, match
):
    monkeypatch.setattr(model_module, "open_session", lambda *_: pytest.fail("it was built"))
    refused(make_bundle(tmp_path / "m", edit_manifest=change), match)


def test_the_encoder_of_several_that_is_wrong_is_named(make_bundle, tmp_path):
    def swap(manifest):
        one, two = manifest["encoder"]
        one["motion"], two["motion"] = two["motion"], one["motion"]

    beside = [(True, 2, 3), (False, 3, 2)]
    refused(
        make_bundle(tmp_path / "a", beside=beside, edit_manifest=swap),
        r"encoder-1\.onnx: the input `previous` is not in the contract",
    )
    mirrored = [beside[0], (False, 2, 3)]
    folder = make_bundle(tmp_path / "b", beside=mirrored, edit_encoder=spoil("w1", np.inf))
    refused(folder, "not finite")


def test_missing_and_unknown_tensors(make_bundle, tmp_path):
    without = make_bundle(
        tmp_path / "a", motion=False, edit_manifest=lambda m: m["input"].update(motion=True)
    )
    refused(without, r"encoder\.onnx: the input `previous` is missing")
    beyond = make_bundle(
        tmp_path / "b", motion=True, edit_manifest=lambda m: m["input"].update(motion=False)
    )
    refused(beyond, r"encoder\.onnx: the input `previous` is not in the contract")

    def drop(model):
        del model.graph.output[2]

    refused(make_bundle(tmp_path / "c", edit_head=drop), r"the output `heatmaps` is missing")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            lambda m: m["input"].update(height=48),
            r"`frame` is .*\(1, 24.*\(1, 48",
        ),
        (lambda m: m["features"].update(partials=[3, 6, 8, 6]), r"`partials` is .*8, 5\).*8, 6\)"),
        (lambda m: m["features"].update(activation=[12, 16, 5]), r"`activation` is .*4\).*5\)"),
        (lambda m: m["window"].update(length=9), r"head\.onnx: .*`partials` is .*\(10,.*\(9,"),
        (lambda m: m["classes"].append("jump"), r"`logits` is .*\(3,\).*\(4,\)"),
    ],
)
def test_other_shapes_than_the_manifest_says(make_bundle, tmp_path, change, match):
    refused(make_bundle(tmp_path / "m", edit_manifest=change), match)


def test_other_types_than_the_contract_says(make_bundle, tmp_path):
    def half(model):
        model.graph.node.insert(0, helper.make_node("Cast", ["index32"], ["class_index"], to=7))
        model.graph.input[2].CopyFrom(
            helper.make_tensor_value_info("index32", TensorProto.INT32, ())
        )

    refused(make_bundle(tmp_path / "a", edit_head=half), "`class_index` is missing")
    floats = redeclare("input", "frame", (1, 24, 32, 3))
    folder = make_bundle(tmp_path / "b", edit_encoder=floats)
    refused(folder, r"`frame` is tensor\(float\) .*wants tensor\(uint8\)")


def test_head_whose_shape_is_open(make_bundle, tmp_path):
    folder = make_bundle(
        tmp_path / "m", edit_head=redeclare("input", "partials", ("n", 3, 6, 8, 5))
    )
    refused(folder, r"`partials` is tensor\(float\) \(-1, 3, 6, 8, 5\)")


@pytest.mark.parametrize(
    ("edit", "match"),
    [
        (replace_output("probabilities", "Add", "{}", "{}"), "softmax of the logits"),
        (replace_output("heatmaps", "Neg", "{}"), "without negative"),
        (replace_output("hires_heatmaps", "Neg", "{}"), "without negative"),
        (replace_output("explained", "Identity", "zero_scalar"), "class that was asked for"),
    ],
)
def test_answers_that_make_no_sense(make_bundle, tmp_path, edit, match):
    refused(make_bundle(tmp_path / "m", edit_head=edit), match)


def test_a_second_map_is_there_where_the_manifest_says_so(make_bundle, tmp_path):
    picture = np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)

    def answer(folder):
        model = Model(load_bundle(folder), "cpu")
        return model.answer([model.encode(picture, [picture])] * 10)

    assert answer(make_bundle(tmp_path / "a")).hires_heatmaps.shape == (10, 6, 8)
    # A bundle of before.
    old = make_bundle(tmp_path / "b", second=False, edit_manifest=lambda m: m["cam"].pop("second"))
    assert answer(old).hires_heatmaps is None
    folder = make_bundle(
        tmp_path / "c", second=False, edit_manifest=lambda m: m["cam"].update(second="hires-cam")
    )
    refused(folder, "`hires_heatmaps` is missing")


def test_graph_that_onnx_runtime_refuses(make_bundle, tmp_path):
    def nonsense(model):
        model.graph.node[0].op_type = "Nonsense\x1b[2J"

    folder = make_bundle(tmp_path / "m", edit_head=nonsense)
    refused(folder, r"head\.onnx: cannot be loaded: .*Nonsense\\x1b\[2J")


def test_graph_that_fails_when_it_runs(make_bundle, tmp_path):
    def shorten(model):
        tensor = weight(model, "alphas")
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor)[:2], "alphas"))

    folder = make_bundle(tmp_path / "m", edit_head=shorten)
    refused(folder, r"head\.onnx: fails on cpu: .*out of data bounds")


def test_processor_that_takes_the_graphs_but_cannot_run_them(bundle_folder, monkeypatch):
    """An old graphics card, say: the CPU takes over and the reason is kept."""
    real = model_module.open_session

    def open_session(name, model, provider, *threads):
        session = real(name, model, "cpu", *threads)
        if provider == "auto":
            session.report = model_module.ProviderReport("cuda", None)

            def run(*_):
                raise GraphError("no kernel image is available")

            session.run = run
        return session

    monkeypatch.setattr(model_module, "open_session", open_session)
    model = Model(load_bundle(bundle_folder), "auto")
    assert model.provider.used == "cpu"
    assert "no kernel image" in model.provider.reason
    picture = np.zeros((24, 32, 3), np.uint8)
    assert model.answer([model.encode(picture, [picture])] * 10).logits.shape == (3,)


@pytest.mark.parametrize("left_out", ["encoder-1.onnx", "encoder-2.onnx", "head.onnx"])
def test_where_only_some_graphs_get_the_processor_all_run_on_the_cpu(
    make_bundle, tmp_path, monkeypatch, left_out
):
    """Its memory is full, say, after the first graph."""
    real, opened = model_module.open_session, []

    def open_session(name, model, provider, *threads):
        session = real(name, model, "cpu", *threads)
        used, reason = ("cpu", "no room") if name.endswith(left_out) else ("cuda", None)
        if provider == "auto":
            session.report = model_module.ProviderReport(used, reason)
        opened.append((name.rsplit("/")[-1], provider))
        return session

    monkeypatch.setattr(model_module, "open_session", open_session)
    folder = make_bundle(tmp_path / "m", beside=[(False, 2, 3), (True, 3, 2)])
    model = Model(load_bundle(folder), "auto")
    assert (model.provider.used, model.provider.reason) == ("cpu", "no room")
    graphs = ("encoder-1.onnx", "encoder-2.onnx", "head.onnx", "stack", "join")
    assert [name for name, provider in opened if provider == "cpu"] == [*graphs]
    picture = np.zeros((24, 32, 3), np.uint8)
    assert model.answer([model.encode(picture, [picture])] * 10).logits.shape == (3,)


def test_answer_follows_the_class_index(bundle_folder):
    model = Model(load_bundle(bundle_folder), "cpu")
    picture = np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)
    features = [model.encode(picture, [picture])] * 10
    answers = [model.answer(features, index) for index in range(3)]
    assert [answer.explained for answer in answers] == [0, 1, 2]
    assert not np.allclose(answers[0].heatmaps, answers[1].heatmaps)
    top = model.answer(features)
    assert top.explained == int(top.logits.argmax())
    assert np.array_equal(top.heatmaps, answers[top.explained].heatmaps)


def test_window_of_too_few_places(bundle_folder):
    model = Model(load_bundle(bundle_folder), "cpu")
    picture = np.zeros((24, 32, 3), np.uint8)
    with pytest.raises(GraphError, match="stack: not fed with activations_9, partials_9"):
        model.answer([model.encode(picture, [picture])] * 9)


@pytest.mark.skipif(session_module._cuda_obstacle() is not None, reason="needs a GPU")
@pytest.mark.parametrize("motion", [True, False])
def test_gpu_answers_as_the_cpu_does(make_bundle, tmp_path, motion):
    bundle = load_bundle(make_bundle(tmp_path / "m", motion=motion))
    pictures = np.random.default_rng(1).integers(0, 256, (11, 24, 32, 3), np.uint8)

    def answer(provider):
        model = Model(bundle, provider)
        assert model.provider.used == provider
        pairs = zip(pictures[1:], pictures, strict=False)
        return model.answer([model.encode(one, [before]) for one, before in pairs])

    gpu, cpu = answer("cuda"), answer("cpu")
    assert np.allclose(gpu.logits, cpu.logits, rtol=1e-4, atol=1e-4)
    assert np.allclose(gpu.heatmaps, cpu.heatmaps, rtol=1e-4, atol=1e-4)


def test_softmax_with_temperature():
    logits = np.array([0, 1000, 1000], np.float32)
    assert softmax(logits).tolist() == [0, 0.5, 0.5]
    assert np.allclose(softmax(np.array([0, 2], np.float32), 2.0), [0.2689414, 0.7310586])
    assert softmax(logits).dtype == np.float32
