"""The only readers of real time, randomness and key files."""
