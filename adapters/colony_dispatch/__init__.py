"""The dispatcher of workers that share a PostgreSQL database: calls are jobs of PgQueuer."""

from colony_dispatch.dispatcher import PgQueuerDispatcher

__all__ = ["PgQueuerDispatcher"]
