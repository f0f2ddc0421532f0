"""`make matrix`: every docTR preset through every stage, written to docs/matrix.md."""
