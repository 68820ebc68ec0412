"""Moments as people read them in Brazil, as the app writes them too."""

from datetime import datetime
from zoneinfo import ZoneInfo

_MONTHS = (
    *("janeiro", "fevereiro", "março", "abril", "maio", "junho"),
    *("julho", "agosto", "setembro", "outubro", "novembro", "dezembro"),
)
_NEAR = ("hoje", "ontem")


def day_and_month(at: datetime, zone: ZoneInfo) -> str:
    """As in "20 de novembro"."""
    here = at.astimezone(zone)
    return f"{here.day} de {_MONTHS[here.month - 1]}"


def since(at: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """As in "ontem às 17:40" or "em 20 nov 2026 às 09:00"."""
    here = at.astimezone(zone)
    age = (now.astimezone(zone).date() - here.date()).days
    day = _NEAR[age] if age in range(len(_NEAR)) else f"em {here.day} {_MONTHS[here.month - 1][:3]} {here.year}"
    return f"{day} às {here:%H:%M}"
