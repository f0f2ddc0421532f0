"""From other formats to a SavedModel: docTR -> ONNX, ONNX -> TensorFlow."""
