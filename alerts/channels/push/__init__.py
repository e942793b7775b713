"""Push services outside (WeCom, DingTalk, Feishu, ntfy, mail and others) over Apprise.

`services` makes a service of an address, `answers` hears what it answered on the wire and says what
that means, and `channel` is the face towards the dispatcher. Apprise is imported late: it is an
extra, and costs memory that a gateway without push keeps.
"""

from alerts.channels.push.channel import PushChannel
from alerts.channels.push.services import PushAddressError, check

__all__ = ["PushAddressError", "PushChannel", "check"]
