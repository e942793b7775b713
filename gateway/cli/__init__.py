"""The `menshen` command line."""
