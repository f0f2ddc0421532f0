"""Frozen graph -> frozen graph that TensorFlow.js runs fast: one pass a module, each exact.

`passes.py` lists them in the order in which they run, `bisecting.py` finds the one that is wrong.
Every folder is a group of passes that imports itself and `graph/`, no other group.
"""
