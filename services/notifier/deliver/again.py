"""Sends a notification again, because an operator asks for it (R19)."""

import asyncio
import contextlib
import random
from dataclasses import dataclass

from chassis.persistence.documents import Conflict
from chassis.persistence.repository import RACES
from contracts.addresses import usable
from contracts.notifier import EmailDue
from contracts.operating import SendAgain, SentAgain
from services.notifier.deliver import ports
from services.notifier.deliver.resending import UNDER_WAY, again, check
from services.notifier.deliver.sending import AnyDue
from services.notifier.errors import NothingToSend, UnknownNotification


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainHandlers:
    """What operators ask of what didn't arrive."""

    sendings: ports.Sendings
    customers: ports.Customers

    async def on_send_again(self, command: SendAgain) -> SentAgain:
        """Make a notification due once more; nothing where it is on its way.

        Raises: UnknownNotification, AlreadySent, NothingToSend.
        """
        for _ in range(RACES):
            with contextlib.suppress(Conflict):
                return await self._send_again(command)
            await asyncio.sleep(random.uniform(0, 0.01))
        return await self._send_again(command)

    async def _send_again(self, command: SendAgain) -> SentAgain:
        delivery = await self.sendings.find(command.notification_id)
        if delivery is None:
            raise UnknownNotification("Nada com este número foi posto a caminho: veja `atendo explain`.")
        if command.event_id in delivery.causes:
            return SentAgain(notification_id=delivery.id)
        if delivery.state in UNDER_WAY:
            return SentAgain(notification_id=delivery.id, under_way=True)
        check(delivery, anyway=command.anyway)
        due = await self.sendings.due(delivery)
        if due is None:
            raise NothingToSend("O texto desta notificação não está mais guardado.")
        await self.sendings.queue(delivery, again(due, command, address=await self._address(due)), cause=command)
        return SentAgain(notification_id=delivery.id)

    async def _address(self, due: AnyDue) -> str | None:
        """Where it goes: as before, unless MK has another address of the customer's since then."""
        if not isinstance(due, EmailDue) or due.recipient != "customer" or due.customer_id is None:
            return due.address
        known = usable((await self.customers.find(due.customer_id)).email)
        return due.address if due.address in known or not known else known[0]
