"""What a seed consists of: commands and faults, each with its moment and with chance of its own.

Nothing hangs on what stands beside it, so that a plan can be shortened and the rest stays as it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Self, TypeVar

from tests.chaos.history import STOP
from tests.simulation.past import RELEASES

P = TypeVar("P", bound="Plan")

SPREAD = 40.0
"""Seconds over which the commands of one act are spread."""

_COMMANDS = (
    ("contact", 4),
    ("ticket", 2),
    ("register", 1),
    ("rate", 3),
    ("rate by link", 1),
    ("answer in chat", 3),
    ("look", 2),
    ("poison", 1),
)
"""How many there are of each in one seed, and one more by chance.

With the messages by which MK goes on with contacts and tickets they are between 30 and 60.
"""

_SLEEPY = 0.3
"""The share of seeds in which customers want quiet hours, which begin now."""

_PAST = 0.35
"""The share of seeds that begin with what an earlier release stored; the newest release has most of them."""

_LOSING = 0.35
"""The share of seeds in which a customer can't be reached any more where they were."""

_LOSSES = ("device gone", "mailbox refused", "chat blocked", "switched off")

_STOPPING = 0.25
"""The share of seeds in which a replica stands still for a while."""

_AIMING = 0.25
"""The share of seeds in which whoever asks for the chats' updates dies while it takes one."""

_LEAVING = 0.25
"""The share of seeds in which MK has a customer erased in the midst of their contacts, tickets and ratings."""

_OF_LEAVER = {
    "contact": ("leaver writes", "leaver writes"),
    "ticket": ("leaver's ticket",),
    "old ticket": ("leaver's ticket",),
    "rate": ("leaver rates",),
    "rate by link": ("leaver rates",),
    "poison": ("erase",),
}
"""Which commands are that customer's instead, the first ones of each kind."""

_FAULTS = (
    "crash", "crash", "crash", "crash", "roll", "cut", "cut", "broker away", "broker restart", "blocked",
    "slow broker", "cancelled", "leaderless", "full", "store away", "store slow", "failover", "partial bulks", "skew",
    "mail", "push", "bot",
)  # fmt: skip
"""The kinds of faults; what stands here more often comes more often."""


@dataclass(frozen=True, slots=True)
class Event:
    """A command or a fault at its moment, in seconds since the beginning."""

    number: int
    at: float
    kind: str
    seed: int

    def chance(self) -> Random:
        """Its own chance: the same whatever else happens."""
        return Random(f"{self.kind} {self.number} of {self.seed}")

    def __str__(self) -> str:
        return f"{self.at:7.2f}s  {self.kind} ({self.number})"


@dataclass(frozen=True, slots=True)
class Plan:
    """One seed, whole or shortened."""

    seed: int
    commands: tuple[Event, ...]
    faults: tuple[Event, ...]
    days: tuple[float, ...] = ()
    """How many days pass after the commands, one stretch after the other."""

    replicas: int = 1
    past: str = ""
    """The release whose documents are there at the beginning; empty where nothing is."""

    @classmethod
    def of(cls, seed: int, *, faults: bool = True) -> Self:
        """The whole plan of a seed."""
        plan = _with_leaver(_with_past(cls._drawn(seed, faults=faults)))
        return _with_more(_with_loss(plan)) if faults else plan

    @classmethod
    def _drawn(cls, seed: int, *, faults: bool) -> Self:
        rng = Random(f"plan of {seed}")
        kinds = [kind for kind, times in _COMMANDS for _ in range(times)]
        kinds += [rng.choice(("there and back", "there and back", "contact", "ticket"))]
        commands = _events(seed, kinds, rng, first=1)
        struck = [rng.choice(_FAULTS) for _ in range(rng.randint(5, 8))] if faults else []
        days: tuple[float, ...] = rng.choice(((), (), (), (), (3.1,), (3.1, 11.0), (14.5,)))
        if rng.random() < _SLEEPY:
            # before most of the commands; quiet hours end within half a day
            sleep = Event(99, rng.uniform(0.0, SPREAD / 8), "sleep", seed)
            commands, days = (sleep, *commands), (0.5, *days)
        faulty = _events(seed, struck, rng, first=101)
        return cls(seed, commands, faulty, days, rng.choice((1, 1, 2, 2, 3)))

    def without(self, gone: Iterable[Event]) -> Self:
        """The plan with some events left out."""
        left_out = {one.number for one in gone}
        return replace(
            self,
            commands=tuple(one for one in self.commands if one.number not in left_out),
            faults=tuple(one for one in self.faults if one.number not in left_out),
        )

    @property
    def events(self) -> tuple[Event, ...]:
        """Commands and faults, in their order."""
        return tuple(sorted((*self.commands, *self.faults), key=lambda one: (one.at, one.number)))


def _events(seed: int, kinds: list[str], rng: Random, *, first: int) -> tuple[Event, ...]:
    made = (Event(number, rng.uniform(0.0, SPREAD), kind, seed) for number, kind in enumerate(kinds, first))
    return tuple(sorted(made, key=lambda one: one.at))


# what is drawn apart leaves the rest of a seed as it is


def _with_past(plan: P) -> P:
    rng = Random(f"past of {plan.seed}")
    if rng.random() >= _PAST:
        return plan
    # operators go on with what is there, instead of opening more
    commands = _recast(plan.commands, {"ticket": ("old ticket",) * 3})
    return replace(plan, past=rng.choice((*RELEASES, RELEASES[-1])), commands=commands)


def _with_leaver(plan: P) -> P:
    if Random(f"leaver of {plan.seed}").random() >= _LEAVING:
        return plan
    return replace(plan, commands=_recast(plan.commands, _OF_LEAVER))


def _with_loss(plan: P) -> P:
    rng = Random(f"loss of {plan.seed}")
    if rng.random() >= _LOSING:
        return plan
    # whoever sleeps has chosen already
    kinds = [kind for kind in _LOSSES if kind != "switched off" or all(one.kind != "sleep" for one in plan.commands)]
    lost = _events(plan.seed, [rng.choice(kinds)], rng, first=121)
    return replace(plan, faults=tuple(sorted((*plan.faults, *lost), key=lambda one: one.at)))


def _with_more(plan: P) -> P:
    rng = Random(f"aim of {plan.seed}")
    more = []
    if rng.random() < _AIMING:
        # late: there has to be a question in a chat
        more.append(Event(131, rng.uniform(SPREAD / 2, SPREAD), "crash at an update", plan.seed))
    if rng.random() < _STOPPING:
        more.append(Event(132, rng.uniform(0.0, SPREAD), STOP, plan.seed))
    return replace(plan, faults=tuple(sorted((*plan.faults, *more), key=lambda one: one.at)))


def _recast(events: Iterable[Event], kinds: Mapping[str, tuple[str, ...]]) -> tuple[Event, ...]:
    """The events, the first ones of some kinds being of others instead."""
    left = {kind: iter(others) for kind, others in kinds.items()}
    return tuple(replace(one, kind=next(left.get(one.kind, iter(())), one.kind)) for one in events)
