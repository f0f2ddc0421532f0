"""Loops whose number of steps is known: written out, without lists and without branches.

Here belongs what turns TensorFlow's control flow into operators that TF.js runs synchronously.
"""
