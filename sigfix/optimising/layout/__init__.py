"""The order of axes: channels last in every kernel, and no transposes that can be spared.

Here belongs what moves, merges or drops a transpose, or takes one into weights.
"""
