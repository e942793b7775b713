"""Places, people and devices on record: what may be entered, what changed, and how lists get in."""
