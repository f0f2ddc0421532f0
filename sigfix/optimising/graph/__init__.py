"""The graph as every pass sees it: its nodes, their shapes, and what is known of operators.

Here belongs what more than one group of passes asks of a graph or adds to it. Nothing here is a
pass, and nothing here imports one.
"""
