"""Operators that TensorFlow.js lacks, or computes wrongly, in those that it has.

Here belongs what makes a model run at all. The passes of all other groups know the operators that
come out, not those that went in; `describing/targets.py` has the list, for `inspect`.
"""
