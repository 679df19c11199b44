"""Floor 3: from a profile and a catalogue to a decision. Pure: no I/O, seeded."""
