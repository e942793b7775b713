"""The gateway as a program of its own: `python -m gateway CONFIG`, which `menshen run` becomes.

What the command line needs (7 MB of it) stays behind.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

from gateway.app import run
from gateway.config import load
from gateway.db import Database, DatabaseError, is_current
from gateway.privacy import KeyStoreError, UnreadableError
from gateway.serve import PortTakenError
from gateway.settings import SettingsError

WRONG = (SettingsError, KeyStoreError, UnreadableError, DatabaseError, PortTakenError)


def main(config_file: str) -> int:
    """Run until stopped; what keeps it from starting is said in one line."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for talkative in ("httpx", "alembic"):  # httpx logs addresses, the secrets in them too
        logging.getLogger(talkative).setLevel(logging.WARNING)
    try:
        config = load(Path(config_file))
        if not is_current(config.database_file):
            status = _bring_up_to_date(Database(config.database_file))
            if status != 0:
                return status
        return asyncio.run(run(config))
    except WRONG as error:
        sys.stderr.write(f"menshen: {error}\n")
        return 1


def _bring_up_to_date(database: Database) -> int:
    """Migrate in a child, with which the 13 MB go that Alembic needs; return its exit status."""
    child = os.fork()
    if child != 0:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        database.migrate()
        status = 0
    except DatabaseError as error:
        sys.stderr.write(f"menshen: {error}\n")
    finally:
        database.close()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
