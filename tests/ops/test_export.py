"""`atendo export` over the whole product: all that is held about a customer, and what an erasure leaves of it (R27)."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts import mk
from ops.dead import Filters, drop
from ops.export import export
from tests.eventually import eventually
from tests.journeys.provider import ANA, BIA
from tests.ops.running import Running, a_day
from tests.system import emitted

Capture = pytest.CaptureFixture[str]

PERSONAL = ("Ana Ramos", "ana@cliente.example", "Sem conexão desde cedo", "Demorou")


async def exported(customer: str, capfd: Capture) -> dict[str, Any]:
    """What the command prints."""
    capfd.readouterr()
    assert await asyncio.to_thread(export, customer) == 0
    printed: dict[str, Any] = json.loads(capfd.readouterr().out)
    return printed


def strings(printed: dict[str, Any]) -> str:
    return json.dumps(printed, ensure_ascii=False)


async def test_r27_all_that_is_held_about_a_customer_is_exported_and_nothing_of_others(
    provider: Running, capfd: Capture
) -> None:
    protocol, ticket = await a_day(provider)
    assert (await provider.write(BIA, text="O modem da Bia queimou", connection_id="c1")).is_success
    await provider.system.quiet()

    printed = await exported(ANA, capfd)

    assert printed["customer_id"] == ANA
    held = {service: set(collections) for service, collections in printed["held"].items()}
    assert held == {
        "contacts": {"contacts", "customers"},
        "tickets": {"customers", "tickets"},
        "notifier": {"contacts", "customers", "deliveries", "tickets"},
        "feedback": {"evaluations"},
    }
    for secret in (*PERSONAL, protocol, ticket):
        assert secret in strings(printed), secret
    for secret in ("queimou", "bia@cliente.example"):
        assert secret not in strings(printed), secret


async def test_r27_of_an_erased_customer_numbers_stay_and_nothing_that_tells_of_a_person(
    provider: Running, capfd: Capture
) -> None:
    protocol, _ = await a_day(provider)

    await provider.system.publish(emitted(mk.CustomerErased, at=datetime.now(UTC), customer_id=ANA))
    await provider.system.quiet()

    printed = await exported(ANA, capfd)
    for secret in PERSONAL:
        assert secret not in strings(printed), secret
    (evaluation,) = printed["held"]["feedback"]["evaluations"]
    assert (evaluation["protocol"], evaluation["answer"]) == (protocol, {"score": 4, "comment": None})


async def test_dead_letters_about_a_customer_or_their_tickets_are_exported_and_can_be_dropped(
    provider: Running, capfd: Capture
) -> None:
    _, ticket = await a_day(provider)
    await dies(provider, "phase_changed", f'{{"ticket_id": "{ticket}", "note": "falou com a Ana"'.encode())
    await dies(provider, "customer_saved", json.dumps({"customer_id": ANA, "name": "Ana R."}).encode())
    await dies(provider, "customer_saved", json.dumps({"customer_id": "anabela", "name": "Anabela"}).encode())

    dead = (await exported(ANA, capfd))["dead_letters"]

    assert {one["reason"] for one in dead} == {"unreadable"}
    assert "falou com a Ana" in str(dead)
    assert "Ana R." in str(dead)
    assert "Anabela" not in str(dead)

    assert await asyncio.to_thread(drop, filters=Filters(about=ticket), yes=True) == 0
    assert await asyncio.to_thread(drop, filters=Filters(about=ANA), yes=True) == 0
    assert (await exported(ANA, capfd))["dead_letters"] == []
    assert len((await exported("anabela", capfd))["dead_letters"]) > 0


async def dies(provider: Running, kind: str, body: bytes) -> None:
    """Have a message that nobody can read end among the dead."""
    before = await provider.system.depth("tickets.dead")
    name = "".join(part.capitalize() for part in kind.split("_"))
    await provider.system.publish_raw("mk", f"mk.{kind}.v1", body, type=f"{name}.v1")
    await eventually(lambda: more_are_dead(provider, before))


async def more_are_dead(provider: Running, before: int) -> bool:
    return await provider.system.depth("tickets.dead") > before


@pytest.mark.usefixtures("provider")
async def test_nothing_held_is_said_in_one_line(capfd: Capture) -> None:
    assert await asyncio.to_thread(export, "nobody") == 1
    assert capfd.readouterr().err == "atendo: nothing is held about a customer 'nobody'.\n"
