"""Generators of the tables and pages that the repository carries."""
