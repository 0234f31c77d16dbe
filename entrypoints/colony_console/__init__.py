"""The `colony` command."""
