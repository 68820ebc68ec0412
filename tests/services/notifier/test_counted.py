"""Decisions are counted once, by channel, decision and a reason of few values (R17), on a real database."""

import pytest

from contracts import tickets
from contracts.metrics import DECISIONS
from contracts.notifier import NotificationSent
from services.notifier.decide.owners import of_sector
from services.notifier.deliver.address_store import MongoAddresses
from services.notifier.metrics import why
from services.notifier.settings import Settings
from tests.eventually import eventually
from tests.services.notifier.world import SECTOR, a_contact, a_notifier, a_step, an_opening
from tests.smtp import Mailbox
from tests.system import System


def counted(system: System) -> dict[tuple[str, str, str], float]:
    """What the notifier counted of decisions."""
    samples = [one for family in system.services[0].metrics.registry.collect() for one in family.samples]
    counted = [one for one in samples if one.name == "atendo_decisions_total" and one.value]
    return {(one.labels["channel"], one.labels["decision"], one.labels["reason"]): one.value for one in counted}


async def test_r17_each_decision_is_counted_once_however_often_its_event_comes(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    contact = a_contact(sector_email=None)
    opening = an_opening(contact.contact_id, level="none")

    await system.publish(contact)
    await eventually(lambda: ("email", "defer", "waits") in counted(system))
    for _ in range(2):
        await system.publish(opening, contact)
    await eventually(lambda: len(mailbox.messages) == 1)
    await system.quiet()

    assert counted(system) == {
        ("email", "defer", "waits"): 1,
        ("email", "send", "always"): 1,
        ("email", "skip", "no_address"): 1,
        ("email", "skip", "not_carried"): 1,
        ("inbox", "defer", "waits"): 1,
        ("inbox", "send", "always"): 1,
        ("inbox", "skip", "level"): 1,
        **{(channel, "skip", why): 1 for channel in ("push", "telegram") for why in ("not_carried", "not_set_up")},
    }


async def test_r19_what_is_held_back_at_its_sending_is_counted_with_why(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox)
    addresses = MongoAddresses(system.services[0], off_for=Settings().address_off_for)
    await addresses.switch_off(of_sector("tecnico"), SECTOR, reason="x", at=system.services[0].clock())

    await system.publish(a_contact(generate_ticket=False))

    await eventually(lambda: counted(system).get(("email", "skip", "address_refused")) == 1)


async def test_a_decision_that_new_knowledge_changes_counts_again(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox)
    step = a_step(tickets.PhaseChanged, level="start_end", process="Suporte", phase="Visita")

    await system.publish(step)
    await eventually(lambda: counted(system).get(("inbox", "skip", "level")) == 1)
    await system.publish(an_opening(level="all"))

    await eventually(lambda: len(system.received_of(NotificationSent, channel="inbox")) == 2)
    assert counted(system)["inbox", "send", "level"] == 2


@pytest.mark.parametrize(
    ("reason", "label"),
    [
        ("level none", "level"),
        ("always told", "always"),
        ("not carried by email", "not_carried"),
        ("told with the evaluation request", "covered"),
        ("waits for the ticket's opening", "waits"),
        ("waits for the end of quiet hours", "quiet_hours"),
        ("switched off by the customer", "switched_off"),
        ("carried by push", "carried_elsewhere"),
        ("no device", "not_set_up"),
        ("address refused: SMTP 550 5.1.1 (address)", "address_refused"),
        ("something that a later release says of ana@cliente.example", "other"),
        (None, "other"),
    ],
)
def test_r28_a_reason_is_counted_as_one_of_few_that_name_nobody(reason: str | None, label: str) -> None:
    assert why(reason) == label
    assert label in DECISIONS.labels[2].values
