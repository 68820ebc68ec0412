"""The whole product, a broker that shows its metrics, and a Prometheus that scrapes them all, after a troubled day."""

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import yaml

from chassis.http.health import server
from contracts import mk
from ops.embedded.ports import LOOPBACK, free_port
from ops.embedded.process import Program, stop
from ops.embedded.rabbitmq import RabbitMQ
from tests.eventually import eventually
from tests.journeys.provider import ANA, BIA, SERVICES, Provider, link_in
from tests.observability.programs import program
from tests.pushes import RealPush
from tests.services.edge.surroundings import Issuer
from tests.services.notifier.keys import a_vapid_key
from tests.smtp import Mailbox
from tests.system import System, emitted
from tests.telegram import Telegram

ROOT = Path(__file__).parents[2]
PATIENCE = timedelta(seconds=120)
TEXT = "Minha internet caiu de novo"


class Scene:
    """What runs, and how to ask Prometheus about it."""

    def __init__(self, folder: Path, mailbox: Mailbox, mongo_url: str) -> None:
        self.folder = folder
        self.protocols: list[str] = []
        self._mailbox = mailbox
        self._issuer = Issuer()
        self._push = RealPush()
        self._telegram: Telegram | None = None
        self._node = RabbitMQ(
            folder=folder / "rabbitmq",
            port=free_port(),
            management_port=free_port(),
            distribution_port=free_port(),
            log=folder / "rabbitmq.log",
            metrics_port=free_port(),
        )
        self._mongo_url = mongo_url
        self.database_prefix = f"t{uuid4().hex[:12]}_"
        self._port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closings: list[Callable[[], Awaitable[object]]] = []
        self._targets: dict[str, str] = {}
        self._client = httpx2.AsyncClient(base_url=f"http://{LOOPBACK}:{self._port}", timeout=60)

    async def begin(self) -> None:
        """Bring up everything, tell the story of the day, and wait until all of it was scraped."""
        self._processes.append(self._node.program().start())
        await eventually(self._node.ready, PATIENCE)
        self.system = System(amqp_url=self._node.url, mongo_url=self._mongo_url, database_prefix=self.database_prefix)
        await eventually(self._opens, PATIENCE)
        self._closings.append(self.system.close)
        await self._push.start()
        self._closings.append(self._push.stop)
        (self.folder / "chat").mkdir()
        telegram = self._telegram = await asyncio.to_thread(Telegram, self.folder / "chat")
        notifier = {"vapid_key": a_vapid_key(), "push_hosts": LOOPBACK, **telegram.settings}
        given = {"notifier": {**notifier, "telegram_wait": "PT1S"}}
        self.provider = Provider(self.system, self._mailbox, self._issuer, given=lambda name: given.get(name, {}))
        await self.provider.start()
        self._closings.insert(0, self.provider.close)
        for name in SERVICES:
            await self._show(name)
        self._targets["edge"] = str(self.provider.app(ANA).base_url).removeprefix("http://").rstrip("/")
        self._start_prometheus()
        # what happens before anybody looks is no change
        assert await self.unanswered({'atendo:queue_ready{queue="tickets.dead"}'}) == set()
        await self._live_a_day()

    async def _opens(self) -> bool:
        # the node answers its management API a moment before it takes connections
        try:
            await self.system.open()
        except ConnectionError:
            return False
        return True

    async def _show(self, name: str) -> None:
        http = server(self.provider.of(name).http_app(), host=LOOPBACK, port=free_port())
        serving = asyncio.create_task(http.serve())
        await eventually(lambda: http.started)
        self._targets[name] = f"{LOOPBACK}:{http.config.port}"

        async def close() -> None:
            http.should_exit = True
            await serving

        self._closings.insert(0, close)

    def _start_prometheus(self) -> None:
        detailed = {"family": ["queue_coarse_metrics", "queue_consumer_count"]}
        broker = {"static_configs": [{"targets": [f"{LOOPBACK}:{self._node.metrics_port}"]}]}
        jobs: list[dict[str, Any]] = [
            *({"job_name": name, "static_configs": [{"targets": [at]}]} for name, at in self._targets.items()),
            {"job_name": "rabbitmq", **broker},
            {"job_name": "rabbitmq-queues", "metrics_path": "/metrics/detailed", "params": detailed, **broker},
        ]
        configuration = self.folder / "prometheus.yml"
        configuration.write_text(
            yaml.safe_dump(
                {
                    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                    "rule_files": [str(ROOT / "deploy" / "prometheus" / "rules" / "*.yml")],
                    "scrape_configs": jobs,
                }
            )
        )
        command = (
            program("prometheus"),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={self.folder / 'prometheus'}",
            f"--web.listen-address={LOOPBACK}:{self._port}",
        )
        self._processes.append(Program(argv=command, log=self.folder / "prometheus.log").start())

    async def _live_a_day(self) -> None:
        """A contact, a closing with its evaluation, a mail that is put off, a dead letter, a service that is away.

        Bia has a browser and a chat with the bot.
        """
        provider = self.provider
        await self._reach_bia(self._telegram)
        self._mailbox.refuse("451 4.3.0 try again later")
        for customer in (ANA, BIA):
            written = await provider.write(customer, text=TEXT, connection_id="c1")
            self.protocols.append(written.json()["protocol"])
        await eventually(self._has_put_off_a_mail, PATIENCE)
        self._mailbox.accept()
        ticket = await provider.ticket_of(self.protocols[0])
        now = datetime.now(UTC)
        await self.system.publish(
            emitted(mk.TicketClosed, at=now, ticket_id=ticket, closed_by="joana", request_evaluation=True),
            emitted(mk.TicketReopened, at=now, ticket_id=await provider.ticket_of(self.protocols[1]), reason=TEXT),
        )
        await self.system.publish_raw("mk", "mk.sector_saved.v1", b"{not json", type="SectorSaved.v1")
        mails = await eventually(
            lambda: [one for one in self._mailbox.messages if "/avaliacao/" in one.as_string()] or None, PATIENCE
        )
        link = link_in(mails[0])
        answered = await provider.app(ANA).post(link, data={"score": "3", "comment": TEXT})
        assert answered.status_code == 200, answered.text
        await provider.app(ANA).get(link + "x")
        await eventually(lambda: len(self._mailbox.messages) >= 5, PATIENCE)
        await self.provider.of("tickets").stop()
        self.system.services.remove(self.provider.of("tickets"))
        assert (await provider.app(ANA).get("/v1/tickets")).status_code == 503

    async def _reach_bia(self, telegram: Telegram | None) -> None:
        assert telegram is not None
        app, (_, device) = self.provider.app(BIA), self._push.a_browser()
        assert (await app.post("/v1/devices", json=device)).status_code == 201
        invitation = (await app.post("/v1/telegram/link")).json()
        await asyncio.to_thread(telegram.begin, 700_001, token=invitation["url"].partition("?start=")[2])

        async def is_linked() -> bool:
            return bool((await app.get("/v1/telegram/link")).json()["linked"])

        await eventually(is_linked, PATIENCE)

    def _has_put_off_a_mail(self) -> bool:
        registry = self.provider.of("notifier").metrics.registry
        return bool(registry.get_sample_value("atendo_retries_total", {"rung": "5s"}))

    async def shown(self) -> dict[str, str]:
        """What each service shows."""
        return {name: (await self._client.get(f"http://{at}/metrics")).text for name, at in self._targets.items()}

    async def ask(self, expr: str) -> list[dict[str, Any]]:
        """What Prometheus answers now. An expression that is none fails the test."""
        try:
            answer = (await self._client.get("/api/v1/query", params={"query": expr})).json()
        except httpx2.TransportError as error:
            raise AssertionError("not listening yet") from error
        if answer["status"] != "success":
            raise ValueError(f"{expr}: {answer['error']}")
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    async def unanswered(self, exprs: set[str]) -> set[str]:
        """The expressions that find nothing, however patiently they are asked."""
        until = time.monotonic() + PATIENCE.total_seconds()
        while exprs and time.monotonic() < until:
            exprs = {expr for expr in exprs if not await self._finds(expr)}
            await asyncio.sleep(0.5)
        return exprs

    async def _finds(self, expr: str) -> bool:
        try:
            return bool(await self.ask(expr))
        except AssertionError:
            return False

    async def end(self) -> None:
        """Stop everything."""
        for close in self._closings:
            await close()
        await self._client.aclose()
        if self._telegram is not None:
            await asyncio.to_thread(self._telegram.stop)
        self._issuer.close()
        for process in reversed(self._processes):
            stop(process, grace=timedelta())
