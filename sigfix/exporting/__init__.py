"""SavedModel -> TensorFlow.js graph model, through the tensorflowjs package."""

import os

# tensorflowjs imports tensorflow_decision_forests, whose greeting fails where standard output
# is captured and IPython absent.
os.environ.setdefault("TFDF_DISABLE_WELCOME_MESSAGE", "1")
