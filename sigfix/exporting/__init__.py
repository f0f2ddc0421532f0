"""SavedModel -> TensorFlow.js graph model, through the tensorflowjs package."""
