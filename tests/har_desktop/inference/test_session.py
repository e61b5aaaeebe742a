import sys
from types import SimpleNamespace

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from har_desktop.inference import session as session_module
from har_desktop.inference.session import GraphError, ProviderReport, open_session


def graph(*nodes):
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, (2,)) for name in "xy")
    proto = helper.make_graph(nodes, "g", [x], [y])
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(proto, opset_imports=opsets, ir_version=9).SerializeToString()


RELU = graph(helper.make_node("Relu", ["x"], ["y"]))
X = np.array([-1, 2], np.float32)


@pytest.mark.parametrize("provider", ["auto", "cuda", "coreml", "cpu"])
def test_every_wish_gives_a_session_that_works_and_an_honest_report(provider, capfd):
    session = open_session("relu.onnx", RELU, provider)
    assert session.run(["y"], {"x": X})[0].tolist() == [0, 2]
    best = "cpu" if sys.platform == "darwin" else "cuda"
    wishes = (best,) if provider == "auto" else (provider,)
    # A reason is given exactly where the wish was not met.
    assert (session.report.reason is None) == (session.report.used in wishes)
    assert session.report.used in (*wishes, "cpu")
    assert "\n" not in (session.report.reason or "")
    assert capfd.readouterr() == ("", "")


def test_an_interrupted_session_runs_nothing_until_it_is_resumed():
    session = open_session("relu.onnx", RELU, "cpu")
    session.interrupt()
    for _ in range(2):
        with pytest.raises(GraphError, match=r"relu\.onnx: fails on cpu: .*terminate"):
            session.run(["y"], {"x": X})
    session.resume()
    assert session.run(["y"], {"x": X})[0].tolist() == [0, 2]


def test_on_a_mac_core_ml_is_a_wish_and_the_cpu_no_fallback(monkeypatch):
    monkeypatch.setattr(session_module.sys, "platform", "darwin")
    assert open_session("g", RELU, "auto").report == ProviderReport("cpu", None)


def test_cpu_is_no_fallback():
    assert open_session("g", RELU, "cpu").report == ProviderReport("cpu", None)


def test_provider_that_this_build_lacks(monkeypatch):
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    report = open_session("g", RELU, "cuda").report
    reason = "CUDA asked for, not available: this build of ONNX Runtime does not support it"
    assert report == ProviderReport("cpu", reason)


@pytest.mark.skipif(
    "CUDAExecutionProvider" not in ort.get_available_providers()
    or session_module._cuda_obstacle() is None,
    reason="needs an ONNX Runtime for CUDA, and no GPU",
)
def test_silent_refusal_is_explained_and_quiet(monkeypatch, capfd):
    """Without a GPU ONNX Runtime logs why it leaves CUDA out, and goes on: we say it ourselves."""
    monkeypatch.setattr(session_module, "_cuda_obstacle", lambda: None)
    report = open_session("g", RELU, "auto").report
    assert report.used == "cpu"
    assert report.reason.startswith("CUDA not available: lib")
    assert "extra `cuda`" in report.reason
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("began", [100, 0])  # CUDA_ERROR_NO_DEVICE; or it counts none
def test_driver_without_a_device(monkeypatch, began):
    driver = SimpleNamespace(cuInit=lambda _: began, cuDeviceGetCount=lambda _: 0)
    monkeypatch.setattr(session_module.ctypes, "CDLL", lambda _: driver)
    assert session_module._cuda_obstacle.__wrapped__() == "the NVIDIA driver finds no GPU"


def test_accelerator_that_fails_to_start_is_explained_and_quiet(monkeypatch, capfd):
    def create(self, providers, *rest):
        if providers[0][0] != "CPUExecutionProvider":
            raise RuntimeError("out of memory\nat line 3")
        return real(self, providers, *rest)

    real = ort.InferenceSession._create_inference_session
    monkeypatch.setattr(ort.InferenceSession, "_create_inference_session", create)
    monkeypatch.setattr(session_module, "_cuda_obstacle", lambda: None)
    names = list(session_module.EXECUTION_PROVIDERS.values())
    monkeypatch.setattr(ort, "get_available_providers", lambda: names)
    report = open_session("g", RELU, "cuda").report
    assert report.reason == "CUDA asked for, not available: out of memory"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("known", "told"), [(12080, True), (13000, False)])
def test_a_driver_that_is_too_old_is_told(monkeypatch, known, told):
    def answer(value):
        return lambda reference: setattr(reference._obj, "value", value) or 0

    driver = SimpleNamespace(
        cuInit=lambda _: 0, cuDeviceGetCount=answer(1), cuDriverGetVersion=answer(known)
    )
    monkeypatch.setattr(session_module.ctypes, "CDLL", lambda *_, **__: driver)
    monkeypatch.setattr(session_module, "CUDA", 13)
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    reason = session_module._cuda_obstacle.__wrapped__()
    assert reason == (
        "the NVIDIA driver knows CUDA 12, and 13 is needed: update it" if told else None
    )


def test_gist_of_cuda_s_errors_names_no_computer():
    error = RuntimeError(
        "/src/cuda_call.cc:123 std::conditional_t<THRW, void, Status> onnxruntime::CudaCall(...) "
        "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1 ; "
        "hostname=anna-laptop ; file=/src/x.cc ; line=282"
    )
    assert session_module._gist(error) == (
        "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version"
    )


def test_gist_of_an_error_leaves_name_and_code_out():
    error = RuntimeError("[ONNXRuntimeError] : 11 : EP_FAIL : out of memory : here\nat line 3")
    assert session_module._gist(error) == "out of memory : here"


@pytest.mark.parametrize(
    "model",
    [b"", b"no model", b"\x00\x00\x00\x00ORTM", graph(helper.make_node("Nonsense", ["x"], ["y"]))],
    ids=["empty", "text", "ort-format", "unknown-operator"],
)
@pytest.mark.parametrize("provider", ["auto", "cpu"])
def test_broken_graphs_raise_one_line(model, provider, capfd):
    with pytest.raises(GraphError, match=r"^bad\.onnx: cannot be loaded: ") as caught:
        open_session("bad.onnx", model, provider)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_failing_run_raises_one_line(capfd):
    session = open_session("relu.onnx", RELU, "cpu")
    with pytest.raises(
        GraphError, match=r"^relu\.onnx: fails on cpu: .*invalid dimensions"
    ) as caught:
        session.run(["y"], {"x": np.zeros(3, np.float32)})
    assert "\n" not in str(caught.value)
    with pytest.raises(GraphError, match=r"^relu\.onnx: not fed with x$"):
        session.run(["y"], {})
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("provider", ["auto", "cpu"])
def test_what_was_computed_stays_as_it_is(provider):
    """Neither here nor on the device does a later run write over an earlier result."""
    session = open_session("g", RELU, provider)
    tensors = [session.run_on_device(["y"], {"x": X + i})[0] for i in range(5)]
    arrays = [session.run(["y"], {"x": tensor})[0] for tensor in tensors]
    for i, (tensor, array) in enumerate(zip(tensors, arrays, strict=True)):
        assert tensor.device_name() == session.device
        assert tensor.numpy().tolist() == array.tolist() == [max(0, i - 1), i + 2]


def test_threads_that_wait_leave_the_cores_to_others():
    options = open_session("g", RELU, "cpu")._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_declared_tensors():
    session = open_session("g", RELU, "cpu")
    assert session.inputs == {"x": ("tensor(float)", [2])}
    assert session.outputs == {"y": ("tensor(float)", [2])}
