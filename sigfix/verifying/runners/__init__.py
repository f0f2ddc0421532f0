"""What runs a model, one module for each kind: always in a process of its own."""
