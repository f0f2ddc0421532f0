"""Copies, duplicates, long names and waiting that nothing needs: gone.

Here belongs what leaves every number as it is, and the operators that compute it.
"""
