"""Installing a device at a home, with what must arrive over the air before it is in service."""
