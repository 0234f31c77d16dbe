"""Use cases: fetch, decide, store; then act."""
