"""What is known before the graph runs: constants, static shapes and values, types of indices.

Here belongs what turns operators into constants, or makes sizes known that were open. The passes
of all other groups ask for those.
"""
