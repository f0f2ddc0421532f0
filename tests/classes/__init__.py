"""Classes of models that commands were wrong about, each with a model that stands for it."""
