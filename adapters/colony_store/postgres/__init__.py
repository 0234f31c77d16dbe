"""A store in a PostgreSQL database: for any number of servers and workers."""

from colony_store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
