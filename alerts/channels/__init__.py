"""The means by which a notice reaches a person, each behind one protocol (`base`)."""
