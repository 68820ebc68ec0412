"""After `CustomerErased` nothing of what a customer wrote is left, whatever was under way (R27)."""

from contracts import mk
from services.contacts.domain.register import Known
from tests.services.contacts.memory import ContactsInMemory, RegisterInMemory, Running
from tests.services.contacts.provider import ANA, NO_ANA, OPTIONS, TECNICO, a_contact
from tests.system import emitted


async def test_r27_an_erasure_takes_text_and_fingerprint_and_its_repetition_is_the_same_contact(
    running: Running,
) -> None:
    await running.answer(a_contact())
    await running.problem(a_contact("k2", text=""))
    await running.problem(a_contact("k3", sector_id="unknown"))

    await running.publish(NO_ANA)

    assert [(one.text, one.fingerprint) for one in running.contacts.kept.values()] == [("", None), ("", None)]
    assert running.contacts.refused == {}
    assert (await running.answer(a_contact()))["state"] == "received"
    assert len(running.contacts.emitted) == 2
    assert (await running.problem(a_contact("k4"))).status == 404


class Erasing(RegisterInMemory):
    """A register in which the customer is erased right after the first look."""

    def __init__(self, contacts_: ContactsInMemory) -> None:
        super().__init__()
        self._contacts = contacts_

    async def known(self, customer_id: str, sector_id: str) -> Known:
        """Look, and then it happens."""
        found = await super().known(customer_id, sector_id)
        await self.erase_customer(NO_ANA)
        await self._contacts.erase(customer_id)
        return found


async def test_r27_an_erasure_in_the_midst_of_a_contact_leaves_nothing_of_it() -> None:
    kept = ContactsInMemory()
    running = Running(kept, Erasing(kept))
    await running.publish(OPTIONS, TECNICO, ANA)

    await running.answer(a_contact(text="Segredo da Ana"))

    assert [(one.text, one.fingerprint) for one in kept.kept.values()] == [("", None)]


async def test_r27_an_erasure_in_the_midst_of_a_refusal_leaves_nothing_of_it() -> None:
    kept = ContactsInMemory()
    running = Running(kept, Erasing(kept))
    await running.publish(OPTIONS, TECNICO, ANA)

    await running.problem(a_contact(text="x" * 5000))

    assert [(one.text, one.fingerprint) for one in kept.kept.values()] == [("", None)]


async def test_r27_the_erasure_outlives_late_events_about_the_customer(running: Running) -> None:
    await running.publish(NO_ANA, emitted(mk.CustomerSaved, customer_id="ana", name="Ana", connections=[]))

    assert (await running.problem(a_contact())).status == 404
