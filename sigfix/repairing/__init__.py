"""Plan -> new SavedModel. Edits the protobuf; nothing here imports TensorFlow or runs a model."""
