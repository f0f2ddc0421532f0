"""`sigfix inspect`."""
