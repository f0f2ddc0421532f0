"""The checks behind the catalogue, one module a family."""
