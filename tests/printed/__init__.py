"""Every command that sigfix prints about a model, run as it is printed."""
