"""Floor 6: the command line, generated from the doors table."""
