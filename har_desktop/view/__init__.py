"""The window. It knows Qt, and nothing of ONNX."""

# On Windows, ONNX Runtime must be loaded before Qt, or it finds Qt's libraries for its own.
import har_desktop.inference.session as _session  # noqa: F401
