"""The same inputs through two artefacts: a runner for each kind, and one comparison."""
