"""From other formats to a SavedModel: docTR -> ONNX, ONNX -> TensorFlow through onnx-tf."""

import os

# ONNX Runtime's own build sends its maker what is run, and leaves an identifier of the machine.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
