"""Faults planted between the real programs and what reads their answers."""
