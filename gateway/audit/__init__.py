"""Who did what, in a chain that cannot be altered unnoticed, and that names nobody by itself."""
