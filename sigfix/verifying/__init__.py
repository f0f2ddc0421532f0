"""The same inputs through two artefacts: a runner for each kind, and one comparison."""

import os

# ONNX Runtime's own build sends its maker what is run, and leaves an identifier of the machine.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
