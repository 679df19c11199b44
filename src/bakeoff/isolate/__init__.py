"""Floor 2: environments, workers and the machine: where foreign code runs."""
