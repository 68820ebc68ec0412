"""Turns what the parts measured into the lines of the table."""

from collections.abc import Iterator, Mapping, Sequence

from bench.evaluating import Evaluated
from bench.figures import Spread, median
from bench.kept import ANSWERED, COST, MAILED, PARTS, RATE
from bench.lifecycle import Lived
from bench.mailing import Mailing
from bench.measuring import PATH, Capacity, Latency
from bench.peers.bursts import Through
from bench.reading import Read
from bench.startup import Start
from bench.streams import Streamed
from bench.table import Figure

_ALL_PATH = "contacts + tickets + notifier"
_AT_REST = 65
"""MB that a service may hold; MK's stand-in is none of ours."""

_AGAINST_FLOOR = {_ALL_PATH: 1.2, "rabbitmq": 2.0, "mongod": 2.0}
"""How often the floor's processor time a contact may cost."""

_AGAINST_PEERS = {"Celery": 5.0, "dramatiq": 2.0}
"""How often a peer's contacts go through in the same time."""


def of_bursts(
    ours: Sequence[Capacity], floor: Sequence[Capacity], peers: Mapping[str, Sequence[Through]]
) -> Iterator[Figure]:
    """Throughput and what a contact costs each part: medians of all rounds."""
    part = "Contacts in a burst, from the command's queue to both mails"
    rates = {name: _rate(runs) for name, runs in peers.items()}
    yield Figure(part, RATE, _rate(ours), "/s", _rate(floor), rates, target=1, at_least=True, of_ratio=True)
    for name, times in _AGAINST_PEERS.items():
        if name in rates:
            yield Figure(part, f"{RATE}: Atendo ÷ {name}", _rate(ours) / rates[name], target=times, at_least=True)
    for name, parts in ((_ALL_PATH, PATH), *((one, (one,)) for one in PARTS)):
        others = {peer: _cost(runs, parts) for peer, runs in peers.items()}
        target, costs = _AGAINST_FLOOR.get(name), (_cost(ours, parts), _cost(floor, parts))
        yield Figure(part, f"{COST}, {name}", costs[0], "ms", costs[1], others, target=target, of_ratio=True)
    for one in ("edge", "feedback", "mk"):
        yield Figure(part, f"{COST}, {one}", _cost(ours, (one,)), "ms")


def of_latency(per_second: int, found: Latency) -> Iterator[Figure]:
    """Times from when a post was due."""
    is_usual = per_second == 50  # noqa: PLR2004 - the load that the targets are for
    yield from _spread("Latency", f"{per_second}/s: {ANSWERED}", found.answers, p99=30 if is_usual else None)
    mails = {"p50": 30.0, "p99": 90.0} if is_usual else {}
    yield from _spread("Latency", f"{per_second}/s: {MAILED}", found.mails, **mails)
    yield Figure("Latency", f"{per_second}/s: turned away (503) and sent again", found.turned_away, target=0)
    yield Figure("Latency", f"{per_second}/s: the generator's own lateness p99", found.lateness.p99, "ms")


def of_mailing(rounds: Sequence[Mapping[str, Mailing]]) -> Iterator[Figure]:
    """One notifier's mails."""
    for kind in rounds[0]:
        per_second = median([one[kind].per_second for one in rounds])
        yield Figure("Mails alone", f"mails/s, {kind}", per_second, "/s", target=250, at_least=True)
        cpu = median([one[kind].cpu_ms for one in rounds])
        yield Figure("Mails alone", f"notifier's processor time a mail, {kind}", cpu, "ms", target=1.3)


def of_lives(rounds: Sequence[Lived]) -> Iterator[Figure]:
    """MK's messages through tickets and notifier."""
    part = "Tickets' lives: levels none, start and end, all at 40/40/20; push and chat on"
    yield Figure(part, "messages/s until the notifier decided", median([one.per_second for one in rounds]), "/s")
    yield Figure(part, "messages/s until push and chat have all", median([one.sent_per_second for one in rounds]), "/s")
    for name in ("tickets", "notifier", "rabbitmq", "mongod"):
        cpu = median([one.cpu_ms[name] for one in rounds])
        yield Figure(part, f"processor time a message, {name}", cpu, "ms")


def of_evaluations(rounds: Sequence[Evaluated]) -> Iterator[Figure]:
    """Feedback's answers."""
    yield Figure("Evaluations", "answers/s", median([one.per_second for one in rounds]), "/s")
    yield Figure("Evaluations", "feedback's processor time an answer", median([one.cpu_ms for one in rounds]), "ms")


def of_streams(found: Streamed) -> Iterator[Figure]:
    """Live events."""
    part = f"Live events to {found.streams} open streams"
    yield Figure(part, "one event p50", found.alone.p50, "ms")
    yield Figure(part, "one event p99", found.alone.p99, "ms", target=200)
    yield Figure(part, "one to each, until all have theirs", found.together * 1000, "ms")
    yield Figure(part, "edge's memory with all open", found.is_open, "MB")


def of_reads(reads: Sequence[Read]) -> Iterator[Figure]:
    """Reading while ever more is stored."""
    part = "Reading stored tickets (list and page at the edge, Painel at MK's console)"
    for one in reads:
        for rank, value in (("p50", one.answers.p50), ("p99", one.answers.p99)):
            yield Figure(part, f"{one.stored:,} stored: {one.kind} {rank}", value, "ms")
    yield Figure(part, "plans that are no index scan", sum(len(one.scans) for one in reads), target=0)
    for kind in dict.fromkeys(one.kind for one in reads):
        cost = {one.stored: one.cpu_ms for one in reads if one.kind == kind}
        yield from _ten_times(part, f"processor time of a {kind}", cost)


def of_growth(cost: Mapping[int, float]) -> Iterator[Figure]:
    """What a contact costs with so many tickets stored."""
    yield from _ten_times("Ten times more stored tickets", "processor time a contact, path and mongod", cost)


def of_timelines(cost: Mapping[int, Sequence[Mapping[str, float]]]) -> Iterator[Figure]:
    """What one more message costs a ticket with so many behind it."""
    part, lengths = "One more message on a long timeline", sorted(cost)
    paid = {length: median([_of_message(one) for one in cost[length]]) for length in lengths}
    for length in lengths:
        yield Figure(part, f"{length} behind it: processor time, tickets + notifier + mongod", paid[length], "ms")
    for length in lengths[1:]:
        yield Figure(part, f"{length} ÷ {lengths[0]}", paid[length] / paid[lengths[0]], target=1.2)


def of_memory(title: str, megabytes: Mapping[str, float], *, is_rest: bool = False) -> Iterator[Figure]:
    """What each service holds, its largest replica."""
    for name in (*PATH, "feedback", "edge"):
        target = _AT_REST if is_rest else None
        yield Figure("Resident memory", f"{title}, {name}", megabytes[name], "MB", target=target)


def of_peers_memory(later: Mapping[str, float], peers: Mapping[str, Sequence[Through]]) -> Iterator[Figure]:
    """The three roles together."""
    others = {name: median([sum(one.megabytes.values()) for one in runs]) for name, runs in peers.items()}
    yield Figure("Resident memory", f"after bursts, {_ALL_PATH}", sum(later[one] for one in PATH), "MB", None, others)


def of_starts(starts: Mapping[str, Sequence[Start]]) -> Iterator[Figure]:
    """From a process's start to its readiness."""
    for name, found in starts.items():
        yield Figure("Start until ready", name, median([one.ready for one in found]), "s", target=0.8)


def _spread(part: str, name: str, spread: Spread, **targets: float | None) -> Iterator[Figure]:
    for rank, value in (("p50", spread.p50), ("p99", spread.p99), ("p99.9", spread.p999)):
        yield Figure(part, f"{name} {rank}", value, "ms", target=targets.get(rank))


def _ten_times(part: str, name: str, cost: Mapping[int, float]) -> Iterator[Figure]:
    for stored in sorted(cost):
        if before := cost.get(stored // 10):
            yield Figure(part, f"{name}: {stored:,} ÷ {stored // 10:,}", cost[stored] / before, target=1.1)


def _of_message(cpu_ms: Mapping[str, float]) -> float:
    return sum(cpu_ms[name] for name in ("tickets", "notifier", "mongod"))


def _rate(runs: Sequence[Capacity | Through]) -> float:
    return median([one.per_second for one in runs])


def _cost(runs: Sequence[Capacity | Through], parts: Sequence[str]) -> float:
    return median([sum(one.cpu_ms[part] for part in parts) for one in runs])
