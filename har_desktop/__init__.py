"""Live human action recognition, with Grad-CAM inside ONNX Runtime."""

import os

# The official builds of ONNX Runtime report to Microsoft over the network unless this is set before
# they are loaded. Nothing leaves this computer.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
