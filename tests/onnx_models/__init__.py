"""Small ONNX models of the kinds that people have: see `kinds.py`."""
