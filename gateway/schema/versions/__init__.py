"""One module a version, oldest first. What was released is never edited."""
