"""The whole product with stand-ins for a push service and Telegram, and a customer who has all that they reach."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from contracts import mk
from ops.embedded.push.devices import Browser
from services.notifier.deliver.chat import phrases
from tests.eventually import eventually
from tests.journeys.provider import ANA, Provider
from tests.pushes import RealPush
from tests.services.edge.surroundings import Issuer
from tests.services.notifier.chat.running import QUICK
from tests.services.notifier.keys import a_vapid_key
from tests.smtp import Mailbox
from tests.system import System, emitted
from tests.telegram import Telegram

CHAT = 7_000_010_123
LEVELS = ("none", "start_end", "all")


@dataclass
class Everywhere:
    """Ana, and everything that can reach her."""

    provider: Provider
    push: RealPush
    telegram: Telegram
    browsers: list[Browser] = field(default_factory=list)
    endpoint: str = ""

    async def subscribe(self) -> None:
        """Register a browser of hers."""
        browser, device = self.push.a_browser()
        answer = await self.provider.app(ANA).post("/v1/devices", json={**device, "label": "Navegador"})
        assert answer.status_code == 201, answer.text
        self.browsers.append(browser)
        self.endpoint = device["endpoint"]

    async def link(self) -> None:
        """Link her chat."""
        url = await eventually(self._invitation)
        self.telegram.begin(CHAT, token=url.partition("?start=")[2])
        await eventually(self.telegram.wrote(CHAT, phrases.LINKED))

    async def _invitation(self) -> str:
        # a busy machine may answer 503 at first
        answer = await self.provider.app(ANA).post("/v1/telegram/link")
        assert answer.is_success, answer.text
        return str(answer.json()["url"])

    async def choose(self, *, push: bool = True, telegram: bool = True, quiet: dict[str, str] | None = None) -> None:
        """Have her choose her channels and quiet hours."""
        chosen = {"channels": {"push": push, "telegram": telegram}, "quiet_hours": quiet}
        answer = await self.provider.app(ANA).put("/v1/preferences", json=chosen)
        assert (answer.status_code, answer.json()) == (200, chosen)

    def pushed(self) -> list[tuple[str, str]]:
        """What her browsers show: titles and bodies."""
        shown = [one["message"]["notification"] for browser in self.browsers for one in browser.messages]
        return [(one["title"], one["body"]) for one in shown]

    def chatted(self) -> list[tuple[str, str]]:
        """What the bot wrote of itself, as titles and bodies."""
        texts = self.telegram.texts(CHAT) if self.telegram.knows(CHAT) else []
        return [(title, body) for title, _, body in (text.partition("\n") for text in texts) if body]

    async def inbox(self) -> list[tuple[str, str]]:
        """What her inbox shows: titles and bodies, the oldest first."""
        return [(one["title"], one["body"]) for one in reversed(await self.provider.inbox(ANA))]


@asynccontextmanager
async def everywhere(
    system: System, mailbox: Mailbox, telegram: Telegram, **notifier: object
) -> AsyncIterator[Everywhere]:
    """Give the whole product, running; `notifier` are more settings of the notifier's."""
    push = RealPush()
    await push.start()
    issuer = Issuer()
    pushes = {"vapid_key": a_vapid_key(), "push_hosts": "127.0.0.1"}
    given: dict[str, dict[str, Any]] = {"notifier": {**pushes, **telegram.settings, **QUICK, **notifier}}
    provider = Provider(system, mailbox, issuer, given=lambda name: given.get(name, {}))
    try:
        await provider.start()
        yield Everywhere(provider, push, telegram)
    finally:
        await provider.close()
        issuer.close()
        await push.stop()


async def open_sectors_of_every_level(provider: Provider) -> None:
    """Have MK announce a sector for each notification level, under the level's name (R14)."""
    before = await provider.of("contacts").database["sectors"].count_documents({})
    await provider.system.publish(
        *(
            emitted(
                mk.SectorSaved,
                sector_id=level,
                name=f"Setor {level}",
                responsible_email=f"{level}@provedor.example",
                default_notification_level=level,
                generate_ticket=True,
                auto_process="Suporte",
                auto_classification="Sem conexão",
            )
            for level in LEVELS
        )
    )
    for name in ("contacts", "tickets"):
        sectors = provider.of(name).database["sectors"]

        async def all_known(sectors: Any = sectors) -> bool:  # noqa: ANN401 - a collection
            return bool(await sectors.count_documents({}) == before + len(LEVELS))

        await eventually(all_known)
