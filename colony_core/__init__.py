"""Colony Core: an open bare-metal control plane, as a library."""
