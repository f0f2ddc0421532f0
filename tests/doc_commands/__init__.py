"""Every command of README.md and docs/, run as it stands there, or why it is not."""
