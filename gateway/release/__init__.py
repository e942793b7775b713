"""The end of an order and of what was known of its home: boxed, contested, destroyed, certified."""
