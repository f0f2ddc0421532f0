"""`sigfix repair`."""
