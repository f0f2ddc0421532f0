"""Operators in the form that suits those who compute them: TF.js's backends, or any TensorFlow.

Here belongs what one kernel does faster than another, does in one step, or gets wrong.
"""
