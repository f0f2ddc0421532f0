"""Matrix products: of which rows, columns and heads, and what is joined or cut around them.

Here belongs what changes which matrices are multiplied with each other, or how they are reshaped
in between.
"""
