"""The broker's accounts: made, written, revoked; and certificates of an authority of our own."""
