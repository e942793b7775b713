"""The `menshen` command line."""


def main() -> None:
    """Run one command."""
    from gateway.cli.app import app

    app()
