"""The window. It knows Qt, and of the engine only what the pipeline hands over."""

# On Windows, ONNX Runtime must be loaded before Qt, or it finds Qt's libraries for its own.
import har_desktop.inference.session as _session  # noqa: F401
