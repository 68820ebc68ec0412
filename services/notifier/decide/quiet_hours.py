"""When push and chat are held back because a customer wants to sleep (R20)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local time from `begins` (included) to `ends` (excluded), over midnight where it ends earlier."""

    begins: time
    ends: time

    @classmethod
    def of(cls, begins: str, ends: str) -> "QuietHours":
        """From `22:00` and `07:00`. Raises: ValueError for what is no time, or for a stretch without length."""
        made = cls(time.fromisoformat(begins), time.fromisoformat(ends))
        if made.begins == made.ends:
            raise ValueError("quiet hours that begin when they end")
        return made

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours end in which `now` lies; None outside of them."""
        local = now.astimezone(zone)
        for day in (local.date() - timedelta(days=1), local.date()):
            begin = datetime.combine(day, self.begins, zone)
            last = day if self.ends > self.begins else day + timedelta(days=1)
            end = datetime.combine(last, self.ends, zone)
            # a local time that a change of clocks leaves out or brings twice is compared in UTC
            if begin.timestamp() <= now.timestamp() < end.timestamp():
                return end.astimezone(now.tzinfo)
        return None
