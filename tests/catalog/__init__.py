"""Tests of the catalogue: reading, believing, linting, refreshing."""
