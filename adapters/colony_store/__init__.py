"""Databases that keep what the core decides: SQLite and PostgreSQL."""
