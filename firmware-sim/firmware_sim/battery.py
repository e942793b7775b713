"""A battery that drains with time and with each message sent."""

from dataclasses import dataclass

LOW_PCT = 20
DAY_S = 86_400.0


@dataclass(slots=True)
class Battery:
    """Charge in percent; `per_day` drains by standing, `per_message` by each message sent.

    The defaults are those of a door magnet on two AAA cells: about ten months at a message a
    minute.
    """

    percent: float = 100.0
    per_day: float = 0.05
    per_message: float = 0.0002
    _seen_at_s: float = 0.0
    _has_warned: bool = False

    def drain(self, now_s: float, messages: int = 0) -> None:
        """Take off what time and messages have cost since the last call."""
        passed_s = max(0.0, now_s - self._seen_at_s)
        self._seen_at_s = max(now_s, self._seen_at_s)
        cost = self.per_day * passed_s / DAY_S + self.per_message * messages
        self.percent = max(0.0, self.percent - cost)

    def warns(self) -> bool:
        """Return True once, when the charge has fallen to the device's own warning level."""
        if self._has_warned or self.percent > LOW_PCT:
            return False
        self._has_warned = True
        return True

    @property
    def is_flat(self) -> bool:
        """Nothing can be sent any more."""
        return self.percent <= 0.0

    @property
    def reading(self) -> int:
        """The whole percent that the device reports."""
        return int(self.percent)
