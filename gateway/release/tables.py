"""The tables of release: what is left of an order once it is over, and until when.

`releases` holds the whole record of the order as one sealed box; the key of that box is held apart
(see `gateway.release.escrow`) and destroyed with it. What then stays of the row is the certificate.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from alerts.tables import RowId, conditions, incidents, metadata, notices, permits
from gateway.registry.tables import bindings

releases = Table(
    "releases",
    metadata,
    Column("id", String, primary_key=True),  # of the certificate; random
    Column("watch", String, unique=True),  # NULL once its key is destroyed
    Column("released_at", BigInteger, nullable=False),
    Column("shred_at", BigInteger),  # NULL until a clock that can be believed has set it
    Column("shredded_at", BigInteger),
    Column("box", LargeBinary),  # every row of the order, under the watch; NULL once shredded
    Column("certificate", String, nullable=False),  # JSON: the promise, then the proof
)

freed_devices = Table(
    "freed_devices",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("device", String, nullable=False),
    Column("release", String),  # NULL once its records may go
    Column("from_at", BigInteger, nullable=False),  # its records from here ...
    Column("freed_at", BigInteger, nullable=False),  # ... to here go with the key; later ones now
    Column("wiped_at", BigInteger),  # NULL: it is refused for reuse
    Column("swept_to", BigInteger, nullable=False),  # the record up to which that was done
    Index("freed_devices_device", "device"),
)

record_codes = Table(
    "record_codes",
    metadata,
    Column("watch", String, primary_key=True),
    Column("digest", String, nullable=False, unique=True),  # salted, of the resident's code
    Column("tie", String, nullable=False),  # slow digest of code and house code, for certificates
    Column("made_at", BigInteger, nullable=False),
)

contests = Table(
    "contests",
    metadata,
    Column("id", String, primary_key=True),  # random
    Column("watch", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String, nullable=False),  # open, answered
    Column("words", LargeBinary, nullable=False),  # of the resident, under the watch
    Column("answer", LargeBinary),  # under the watch
    Column("answered_at", BigInteger),
    Index("contests_watch", "watch"),
)

spent_orders = Table(
    "spent_orders",
    metadata,
    # Salted digest of an order that is over and still stands in the homes file; it goes with it.
    Column("digest", String, primary_key=True),
)

# A release gathers what belongs to one watch, on the thread that decides: it must not walk tables.
Index("conditions_watch", conditions.c.watch)
Index("incidents_watch", incidents.c.watch)
Index("notices_watch", notices.c.watch)
Index("permits_watch", permits.c.watch)
Index("bindings_watch", bindings.c.watch)
