"""What processes that are forked for the zoo have imported already: see `forking`."""

import keras
import tensorflow as tf
import tf_keras

__all__ = ["keras", "tf", "tf_keras"]
