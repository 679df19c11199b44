"""Floor 4: a project that runs, from a decision."""
