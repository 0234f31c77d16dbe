"""Strategies, a stateful machine and contract tests for adapters, yours included."""
