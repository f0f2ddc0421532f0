"""Convolutions, plain and transposed, as other convolutions that compute the same faster.

Here belongs what changes strides, padding or the size of a kernel, or takes a convolution apart.
"""
