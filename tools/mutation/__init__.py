"""Mutation testing of the domain: `python -m mutation` from tools/, or `make mutants` (docs/adr/0019)."""
