"""Floor 1: comparing numbers and estimating from samples. NumPy only."""
