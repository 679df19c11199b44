"""Floor 0: errors, outcomes, quantities, evidence, records, files. Standard library only."""
