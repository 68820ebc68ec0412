"""What a replica remembers of contacts without an answer (R13)."""

from uuid import uuid4

from services.edge.queued import Queued


def test_r13_a_queued_contact_is_remembered_for_its_customer_and_for_an_hour() -> None:
    now = 0.0
    queued = Queued(now=lambda: now)
    contact = uuid4()
    queued.add("ana", contact)

    assert queued.holds("ana", contact)
    assert not queued.holds("bia", contact)
    assert not queued.holds("ana", uuid4())
    now = 3600.0
    assert not queued.holds("ana", contact)


def test_the_oldest_is_forgotten_first() -> None:
    queued = Queued(now=lambda: 0.0, at_most=2)
    contacts = [uuid4() for _ in range(3)]

    for contact in contacts:
        queued.add("ana", contact)

    assert [queued.holds("ana", contact) for contact in contacts] == [False, True, True]
