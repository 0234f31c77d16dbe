"""Which release this is."""

from importlib.metadata import version as _installed


def version() -> str:
    """Return the version of the installed distribution, such as `0.1.0`."""
    return _installed("colony-core")
