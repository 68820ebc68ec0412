"""When a mail may arrive twice, and when that is a bug."""

from tests.chaos.case import Case
from tests.chaos.evidence import Evidence, Mail
from tests.chaos.history import AT_POINT, DATABASE, KILL, ROLL, STOP, Fault, History
from tests.chaos.notifying import mails_repeat_across_crashes_only


def found(*faults: Fault, sent_at: float = 100.0) -> list[str]:
    mails = [Mail(at, "m1", "ana@chaos.test") for at in (sent_at, sent_at + 65)]
    history = History(records=list(faults))
    return list(mails_repeat_across_crashes_only(Case.of(history, Evidence(mails=mails), {})))


def test_a_crash_just_after_the_mail_explains_a_second_one() -> None:
    assert found(Fault(101.0, 110.0, AT_POINT, "notifier-2 after-sending")) == []


def test_a_crash_long_after_the_mail_explains_nothing() -> None:
    assert len(found(Fault(120.0, 130.0, KILL, "notifier"))) == 1


def test_a_crash_before_the_mail_explains_nothing_however_long_the_way_back() -> None:
    assert len(found(Fault(90.0, 110.0, KILL, "notifier"))) == 1


def test_a_database_that_was_away_explains_it() -> None:
    assert found(Fault(90.0, 110.0, DATABASE, "mongod")) == []


def test_a_process_that_stood_still_explains_it() -> None:
    assert found(Fault(99.0, 124.0, STOP, "notifier")) == []


def test_neither_another_service_nor_an_orderly_stop_explains_it() -> None:
    assert len(found(Fault(100.5, 110.0, KILL, "tickets"), Fault(99.0, 140.0, ROLL, "every service"))) == 1
