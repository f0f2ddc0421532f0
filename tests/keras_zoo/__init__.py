"""Small Keras models of every kind of layer, converted: what docs/keras.md is made of."""
