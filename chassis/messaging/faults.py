"""What an error means for the message whose handler raised it."""

from collections.abc import Callable
from enum import StrEnum

from chassis.messaging.publisher import BrokerDown
from chassis.messaging.registry import Route, Unreadable


class Fault(StrEnum):
    """The kinds of failure that `recoverability` tells apart."""

    UNREADABLE = "unreadable"
    """Nobody can handle it, ever."""

    REFUSAL = "refusal"
    """The domain says no to a request; that is an answer."""

    PERMANENT = "permanent"
    """No retry cures it."""

    REFERENCE = "reference"
    """What it refers to isn't known yet, and its patience lasts."""

    RACE = "race"
    """Somebody else changed the document first."""

    DATABASE_AWAY = "database_away"
    """Every other message would fail as well."""

    BROKER_AWAY = "broker_away"
    """What it led to can't be published: the message itself is well."""

    OUTAGE = "outage"
    """Somebody else's house is down: what doesn't need it goes on being handled."""

    TRANSIENT = "transient"
    """Anything else: it may pass, and counts as a failure of ours."""


Is = Callable[[Exception], bool]


def _never(_error: Exception) -> bool:
    return False


class Faults:
    """A service's errors by what they mean; `app.py` names those of its own, `chassis.service` the database's."""

    def __init__(self, *, races: Is = _never, is_away: Is = _never, is_unstorable: Is = _never) -> None:
        self.permanent: tuple[type[Exception], ...] = ()
        self.outages: tuple[type[Exception], ...] = ()
        self._races = races
        self._is_away = is_away
        self._is_unstorable = is_unstorable

    def of(self, error: Exception, route: Route | None, *, patient: bool) -> Fault:
        """What `error` means; `patient` while the message may wait for what it refers to."""
        if isinstance(error, Unreadable):
            return Fault.UNREADABLE
        if isinstance(error, BrokerDown):
            return Fault.BROKER_AWAY
        if route is not None and route.problem(error) is not None:
            return Fault.REFUSAL
        if isinstance(error, self.permanent) or self._is_unstorable(error):
            return Fault.PERMANENT
        if patient and route is not None and route.patience and isinstance(error, route.patience.error):
            return Fault.REFERENCE
        return self._that_may_pass(error)

    def _that_may_pass(self, error: Exception) -> Fault:
        if self._races(error):
            return Fault.RACE
        if self._is_away(error):
            return Fault.DATABASE_AWAY
        return Fault.OUTAGE if isinstance(error, self.outages) else Fault.TRANSIENT
