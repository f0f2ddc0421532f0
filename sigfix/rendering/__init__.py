"""`report` -> text, JSON, SARIF, GitHub annotations: pure functions that return a string."""
