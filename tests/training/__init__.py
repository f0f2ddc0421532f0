"""The scripts in examples/training."""
