"""Areas, buildings, homes, orders, teams and devices: from a file to the tables to the engine."""

from gateway.homes.file import load_file
from gateway.homes.store import refresh, require_keys, store
from gateway.homes.watching import PhoneBook, Watching, phone_book, watches

__all__ = [
    "PhoneBook",
    "Watching",
    "load_file",
    "phone_book",
    "refresh",
    "require_keys",
    "store",
    "watches",
]
