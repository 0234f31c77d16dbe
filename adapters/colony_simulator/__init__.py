"""A rack in memory, with its own state, clock and faults."""
