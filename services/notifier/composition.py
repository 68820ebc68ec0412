"""Who is made of the notifier's parts: those who decide, and those who deliver."""

from dataclasses import dataclass

from chassis.service import Service
from contracts.addresses import usable
from services.notifier.decide.handlers import DecisionHandlers
from services.notifier.decide.parts import Deciding
from services.notifier.deliver.again import AgainHandlers
from services.notifier.deliver.caps import HourlyCap
from services.notifier.deliver.chat.parts import Shared, Telegram
from services.notifier.deliver.handlers import ExplainingHandlers, InboxHandlers, MailHandlers
from services.notifier.deliver.parts import Delivering, Watching
from services.notifier.deliver.push.device_handlers import DeviceHandlers
from services.notifier.deliver.push.handlers import PushHandlers
from services.notifier.deliver.push.parts import Push, public_channels
from services.notifier.deliver.reached import ReachedHandlers
from services.notifier.deliver.unreached import UnreachedHandlers
from services.notifier.parts import AllParts, Parts, complete
from services.notifier.settings import Settings


@dataclass(frozen=True, slots=True)
class Notifier:
    """The notifier, put together."""

    deciding: Deciding
    delivering: Delivering
    push: Push
    chat: Telegram


def compose(service: Service, settings: Settings, given: Parts) -> Notifier:
    """Both halves: who decides hands items to who shows, and is informed by who sends of how it ended."""
    parts = complete(given, service, settings)
    shows = InboxHandlers(
        inbox=parts.inbox,
        customers=parts.customers,
        deliveries=parts.deliveries,
        writer=parts.writer,
        clock=service.clock,
    )
    decides = DecisionHandlers(
        contacts=parts.contacts,
        tickets=parts.tickets,
        customers=parts.customers,
        addresses=parts.addresses,
        deliveries=parts.deliveries,
        inbox=shows,
        clock=service.clock,
        channels=parts.channels,
        others=(parts.devices, parts.chosen),
    )
    explains = ExplainingHandlers(
        contacts=parts.contacts, tickets=parts.tickets, deliveries=parts.deliveries, addresses=parts.addresses
    )
    resends = AgainHandlers(sendings=parts.sendings, customers=parts.customers)
    return Notifier(
        Deciding(decides),
        Delivering(
            _mails(service, settings, parts, decides),
            shows,
            explains,
            resends,
            Watching(
                UnreachedHandlers(parts.unreached),
                parts.tally,
                ReachedHandlers(parts.customers, parts.addresses, parts.channels.set_up),
            ),
        ),
        Push(_pushes(service, settings, parts, decides), _devices(service, settings, parts)),
        _chat(service, settings, parts, decides),
    )


def _mails(service: Service, settings: Settings, parts: AllParts, decides: DecisionHandlers) -> MailHandlers:
    return MailHandlers(
        deliveries=parts.deliveries,
        tickets=parts.tickets,
        customers=parts.customers,
        addresses=parts.addresses,
        mail=parts.mail,
        writer=parts.writer,
        counted=parts.counted,
        clock=service.clock,
        on_mail_ended=decides.on_mail_ended,
        own_addresses=frozenset(one.lower() for one in (parts.writer.sender, *usable(settings.mail_own_addresses))),
        cap=HourlyCap(settings.mail_hourly_cap),
    )


def _pushes(service: Service, settings: Settings, parts: AllParts, decides: DecisionHandlers) -> PushHandlers:
    return PushHandlers(
        pushes=parts.pushes,
        deliveries=parts.deliveries,
        devices=parts.devices,
        tickets=parts.tickets,
        customers=parts.customers,
        writer=parts.writer,
        ways=parts.ways,
        channels=parts.channels,
        on_dropped=parts.counted.dropped,
        on_push_ended=lambda due, outcome: decides.on_channel_ended(due, "push", outcome),
        public_url=settings.public_url,
        clock=service.clock,
        at_most=settings.send_lease / 2,
    )


def _devices(service: Service, settings: Settings, parts: AllParts) -> DeviceHandlers:
    return DeviceHandlers(
        devices=parts.devices,
        chosen=parts.chosen,
        customers=parts.customers,
        tickets=parts.tickets,
        hosts=parts.hosts,
        kinds=frozenset(parts.ways),
        public_channels=public_channels(settings),
        clock=service.clock,
    )


def _chat(service: Service, settings: Settings, parts: AllParts, decides: DecisionHandlers) -> Telegram:
    shared = Shared(
        customers=parts.customers,
        deliveries=parts.deliveries,
        writer=parts.writer,
        channels=parts.channels,
        on_ended=lambda due, outcome: decides.on_channel_ended(due, "telegram", outcome),
    )
    return parts.chat.build(service, settings, shared)
