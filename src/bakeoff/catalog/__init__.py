"""Floor 2: what is claimed about every system, by whom, since when."""
