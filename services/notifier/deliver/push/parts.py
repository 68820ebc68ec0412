"""What push is put together from: the ways to devices that the settings open, and who listens and answers."""

from collections.abc import Mapping
from dataclasses import dataclass

from chassis.messaging.registry import Patience
from chassis.service import Service
from contracts.channels import (
    Channels,
    GetChannels,
    GetPreferences,
    ListDevices,
    RegisterDevice,
    RemoveDevice,
    SavePreferences,
)
from contracts.notifier import PushDue
from services.notifier import errors
from services.notifier.deliver.channels.fcm import Fcm, ServiceAccount
from services.notifier.deliver.channels.push_hosts import PushHosts
from services.notifier.deliver.channels.webpush import Vapid, WebPush
from services.notifier.deliver.devices import Kind
from services.notifier.deliver.push import ports as push_ports
from services.notifier.deliver.push.device_handlers import DeviceHandlers
from services.notifier.deliver.push.handlers import PATIENCE, PushHandlers
from services.notifier.deliver.push.senders import BrowserSender, PhoneSender
from services.notifier.errors import AskedToWait, moment_of
from services.notifier.settings import Settings

Ways = Mapping[Kind, push_ports.PushSender]


@dataclass(frozen=True, slots=True)
class Push:
    """Push and what customers choose of it: its handlers."""

    sends: PushHandlers
    keeps: DeviceHandlers

    def listen(self, service: Service) -> None:
        """Take what is due, and answer what the app asks."""
        patience = Patience(AskedToWait, PATIENCE, self.sends.on_push_given_up, until=moment_of)
        service.on(PushDue, self.sends.on_push_due, patience=patience, given_up=self.sends.on_push_given_up)
        service.answers(GetChannels, self.keeps.on_get_channels)
        service.answers(RegisterDevice, self.keeps.on_register_device, refuses=errors.STATUS)
        service.answers(ListDevices, self.keeps.on_list_devices)
        service.answers(RemoveDevice, self.keeps.on_remove_device, refuses=errors.STATUS)
        service.answers(GetPreferences, self.keeps.on_get_preferences)
        service.answers(SavePreferences, self.keeps.on_save_preferences, refuses=errors.STATUS)


def public_channels(settings: Settings) -> Channels:
    """Which channels the settings set up. Raises: ValueError for a key that is none."""
    vapid = _vapid(settings)
    return Channels(
        push_public_key=vapid.public_key if vapid else None, telegram="telegram" in settings.optional_channels
    )


def ways_to_devices(service: Service, settings: Settings, hosts: PushHosts) -> Ways:
    """The kinds of devices for which there is a key or an account. Raises: ValueError for one that is none."""
    ways: dict[Kind, push_ports.PushSender] = {}
    if vapid := _vapid(settings):
        web_push = WebPush(vapid, timeout=settings.push_timeout)
        service.closes(web_push.close)
        ways["web_push"] = BrowserSender(web_push, hosts)
    if settings.fcm_credentials:
        account = ServiceAccount.read(settings.fcm_credentials.get_secret_value())
        fcm = Fcm(account, url=settings.fcm_url, timeout=settings.push_timeout)
        service.closes(fcm.close)
        ways["fcm"] = PhoneSender(fcm)
    return ways


def _vapid(settings: Settings) -> Vapid | None:
    key = settings.vapid_key
    return Vapid.read(key.get_secret_value(), subject=settings.vapid_subject) if key else None
