"""How customers are lost for a channel, for good, by kind; nothing is mended."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from tests.chaos.history import now
from tests.chaos.provider import Customer
from tests.simulation.losing import Lost
from tests.simulation.world import World

_QUIET_WITHIN = 60.0


def _chosen(world: World, rng: Random, has: Callable[[Customer], object]) -> Customer:
    return rng.choice([one for one in world.customers.values() if has(one)])


async def _device_gone(world: World, rng: Random) -> str:
    customer = _chosen(world, rng, lambda one: one.has_device)
    world.push.gone[customer.id] = rng.choice((404, 410))
    world.losses.append(Lost(now(), customer.id, "push"))
    return f"the device of {customer.id}"


async def _mailbox_refused(world: World, rng: Random) -> str:
    customer = _chosen(world, rng, lambda one: one.email)
    world.mail.refused.add(customer.email or "")
    world.losses.append(Lost(now(), customer.id, "email"))
    return f"the mailbox of {customer.id}"


async def _chat_blocked(world: World, rng: Random) -> str:
    customer = _chosen(world, rng, lambda one: one.chat)
    # whoever pressed a button waits for its answer before they block the bot
    try:
        async with asyncio.timeout(_QUIET_WITHIN):
            while world.chats.updates:  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(0.2)
    except TimeoutError:
        return "nobody"
    world.chats.blocked.add(customer.chat or 0)
    world.losses.append(Lost(now(), customer.id, "telegram"))
    return f"the chat of {customer.id}"


async def _switched_off(world: World, rng: Random) -> str:
    channel = rng.choice(("push", "telegram"))
    customer = _chosen(world, rng, lambda one: one.has_device if channel == "push" else one.chat)
    await world.workload.app.switch_off(customer.id, channel)
    world.losses.append(Lost(now(), customer.id, channel, is_switched_off=True))
    return f"{channel} of {customer.id}"


LOSSES: dict[str, Callable[[World, Random], Awaitable[str]]] = {
    "device gone": _device_gone,
    "mailbox refused": _mailbox_refused,
    "chat blocked": _chat_blocked,
    "switched off": _switched_off,
}
"""How each kind of loss is done."""
