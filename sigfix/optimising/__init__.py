"""Frozen graph -> frozen graph that TensorFlow.js runs fast: one pass a module, each exact.

`passes.py` lists them in the order in which they run.
"""
