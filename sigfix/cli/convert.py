"""`sigfix convert`."""
