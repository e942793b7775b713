"""The tables of the gateway, and how a database of an older version becomes one of ours."""
