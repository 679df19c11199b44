"""The peers: their own code in environments of their own, and their rules re-coded where that cannot run here."""
