"""How moments, numbers and texts are written on the console's pages, in Portuguese and the provider's time zone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_MONTHS = ("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez")
_WEEKDAYS = ("seg.", "ter.", "qua.", "qui.", "sex.", "sáb.", "dom.")


class Formats:
    """Writes moments as seen from `now`."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self.zone = zone
        self.now = now.astimezone(zone)

    def day(self, moment: datetime, *, year: bool = False) -> str:
        """`Hoje`, `Ontem`, `24 nov`; `24 nov 2025` where the year is another one, or is asked for."""
        local = moment.astimezone(self.zone)
        ago = (self.now.date() - local.date()).days
        if ago in {0, 1}:
            return ("Hoje", "Ontem")[ago]
        short = f"{local.day} {_MONTHS[local.month - 1]}"
        return f"{short} {local.year}" if year or local.year != self.now.year else short

    def time(self, moment: datetime) -> str:
        """`14:20`."""
        return f"{moment.astimezone(self.zone):%H:%M}"

    def moment(self, moment: datetime) -> str:
        """`Hoje, 14:20`; `26 nov, 20:47`."""
        return f"{self.day(moment)}, {self.time(moment)}"

    def full(self, moment: datetime) -> str:
        """`26 nov 2026, 20:47`, whatever day it is."""
        local = moment.astimezone(self.zone)
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"

    def brief(self, moment: datetime) -> str:
        """`14:48` today, else the day: for narrow columns."""
        return self.time(moment) if self._is_today(moment) else self.day(moment)

    def appointment(self, moment: datetime) -> str:
        """`sáb., 28 nov, 08:00`."""
        local = moment.astimezone(self.zone)
        return f"{_WEEKDAYS[local.weekday()]}, {local.day} {_MONTHS[local.month - 1]}, {local:%H:%M}"

    def at(self, moment: datetime) -> str:
        """`às 14:35` today, else `em 28 nov, 02:10`: a moment to come."""
        return f"às {self.time(moment)}" if self._is_today(moment) else f"em {self.moment(moment)}"

    def until(self, moment: datetime) -> str:
        """`07:00` where that is the next one, else `23 dez`: an end to come."""
        return self.time(moment) if moment - self.now < timedelta(hours=24) else self.day(moment)

    def _is_today(self, moment: datetime) -> bool:
        return moment.astimezone(self.zone).date() == self.now.date()

    def iso(self, moment: datetime) -> str:
        """What `<time datetime>` takes."""
        return moment.astimezone(self.zone).isoformat(timespec="minutes")


def lower_first(text: str) -> str:
    """`hoje, 14:20` of `Hoje, 14:20`."""
    return text[:1].lower() + text[1:]


def counted(number: int, one: str, many: str) -> str:
    """`1 novo`, `3 novos`."""
    return f"{grouped(number)} {one if number == 1 else many}"


def grouped(number: int) -> str:
    """`1.000`."""
    return f"{number:,}".replace(",", ".")
