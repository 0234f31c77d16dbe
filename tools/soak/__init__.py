"""Failover, shown: servers, workers and PostgreSQL are killed, stopped and cut off while they work on a shared rack.

`make soak` is the long form with a report; `tests/failover` runs the short one on every change.
"""
