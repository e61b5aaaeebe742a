"""One ONNX Runtime session, and an honest word about the processor that it runs on."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import build_and_package_info
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from har_desktop.errors import HarError, printable

ort.disable_telemetry_events()  # builds for Windows do not look at ORT_DISABLE_TELEMETRY

Provider = Literal["auto", "cuda", "coreml", "cpu"]
Array = NDArray[Any]
DeviceTensor: TypeAlias = Any  # an ort.OrtValue, on the GPU or in main memory
Tensors = dict[str, tuple[str, list[int]]]  # name -> (type, shape), as ONNX Runtime states them

EXECUTION_PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
# Full 32-bit products: answers must not depend on the processor.
OPTIONS: dict[str, dict[str, str]] = {"cuda": {"use_tf32": "0"}}
# The graphs are small. On two virtual cores a second thread took an encoder of four convolutions
# at 96 px from 1.9 to 1.1 ms; more threads would only take cores away from the decoder and the
# window.
THREADS = min(2, os.cpu_count() or 1)
# Of which CUDA this build of ONNX Runtime is, the number before the point; 0 where of none.
CUDA = int(getattr(build_and_package_info, "cuda_version", "0").partition(".")[0] or 0)
FATAL = 4  # the only level of ONNX Runtime's log that is let through; errors arrive as exceptions
ERRORS: tuple[type[Exception], ...] = (
    *(e for e in vars(ort_errors).values() if isinstance(e, type) and issubclass(e, Exception)),
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """Which processor does the work, and why not the one that was asked for.

    Attributes:
        used: "cuda", "coreml" or "cpu".
        reason: One line on why the wish was not met; None where it was.
    """

    used: str
    reason: str | None


class GraphError(HarError):
    """A graph that ONNX Runtime cannot build or run, or that gives nonsense."""


class _UnavailableError(Exception):
    """A processor that cannot be had; the message says why."""


class Session:
    """A graph that is ready to run. See `open_session`.

    Attributes:
        name: Of the graph, for messages.
        report: Where it runs, and why there.
        device: Where `run_on_device` leaves its tensors: "cuda", or "cpu" for main memory.
        inputs: What the graph declares, e.g. {"partials": ("tensor(float)", [10, 3, 12, 12, 64])}.
        outputs: The same for its outputs.
    """

    def __init__(self, name: str, session: ort.InferenceSession, report: ProviderReport) -> None:
        self._session = session
        self._run_options = ort.RunOptions()
        self.name = name
        self.report = report
        self.device = "cuda" if report.used == "cuda" else "cpu"
        self.inputs: Tensors = {t.name: (t.type, t.shape) for t in session.get_inputs()}
        self.outputs: Tensors = {t.name: (t.type, t.shape) for t in session.get_outputs()}

    def run(self, outputs: Sequence[str], feeds: Mapping[str, Array | DeviceTensor]) -> list[Array]:
        """Compute the named outputs, as new arrays.

        Args:
            outputs: Names, in the order of the results.
            feeds: All inputs. Tensors of a session on the same device are read where they are.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        return [value.numpy() for value in self._run(outputs, feeds, "cpu")]

    def run_on_device(
        self, outputs: Sequence[str], feeds: Mapping[str, Array | DeviceTensor]
    ) -> list[DeviceTensor]:
        """Compute the named outputs, as new tensors that stay on the device. See `run`."""
        return self._run(outputs, feeds, self.device)

    def _run(
        self,
        outputs: Sequence[str],
        feeds: Mapping[str, Array | DeviceTensor],
        device: str,
    ) -> list[DeviceTensor]:
        if missing := self.inputs.keys() - feeds.keys():  # a binding would not look
            raise GraphError(f"{self.name}: not fed with {', '.join(sorted(missing))}")
        try:
            # A new binding costs a microsecond, and holds on to nothing of the last run.
            binding = self._session.io_binding()
            for name, value in feeds.items():
                if isinstance(value, np.ndarray):
                    binding.bind_cpu_input(name, value)
                else:
                    binding.bind_ortvalue_input(name, value)
            for name in outputs:
                binding.bind_output(name, device)
            binding.synchronize_inputs()  # a GPU only queues the copies, and in another stream
            self._session.run_with_iobinding(binding, self._run_options)
            values: list[DeviceTensor] = binding.get_outputs()
        except ERRORS as error:
            raise GraphError(f"{self.name}: fails on {self.report.used}: {_gist(error)}") from error
        return values

    def interrupt(self) -> None:
        """Let a run in another thread fail before its next node, and all runs until `resume`."""
        self._run_options.terminate = True

    def resume(self) -> None:
        """Run again after an interruption."""
        self._run_options.terminate = False


def open_session(name: str, model: bytes, provider: Provider, threads: int = THREADS) -> Session:
    """Build a session on the wished processor, or on the CPU with the reason kept.

    Args:
        name: Of the graph, for messages.
        model: A serialised ONNX model.
        provider: "auto" takes the CPU on macOS and CUDA elsewhere.
        threads: That share the work of one node on the CPU.

    Raises:
        GraphError: The graph cannot be built even on the CPU.
    """
    wish = _wish(provider)
    report = ProviderReport(wish, None)
    try:
        if wish != "cpu":
            try:
                return Session(name, _accelerated(model, wish, threads), report)
            except _UnavailableError as obstacle:
                report = fallback(provider, str(obstacle))
        return Session(name, _build(model, ["cpu"], threads), report)
    except ERRORS as error:
        raise GraphError(f"{name}: cannot be loaded: {_gist(error)}") from error


def fallback(provider: Provider, obstacle: str) -> ProviderReport:
    """The report of work that went to the CPU because of an obstacle."""
    wish = {"cuda": "CUDA", "coreml": "CoreML"}[_wish(provider)]
    asked = "" if provider == "auto" else " asked for,"
    return ProviderReport("cpu", f"{wish}{asked} not available: {obstacle}")


def _gist(error: Exception) -> str:
    """The gist of an error of ONNX Runtime: its first line, without name and code in front."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    gist = line.split(" : ", 3)[-1] if line.startswith("[ONNXRuntimeError]") else line
    # With the whole signature of a function, and the name of the computer.
    if failure := re.search(r"CUDA failure \d+: [^;]+", gist):
        gist = failure[0].strip()
    return printable(gist)  # it may name a node of the graph


def _wish(provider: Provider) -> str:
    if provider == "auto":
        # CoreML may compute in half precision, in which heat-maps are others (ADR 13), and nobody
        # has measured it.
        return "cpu" if sys.platform == "darwin" else "cuda"
    return provider


def _accelerated(model: bytes, wish: str, threads: int) -> ort.InferenceSession:
    """Build a session on `wish`, or raise an _UnavailableError that says why there is none."""
    if EXECUTION_PROVIDERS[wish] not in ort.get_available_providers():
        raise _UnavailableError("this build of ONNX Runtime does not support it")
    if wish == "cuda" and (obstacle := _cuda_obstacle()):
        raise _UnavailableError(obstacle)
    try:
        session = _build(model, [wish, "cpu"], threads)
    except ERRORS as error:
        raise _UnavailableError(_gist(error)) from error
    if session.get_providers()[0] != EXECUTION_PROVIDERS[wish]:
        raise _UnavailableError(_post_mortem(wish))
    return session


def _build(model: bytes, wishes: Sequence[str], threads: int) -> ort.InferenceSession:
    """Build a session; ONNX Runtime silently leaves out a wish that it cannot fulfil."""
    ort.set_default_logger_severity(FATAL)
    options = ort.SessionOptions()
    options.log_severity_level = FATAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads that spin would fight with the decoder and the window for the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")
    providers = [(EXECUTION_PROVIDERS[wish], OPTIONS.get(wish, {})) for wish in wishes]
    # Its own fallback prints to stdout, where a summary may be written; ours keeps the reason.
    return ort.InferenceSession(model, options, providers=providers, enable_fallback=0)


@cache
def _cuda_obstacle() -> str | None:
    """Look for a driver and a GPU; then load CUDA's libraries, once per process."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "no NVIDIA driver is installed"
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return "the NVIDIA driver finds no GPU"
    version = ctypes.c_int(0)  # 13000 for 13.0
    if not driver.cuDriverGetVersion(ctypes.byref(version)) and version.value // 1000 < CUDA:
        known = version.value // 1000
        return f"the NVIDIA driver knows CUDA {known}, and {CUDA} is needed: update it"
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it misses; see _post_mortem
        ort.preload_dlls()
    return None


def _post_mortem(wish: str) -> str:
    """Why ONNX Runtime refused a processor; it says so only in its log."""
    if wish == "cuda":
        pattern = "onnxruntime_providers_{}.dll"
        if sys.platform != "win32":
            pattern = "libonnxruntime_providers_{}.so"
        try:
            for name in ("shared", "cuda"):
                library = Path(ort.__file__).parent / "capi" / pattern.format(name)
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            return f"{error}; the extra `cuda` installs CUDA's libraries"
    return "ONNX Runtime refused it without a reason"
