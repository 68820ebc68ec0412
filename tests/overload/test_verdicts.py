"""The big run's verdicts: each thing that should not be is found, and nothing else."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from bench.figures import Spread
from tests.overload.accounting import Account
from tests.overload.crowd import Written
from tests.overload.lines import Reply
from tests.overload.mailing import Mailing, Phase
from tests.overload.overloading import Overload
from tests.overload.restarting import Restart

SOUND = Account(acknowledged=9, handled=9, without_ticket=0, doubled_tickets=0, without_mails=0, doubled_mails=0)
SHED = Overload(
    carries=50,
    per_second=150,
    seconds=60,
    statuses=Counter({202: 9, 503: 9}),
    untold=0,
    accepted_after=Spread(1, 1, 1, 1),
    turned_away_after=Spread(1, 1, 1, 1),
    megabytes={"edge": 90, "mongod": 900},
    drained_after=timedelta(seconds=9),
    account=SOUND,
    load=(1, 1),
)
RESTARTED = Restart(
    requests=9, first=Counter({0: 2}), failed=Counter(), away={}, drained_after=timedelta(), account=SOUND
)
IN_TIME = Phase("refuses everything", acknowledged=9, tickets=9, items=9, mails=0, after=1)


def test_what_went_well_is_no_violation() -> None:
    assert SHED.violations() == []
    assert RESTARTED.violations() == []
    assert Mailing([IN_TIME], timedelta(), SOUND).violations() == []


@pytest.mark.parametrize("lack", ["without_ticket", "doubled_tickets", "without_mails", "doubled_mails"])
def test_what_is_lost_or_doubled_is_found_in_every_part(lack: str) -> None:
    unsound = replace(SOUND, **{lack: 1})

    assert replace(SHED, account=unsound).violations()
    assert replace(RESTARTED, account=unsound).violations()
    assert Mailing([IN_TIME], timedelta(), unsound).violations()


def test_an_overload_must_be_shed_in_so_many_words_and_within_its_memory() -> None:
    assert replace(SHED, turned_away_after=None).violations()
    assert replace(SHED, untold=1).violations()
    assert replace(SHED, megabytes={"edge": 250}).violations()


def test_a_request_that_fails_twice_is_found() -> None:
    assert replace(RESTARTED, failed=Counter({503: 1})).violations()


@pytest.mark.parametrize("late", [replace(IN_TIME, tickets=8), replace(IN_TIME, items=8)])
def test_what_is_late_beside_mails_is_found(late: Phase) -> None:
    assert Mailing([late], timedelta(), SOUND).violations()


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        (Reply(503, {"retry-after": "5"}), True),
        (Reply(429, {"retry-after": "60"}), True),
        (Reply(503, {}), False),
        (Reply(500, {"retry-after": "5"}), False),
        (Reply(0, {}), False),
    ],
)
def test_only_429_and_503_with_a_moment_to_return_turn_away_as_they_should(reply: Reply, named: bool) -> None:  # noqa: FBT001 - a case's answer
    assert Written("c1", reply, reply, seconds=0.1).names_a_return is named
