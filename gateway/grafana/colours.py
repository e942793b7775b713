"""What a colour means, the same on every dashboard; told apart by the colour-blind as well.

The palette is Okabe and Ito's (2008). No colour stands alone: each state has its word beside it.
"""

from __future__ import annotations

GREEN = "#009E73"
"""As it should be: closed, applied, online, quiet, in time."""
YELLOW = "#F0C419"
"""Somebody should look: a door open, a battery low, nobody has reported in yet."""
ORANGE = "#E69F00"
"""Worse: reported in, and not over."""
RED = "#D55E00"
"""Broken, removed, missed: somebody has to act."""
GREY = "#8C8C8C"
"""Nobody can say. Never the colour of anything known."""
PALE = "#C8C8C8"
"""Nothing to say: not watched, no permit."""
BLUE = "#0072B2"
"""Allowed or announced: a permit, a button, a colleague on site."""
SKY = "#56B4E9"
"""A neutral figure."""
PURPLE = "#CC79A7"
"""Help was asked for."""
BLACK = "#5B5B5B"
"""Over and filed."""

SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW, BLACK)
"""For series without a meaning of their own, in this order."""
