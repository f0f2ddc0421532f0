"""Rendered documents read by a bundle in Chromium, beside docTR's Python pipeline and the truth."""
