"""TensorFlow's two loaders of SavedModels, by the names that users know them by."""

from __future__ import annotations

LOADER, V1_LOADER = "tf.saved_model.load", "the v1 loader"
REFUSED = f"{LOADER} does not take"
"""How a note begins that says of a model that it was run through the v1 loader, and why."""
