"""Parts of a finished graph that one kernel of sigfix/web/kernels computes, found and described.

Here belongs what reads a graph without changing it, after all passes.
"""
