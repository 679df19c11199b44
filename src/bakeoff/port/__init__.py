"""Floor 4: converting and racing a user's own model."""
