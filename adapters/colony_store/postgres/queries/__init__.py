"""The SQL that is known beforehand, by name; `-- name: x` begins a query in the .sql files beside this module."""

from colony_store.named_sql import load

ASSETS = load(__name__, "assets")
CLUSTERS = load(__name__, "clusters")
RUNS = load(__name__, "runs")
OTHERS = load(__name__, "others")
