"""What customers have and choose: their devices, and what channels may do (R16, R20, R27)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from contracts.channels import (
    Channels,
    DeviceId,
    Devices,
    Done,
    GetChannels,
    GetPreferences,
    ListDevices,
    Preferences,
    RegisterDevice,
    RemoveDevice,
    SavePreferences,
)
from contracts.channels import Device as Shown
from services.notifier.deliver import ports
from services.notifier.deliver.channels.push_hosts import PushHosts
from services.notifier.deliver.devices import DeviceNotFound, Kind, device_of
from services.notifier.deliver.push import ports as push_ports
from services.notifier.errors import NoLongerACustomer, PushNotSetUp


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHandlers:
    """Devices and preferences; whoever was erased gets none (R27)."""

    devices: push_ports.Devices
    chosen: push_ports.Chosen
    customers: ports.Customers
    tickets: ports.Tickets
    hosts: PushHosts
    kinds: frozenset[Kind]
    """The kinds of devices that can be reached: those for which there is a key or an account."""

    public_channels: Channels
    clock: Callable[[], datetime]

    async def on_get_channels(self, _query: GetChannels) -> Channels:
        """Which channels are set up."""
        return self.public_channels

    async def on_register_device(self, command: RegisterDevice) -> DeviceId:
        """Push to a device from now on. Raises: DeviceRefused, PushNotSetUp, NoLongerACustomer."""
        if command.device not in self.kinds:
            raise PushNotSetUp("Avisos neste tipo de aparelho não estão disponíveis.")
        device = device_of(command, self.hosts, now=self.clock())
        await self._check(command.customer_id)
        created = await self.devices.save(device)
        await self._check_again(command.customer_id)
        return DeviceId(id=device.id, created=created)

    async def on_list_devices(self, query: ListDevices) -> Devices:
        """A customer's devices, the newest first."""
        found = await self.devices.of_customer(query.customer_id)
        return Devices(
            items=[Shown(id=one.id, kind=one.kind, label=one.label, registered_at=one.registered_at) for one in found]
        )

    async def on_remove_device(self, command: RemoveDevice) -> Done:
        """Push to a device no more. Raises: DeviceNotFound, for a foreign one too."""
        if not await self.devices.remove(command.customer_id, command.device_id):
            raise DeviceNotFound("Aparelho não encontrado.")
        return Done()

    async def on_get_preferences(self, query: GetPreferences) -> Preferences:
        """What a customer chose, or what holds for everybody."""
        return await self.chosen.of_customer(query.customer_id)

    async def on_save_preferences(self, command: SavePreferences) -> Preferences:
        """Keep what a customer chooses, and look again at what is held back. Raises: NoLongerACustomer."""
        await self._check(command.customer_id)
        holds = await self.chosen.save(command)
        await self._check_again(command.customer_id)
        await self.tickets.wake(command.customer_id, self.clock())
        return holds

    async def _check(self, customer_id: str) -> None:
        if (await self.customers.find(customer_id)).erased:
            raise NoLongerACustomer("Cliente não encontrado.")

    async def _check_again(self, customer_id: str) -> None:
        # an erasure that came in between has not seen what was saved (ADR 17)
        if (await self.customers.find(customer_id)).erased:
            await self.devices.erase(customer_id)
            await self.chosen.erase(customer_id)
            raise NoLongerACustomer("Cliente não encontrado.")
