"""All that Visão geral shows, put together of figures: what stands in cards, charts and tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contracts.operating import MessageCount
from mk.console.formats import counted, grouped
from mk.console.overview.charts import Columns, Row, Stack, columns, rows, stacks
from mk.console.reasons import CHANNELS
from mk.domain.figures import CONFIDENCE, HIGHEST, LOWEST, Closed, Day, Mean, Opened, Standing, mean, quantile

DAYS = 14
MONTH = 30
WEEK = 7

SHOWN = ("inbox", "email", "push", "telegram")
OUTCOMES = {"sent": "Enviadas", "deferred": "Adiadas", "skipped": "Não enviadas", "failed": "Falharam"}

_MONTHS = ("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez")
_HOUR, _TWO_DAYS = 60, 2 * 24 * 60


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted; `messages` are None where nobody answered."""

    standing: Standing
    opened: Mapping[Day, Opened]
    closed: Mapping[Day, Closed]
    minutes: Mapping[int, int]
    scores: Mapping[int, int]
    messages: Sequence[MessageCount] | None


@dataclass(frozen=True, slots=True)
class Card:
    """One figure, and what belongs to it."""

    name: str
    figure: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PerDay:
    """Opened and closed tickets of each day, drawn and in a table, and of each sector."""

    chart: Columns
    table: tuple[tuple[str, int, int], ...]
    sectors: tuple[tuple[str, int, int], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Scores:
    """How often each score was given, the best first."""

    chart: tuple[Row, ...]
    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages by channel and outcome; `answered` is False where nobody could be asked."""

    chart: tuple[Stack, ...]
    table: tuple[tuple[str, tuple[int, ...]], ...]
    text: str
    answered: bool


def since(days: int, now: datetime, zone: ZoneInfo) -> datetime:
    """When the first of so many local days began, today being the last."""
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    return datetime.combine(first, time.min, zone)


def cards(figures: Figures, today: date) -> list[Card]:
    """The five figures."""
    opened = [one for day, one in figures.opened.items() if day.date == today]
    closed = [one for day, one in figures.closed.items() if day.date == today]
    by_app, asked = sum(one.by_app for one in opened), sum(one.asked for one in closed)
    return [
        Card("Pendentes agora", grouped(figures.standing.pending), (f"{figures.standing.unassigned} sem responsável",)),
        Card("Abertos hoje", grouped(sum(one.count for one in opened)), (f"{by_app} por contato do cliente",)),
        Card("Finalizados hoje", grouped(sum(one.count for one in closed)), (f"{asked} com avaliação",)),
        _mean_card(mean(figures.scores)),
        _time_card(figures.minutes),
    ]


def _mean_card(found: Mean | None) -> Card:
    if found is None:
        return Card("Nota média", "—", (f"nenhuma resposta em {MONTH} dias",))
    notes = [f"{counted(found.count, 'resposta', 'respostas')} em {MONTH} dias"]
    if found.low is not None and found.high is not None:
        notes.append(f"entre {decimal(found.low)} e {decimal(found.high)} com {CONFIDENCE} % de confiança")
    return Card("Nota média", decimal(found.value), tuple(notes))


def _time_card(minutes: Mapping[int, int]) -> Card:
    median, most = quantile(minutes, 0.5), quantile(minutes, 0.9)
    if median is None or most is None:
        return Card("Até encerrar", "—", (f"nada finalizado em {MONTH} dias",))
    return Card("Até encerrar", lasting(median), (f"mediana de {MONTH} dias", f"9 em cada 10 até {lasting(most)}"))


def per_day(figures: Figures, today: date, names: Mapping[str, str]) -> PerDay:
    """Opened and closed tickets of the last days."""
    opened, closed, of_sector = Counter[date](), Counter[date](), Counter[tuple[str, int]]()
    for series, counts, found in ((0, opened, figures.opened), (1, closed, figures.closed)):
        for day, one in found.items():
            if day.date > today - timedelta(days=DAYS):
                counts[day.date] += one.count
                of_sector[names.get(day.sector_id or "", day.sector_id or "Sem setor"), series] += one.count
    dates = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    table = tuple((short(one), opened[one], closed[one]) for one in dates)
    sectors = sorted({name for name, _ in of_sector})
    return PerDay(
        chart=columns(table),
        table=table,
        sectors=tuple((name, of_sector[name, 0], of_sector[name, 1]) for name in sectors),
        text=f"De {short(dates[0])} a {short(dates[-1])}: {counted(opened.total(), 'aberto', 'abertos')} e "
        f"{counted(closed.total(), 'finalizado', 'finalizados')}.",
    )


def scores(given: Mapping[int, int]) -> Scores:
    """The scores of a month."""
    counts = [(score, given.get(score, 0)) for score in range(HIGHEST, LOWEST - 1, -1)]
    found = mean(given)
    each = "; ".join(f"{score}: {count}" for score, count in counts)
    short_text = mean_text(found) if found else "Ninguém respondeu."
    return Scores(rows(counts), short_text, f"Nota {each}. {short_text}")


def mean_text(found: Mean) -> str:
    """A mean in words, never without its count."""
    text = f"Média {decimal(found.value)} de {counted(found.count, 'resposta', 'respostas')}"
    if found.low is None or found.high is None:
        return f"{text}; poucas ou iguais demais para um intervalo."
    return f"{text}; com {CONFIDENCE} % de confiança entre {decimal(found.low)} e {decimal(found.high)} (t de Student)."


def messages(found: Sequence[MessageCount] | None) -> Messages:
    """The messages of a week."""
    counts = Counter[tuple[str, str]]()
    for one in found or ():
        counts[one.channel, one.outcome] += one.count
    # what was deferred before these days and left within them
    table = tuple(
        (CHANNELS[channel], tuple(max(counts[channel, outcome], 0) for outcome in OUTCOMES)) for channel in SHOWN
    )
    totals = ", ".join(f"{name} {grouped(sum(parts))}" for name, parts in table)
    failed = sum(parts[-1] for _, parts in table)
    return Messages(stacks(table), table, f"{totals}; falharam {grouped(failed)}.", answered=found is not None)


def short(day: date) -> str:
    """`27 nov`."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def decimal(value: float) -> str:
    """`4,2`."""
    return f"{value:.1f}".replace(".", ",")


def lasting(minutes: int) -> str:
    """`35 min`, `9 h 20`, `3 d 4 h`."""
    if minutes < _HOUR:
        return f"{minutes} min"
    hours, left = divmod(minutes, _HOUR)
    if minutes < _TWO_DAYS:
        return f"{hours} h {left:02}" if left else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
