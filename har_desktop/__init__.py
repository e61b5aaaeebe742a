"""Live human action recognition, with Grad-CAM inside ONNX Runtime."""
