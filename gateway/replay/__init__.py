"""What would have been sent under another policy: the journal read again, and nothing written."""

from gateway.replay.compare import Line, Mark, Text
from gateway.replay.run import Decode, replay

__all__ = ["Decode", "Line", "Mark", "Text", "replay"]
