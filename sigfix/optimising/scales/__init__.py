"""Scales, shifts, normalisations and activations, in the fewest operators.

Here belongs what computes with numbers for each channel, or one for all, and what of it goes into
the weights of the products around.
"""
