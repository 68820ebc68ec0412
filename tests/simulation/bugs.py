"""Bugs to plant in a simulation: those of tests/chaos, and subtle ones that take the right moment to show."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from tests.chaos import bugs as chaos
from tests.simulation import personal_bugs as personal
from tests.simulation import subtle_bugs as subtle

Plant = Callable[[ExitStack], None]

SUBTLE: dict[str, Plant] = {
    "bulk error misread": subtle.bulk_error_misread,
    "lost race is success": subtle.lost_race_is_success,
    "cleared unconfirmed": subtle.cleared_unconfirmed,
    "acks those before": subtle.acks_those_before,
    "checked before an await": subtle.checked_before_an_await,
    "offset saved first": subtle.offset_saved_first,
    "reopening unseen": subtle.reopening_unseen,
    "opening not awaited": subtle.opening_not_awaited,
    "switch stays open": subtle.switch_stays_open,
    "lease for ever": subtle.lease_for_ever,
    "lease unchecked": subtle.lease_unchecked,
    "one collection swept": subtle.one_collection_swept,
    "stale cache": subtle.stale_cache,
    "timer read twice": subtle.timer_read_twice,
    "quiet hours ignored": subtle.quiet_hours_ignored,
    "published before commit": subtle.published_before_commit,
    "erased by the clock": personal.erased_by_the_clock,
    "device kept": personal.device_kept,
    "mailbox kept": personal.mailbox_kept,
    "switches ignored": personal.switches_ignored,
    "failed for no reason": personal.failed_for_no_reason,
}
"""Those that only a simulation is sure to find, by name."""

_OF_MK = {"mirror deaf"}
"""MK is a small one here: the bugs of its stand-in are none of a simulation's."""

BUGS: dict[str, Plant] = {
    **{name: bug.plant for name, bug in chaos.BUGS.items() if name not in _OF_MK},
    **SUBTLE,
}
"""Every bug, by name."""


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Have the bug of this name in this process while the context lasts. Raises: KeyError."""
    with ExitStack() as stack:
        BUGS[name](stack)
        yield
