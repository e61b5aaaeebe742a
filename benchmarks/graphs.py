"""The shipped bundles' graphs and others, as calls that run them on arrays that are ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import helper

from export.check import IR_VERSION, OPSET
from har_desktop.helper_thread import HelperThread, together
from har_desktop.inference.bundle import Bundle, load_bundle
from har_desktop.inference.model import HEAD_THREADS, encoder_threads
from har_desktop.inference.session import Array, Session, open_session
from har_desktop.models import list_bundles


def shipped() -> dict[str, Bundle]:
    """The bundles of the checkout by name, the default first."""
    return {bundle.path.name: load_bundle(bundle.path) for bundle in list_bundles()}


def to_session(graph: onnx.GraphProto) -> Session:
    """A session with the app's own options, on the CPU."""
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    return open_session(graph.name, model.SerializeToString(), "cpu")


def bare_runs(
    bundle: Bundle, at_once: bool = True
) -> tuple[Callable[[], object], Callable[[], object]]:
    """The encoders' runs and the head's, each on arrays that are ready.

    Args:
        bundle: Whose graphs these are.
        at_once: Whether several encoders run at the same time, as in the app.
    """
    threads = encoder_threads(len(bundle.encoders))
    runs = [bare_run(open_session("encoder", data, "cpu", threads)) for data in bundle.encoders]
    head = open_session("head", bundle.head, "cpu", HEAD_THREADS)
    if not at_once:
        return lambda: [run() for run in runs], bare_run(head)
    helpers = [HelperThread("encoder") for _ in runs[1:]]
    return lambda: together(helpers, runs), bare_run(head)


def all_runs(bundle: Bundle, at_once: bool = True) -> Callable[[], object]:
    """The encoders' runs and then the head's: what one frame costs at least."""
    encode, answer = bare_runs(bundle, at_once)
    return lambda: (encode(), answer())


def bare_run(session: Session) -> Callable[[], object]:
    """A run for all outputs, on random arrays that are ready; whole numbers wish for the top."""
    random = np.random.default_rng(0)
    feeds: dict[str, Array] = {}
    for name, (kind, shape) in session.inputs.items():
        match kind:
            case "tensor(uint8)":
                feeds[name] = random.integers(0, 256, shape, np.uint8)
            case "tensor(int64)":
                feeds[name] = np.full(shape, -1, np.int64)
            case "tensor(float)":
                feeds[name] = random.random(shape, np.float32)
            case _:
                raise ValueError(f"{session.name}: no input of {kind} is made up here")
    outputs: Sequence[str] = list(session.outputs)
    return lambda: session.run(outputs, feeds)
