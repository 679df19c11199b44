"""Floor 3: cells, schedules, campaigns and the store: measuring the same computation on every system."""
