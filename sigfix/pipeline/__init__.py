"""The commands as functions: one module a command, called by the CLI and the Python API."""
