"""A small, real model bundle: random weights, the true contract, built in milliseconds."""

import hashlib
import json

import msgspec
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from har_desktop.inference.manifest import Manifest

CLASSES = ("squat", "lunge", "juggle")
CAM_CHANNELS, CHANNELS = 4, 5


@pytest.fixture(scope="session")
def make_bundle():
    """The function `build_bundle`."""
    return build_bundle


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory):
    """A bundle with motion, a window of ten frames, 0.2 s apart, input 24 x 32. Only read it."""
    return build_bundle(tmp_path_factory.mktemp("models") / "small")


def build_bundle(
    folder,
    *,
    motion=True,
    differences=1,
    size=(24, 32),
    length=10,
    interval=0.2,
    classes=CLASSES,
    temperature=1.0,
    threshold=0.5,
    seed=0,
    second=True,
    beside=None,
    edit_encoder=None,
    edit_head=None,
    edit_manifest=None,
):
    """Write a bundle; the `edit_` functions change ModelProto or dict before it is hashed.

    `beside` is of several encoders whether each sees motion, its channels and CAM channels.
    """
    rng = np.random.default_rng(seed)
    shares = beside or [(motion, CHANNELS, CAM_CHANNELS)]
    each = [features_of(size, *channels) for _, *channels in shares]
    partials, activation = features_of(size, *(sum(n) for n in list(zip(*shares, strict=True))[1:]))
    names = [f"encoder-{n}" for n in range(1, len(shares) + 1)] if beside else ["encoder"]
    encoders = [
        encoder_model(rng, size, sees_motion * differences, *features)
        for (sees_motion, *_), features in zip(shares, each, strict=True)
    ]
    head = head_model(rng, length, partials, activation, len(classes), second)
    manifest = {
        "schema_version": 1,
        "name": folder.name,
        "network": "random",
        "classes": list(classes),
        "input": {
            "height": size[0],
            "width": size[1],
            "color": "RGB",
            "fit": "letterbox",
            "normalization": "x / 255",
            "motion": motion,
            "differences": differences,
        },
        "window": {"length": length, "frame_interval_s": interval},
        "features": {"partials": list(partials), "activation": list(activation)},
        "cam": {
            "target": "conv",
            "score": "logit",
            "method": "grad-cam",
            "second": "hires-cam" if second else None,
        },
        "calibration": {"temperature": temperature, "rejection_threshold": threshold},
        "training": {},
        "metrics": {},
        "source": {},
    }
    folder.mkdir(parents=True, exist_ok=True)
    *files, manifest["head"] = (
        write_graph(folder / f"{name}.onnx", model, edit)
        for name, model, edit in (
            *((name, model, edit_encoder) for name, model in zip(names, encoders, strict=True)),
            ("head", head, edit_head),
        )
    )
    manifest["encoder"] = files[0]
    if beside:
        manifest["encoder"] = [
            {**file, "motion": sees, "features": {"partials": taps, "activation": target}}
            for file, (sees, *_), (taps, target) in zip(files, shares, each, strict=True)
        ]
    msgspec.convert(manifest, Manifest)
    if edit_manifest:
        edit_manifest(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def features_of(size, channels, cam_channels):
    """Shapes of partials and activation."""
    rows, columns = size
    return (3, rows // 4, columns // 4, channels), (rows // 2, columns // 2, cam_channels)


def write_graph(path, model, edit):
    """Write a graph; what the manifest says of it."""
    if edit:
        edit(model)
    data = model.SerializeToString()
    path.write_bytes(data)
    return {"file": path.name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def encoder_model(rng, size, differences, partials, activation):
    """Convolution and ReLU give A; pooling and a second convolution give the three taps."""
    channels = 3 + 3 * differences
    _, h, w, c = partials
    k = activation[2]
    nodes = []
    pictures = {"frame": 1, "previous": differences} if differences else {"frame": 1}
    for name in pictures:
        nodes += [
            helper.make_node("Cast", [name], [f"{name}_f"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}_f", "scale"], [f"{name}_s"]),
            helper.make_node("Transpose", [f"{name}_s"], [f"{name}_t"], perm=[0, 3, 1, 2]),
        ]
    if differences:
        nodes += [
            helper.make_node("Sub", ["frame_t", "previous_t"], ["differences"]),
            helper.make_node("Reshape", ["differences", "beside"], ["difference"]),
            helper.make_node("Concat", ["frame_t", "difference"], ["x"], axis=1),
        ]
    nodes += [
        helper.make_node(
            "Conv",
            ["x" if differences else "frame_t", "w1"],
            ["c1"],
            strides=[2, 2],
            pads=[1, 1, 1, 1],
        ),
        helper.make_node("Relu", ["c1"], ["a"]),
        helper.make_node("Transpose", ["a"], ["activation"], perm=[0, 2, 3, 1]),
        helper.make_node("MaxPool", ["a"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["pooled", "w2"], ["taps"], pads=[1, 1, 1, 1]),
        helper.make_node("Reshape", ["taps", "split"], ["taps5"]),
        helper.make_node("Transpose", ["taps5"], ["partials"], perm=[0, 1, 3, 4, 2]),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.UINT8, (count, *size, 3))
        for name, count in pictures.items()
    ]
    outputs = [
        helper.make_tensor_value_info("partials", TensorProto.FLOAT, (1, *partials)),
        helper.make_tensor_value_info("activation", TensorProto.FLOAT, (1, *activation)),
    ]
    weights = {
        "scale": np.float32(1 / 255),
        "w1": normal(rng, (k, channels, 3, 3)),
        "w2": normal(rng, (3 * c, k, 3, 3)),
        "split": np.array([1, 3, c, h, w], np.int64),
        "beside": np.array([1, 3 * differences, *size], np.int64),
    }
    return model("encoder", nodes, inputs, outputs, weights)


def head_model(rng, length, partials, activation, classes, second):
    """Shift and add the taps, ReLU, mean over space, a dense layer over (time, channel)."""
    _, h, w, c = partials
    k = activation[2]
    pick = [
        helper.make_node("Gather", ["partials", f"i{i}"], [f"tap{i}"], axis=1) for i in (0, 1, 2)
    ]
    nodes = [
        *pick,
        helper.make_node("Slice", ["tap0", "zero", "minus_one", "zero"], ["past"]),
        helper.make_node("Slice", ["tap2", "one", "end", "zero"], ["future"]),
        helper.make_node("Concat", ["nothing", "past"], ["past_shifted"], axis=0),
        helper.make_node("Concat", ["future", "nothing"], ["future_shifted"], axis=0),
        helper.make_node("Sum", ["past_shifted", "tap1", "future_shifted", "bias"], ["conv3d"]),
        helper.make_node("Relu", ["conv3d"], ["r"]),
        helper.make_node("ReduceMean", ["r"], ["pooled"], axes=[1, 2], keepdims=0),
        helper.make_node("Reshape", ["pooled", "flat"], ["row"]),
        helper.make_node("MatMul", ["row", "dense"], ["scores"]),
        helper.make_node("Reshape", ["scores", "flat"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=0),
        helper.make_node("ArgMax", ["logits"], ["top"], axis=0, keepdims=0),
        helper.make_node("Less", ["class_index", "zero_scalar"], ["wants_top"]),
        helper.make_node("Where", ["wants_top", "top", "class_index"], ["explained"]),
        helper.make_node("Gather", ["alphas", "explained"], ["alpha"], axis=0),
        helper.make_node("Mul", ["activations", "alpha"], ["weighted"]),
        helper.make_node("ReduceSum", ["weighted", "last"], ["signed"], keepdims=0),
        helper.make_node("Relu", ["signed"], ["heatmaps"]),
        helper.make_node("ReduceSum", ["r", "last"], ["hires_heatmaps"], keepdims=0),
    ]
    inputs = [
        helper.make_tensor_value_info("partials", TensorProto.FLOAT, (length, *partials)),
        helper.make_tensor_value_info("activations", TensorProto.FLOAT, (length, *activation)),
        helper.make_tensor_value_info("class_index", TensorProto.INT64, ()),
    ]
    outputs = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, (classes,)),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, (classes,)),
        helper.make_tensor_value_info("heatmaps", TensorProto.FLOAT, (length, *activation[:2])),
        helper.make_tensor_value_info("explained", TensorProto.INT64, ()),
        helper.make_tensor_value_info("hires_heatmaps", TensorProto.FLOAT, (length, h, w)),
    ]
    if not second:
        del nodes[-1], outputs[-1]
    weights = {
        **{f"i{i}": np.int64(i) for i in range(3)},
        "zero": np.array([0], np.int64),
        "zero_scalar": np.int64(0),
        "one": np.array([1], np.int64),
        "minus_one": np.array([-1], np.int64),
        "end": np.array([length], np.int64),
        "last": np.array([3], np.int64),
        "flat": np.array([-1], np.int64),
        "nothing": np.zeros((1, h, w, c), np.float32),
        "bias": normal(rng, (c,)),
        "dense": normal(rng, (length * c, classes)),
        "alphas": normal(rng, (classes, length, 1, 1, k)),
    }
    return model("head", nodes, inputs, outputs, weights)


def slow_encoder(model):
    """An `edit_encoder`: where a picture begins with white, the encoder works for half a minute.

    The picture of the dry run begins with black.
    """
    rank, steps = 1200, 1000
    nodes = [helper.make_node("Expand", ["corner", "square"], ["m0"])]
    nodes += [helper.make_node("MatMul", [f"m{i}"] * 2, [f"m{i + 1}"]) for i in range(steps)]
    nodes += [helper.make_node("ReduceMin", [f"m{steps}"], ["slow"], axes=[0, 1], keepdims=0)]
    slow, quick = (
        helper.make_tensor_value_info(n, TensorProto.FLOAT, ()) for n in ("slow", "quick")
    )
    then = helper.make_graph(nodes, "then", [], [slow])
    identity = helper.make_node("Identity", ["nil"], ["quick"])
    other = helper.make_graph([identity], "else", [], [quick])
    delay = [
        helper.make_node("Gather", ["frame", "first"], ["row"], axis=1),
        helper.make_node("Gather", ["row", "first"], ["pixel"], axis=1),
        helper.make_node("Gather", ["pixel", "first"], ["blue"], axis=1),
        helper.make_node("Squeeze", ["blue"], ["level"]),
        helper.make_node("Cast", ["level"], ["corner"], to=TensorProto.FLOAT),
        helper.make_node("Greater", ["corner", "white"], ["is_white"]),
        helper.make_node("If", ["is_white"], ["delay"], then_branch=then, else_branch=other),
        helper.make_node("Mul", ["delay", "nil"], ["nothing"]),
        helper.make_node("Add", ["quick_taps", "nothing"], ["taps"]),
    ]
    numbers = {"square": np.array([rank, rank]), "first": np.int64(0)}
    numbers |= {"nil": np.float32(0), "white": np.float32(254.5)}
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in numbers.items()
    )
    old = list(model.graph.node)
    at = next(i for i, node in enumerate(old) if "taps" in node.output) + 1
    old[at - 1].output[:] = ["quick_taps"]
    nodes = [*old[:at], *delay, *old[at:]]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def model(name, nodes, inputs, outputs, weights):
    tensors = [numpy_helper.from_array(np.asarray(v), key) for key, v in weights.items()]
    graph = helper.make_graph(nodes, name, inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def normal(rng, shape):
    return rng.normal(0, 0.5, shape).astype(np.float32)
