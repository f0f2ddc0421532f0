"""SavedModel -> TensorFlow.js graph model, in the form that the tensorflowjs package writes."""
