"""One detector a module: what was said, and what stands, in; findings with their reasons, out."""
