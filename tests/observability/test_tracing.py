"""One trace leads from the app's request to the mail, and nothing of it costs anybody who didn't ask for it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from chassis.observability import tracing
from chassis.observability.logging import logger
from chassis.persistence.outbox import Entry
from contracts import mk
from services.contacts.app import build
from services.contacts.settings import Settings
from tests.eventually import eventually
from tests.observability.collector import Collector, Seen
from tests.observability.replicas import ROOT, Replica, running
from tests.services.edge.surroundings import Issuer
from tests.smtp import Mailbox
from tests.system import LONG_AGO, System, emitted

SERVER, CLIENT, CONSUMER = 2, 3, 5
THE_APPS = "00-11111111111111111111111111111111-2222222222222222-01"
SOON = timedelta(seconds=120)


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Give a receiver of traces."""
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Give a token issuer."""
    issuer = Issuer()
    yield issuer
    issuer.close()


async def a_provider(system: System) -> None:
    """MK tells of one customer and one sector."""
    await system.publish(
        emitted(mk.SacOptionsSaved, mobile_menu=["tickets", "contacts"]),
        emitted(
            mk.SectorSaved,
            sector_id="tecnico",
            name="Técnico",
            responsible_email="tecnico@provedor.example",
            generate_ticket=True,
        ),
        emitted(
            mk.CustomerSaved,
            customer_id="ana",
            name="Ana Ramos",
            email="ana@cliente.example",
            connections=[{"connection_id": "c1", "label": "Casa", "active": True}],
        ),
    )


async def write(edge: Replica, token: str) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{edge.port}", timeout=60) as app:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one-contact", "Prefer": "wait=5"}
        body = {"sector_id": "tecnico", "text": "Sem conexão desde cedo"}
        return await app.post("/v1/contacts", json=body, headers=headers)


def above(span: Seen, spans: list[Seen]) -> list[Seen]:
    """A span's parents, up to the first."""
    by_id = {one.id: one for one in spans}
    found = []
    while span.parent in by_id:
        span = by_id[span.parent]
        found.append(span)
    return found


async def test_one_trace_leads_from_the_app_s_request_to_both_mails(
    system: System, mailbox: Mailbox, issuer: Issuer, collector: Collector
) -> None:
    environment = {name.upper(): value for name, value in system.environment.items()} | {
        "JWKS_URL": issuer.url,
        "RECEIPT_SECRET": "r" * 32,
        "SMTP_URL": mailbox.url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    async with running("edge", "contacts", "tickets", "notifier", environment=environment) as replicas:
        await a_provider(system)
        accepted = await eventually(lambda: is_accepted(replicas["edge"], issuer.token()), SOON)

        await eventually(lambda: len(mailbox.messages) >= 2, SOON)

        [trace] = await eventually(lambda: traces_of_mails(collector), SOON)
        numbers = await replicas["notifier"].metrics(accept="application/openmetrics-text")
        lines = [line for replica in replicas.values() for line in replica.log if line.get("trace_id") == trace]

    assert accepted.json()["protocol"]
    spans = collector.traces[trace]
    [request] = [span for span in spans if span.kind == SERVER]
    assert (request.service, request.name, request.parent) == ("edge", "POST /v1/contacts", "")
    for mail in [span for span in spans if span.kind == CLIENT]:
        parents = above(mail, spans)
        assert parents[-1] == request
        assert [one.service for one in parents][:2] == ["notifier", "notifier"]
        assert {one.kind for one in parents[:-1]} == {CONSUMER}
        assert parents[-2].attributes["atendo.handler"] == "on_submit_contact"
    asked = next(span for span in spans if span.attributes.get("atendo.handler") == "on_ticket_requested")
    assert [one.service for one in above(asked, spans)] == ["contacts", "edge"]
    assert {line["service"] for line in lines} == {"edge", "contacts", "tickets", "notifier"}
    assert f'trace_id="{trace}"' in numbers
    found = str([(span.name, span.attributes) for span in collector.spans])
    assert not any(personal in found for personal in ("ana", "Ana", "Sem conex", accepted.json()["protocol"], "@"))


async def is_accepted(edge: Replica, token: str) -> httpx2.Response | None:
    # refused while contacts hasn't heard of Ana yet
    answer = await write(edge, token)
    return answer if answer.status_code == 202 and "protocol" in answer.json() else None


async def traces_of_mails(collector: Collector) -> list[str]:
    mails = [span.trace for span in collector.spans if span.kind == CLIENT]
    complete = len(mails) == 2 and all(
        any(span.kind == SERVER for span in collector.traces[trace]) for trace in set(mails)
    )
    return list(set(mails)) if complete else []


async def test_an_event_that_is_published_late_stays_in_its_trace(collector: Collector) -> None:
    event = emitted(mk.CustomerErased, customer_id="ana")
    tracing.begin("contacts", collector.url, log=logger())
    try:
        with tracing.consuming("contacts", {"traceparent": THE_APPS}):
            kept = Entry.of(event, cause=uuid4(), at=LONG_AGO).document()
        late = Entry.read(kept).outgoing
    finally:
        await tracing.end()

    assert str(late.headers["traceparent"]).split("-")[1] == THE_APPS.split("-")[1]
    assert [span.parent for span in collector.spans] == [THE_APPS.split("-")[2]]


async def test_a_dead_letter_keeps_its_trace_and_the_failure_is_seen_in_it(
    system: System, collector: Collector
) -> None:
    tracing.begin("contacts", collector.url, log=logger())
    try:
        await system.run(build, Settings)
        with tracing.serving("POST", THE_APPS):
            await system.publish_raw("mk", "mk.sector_saved.v1", b"{not json", type="SectorSaved.v1")
        await eventually(lambda: has_died(system))
        # and its span has ended
        await system.quiet()
    finally:
        await tracing.end()

    [dead_letter] = await system.dead("contacts")
    assert str(dead_letter.headers["traceparent"]).split("-")[1] == THE_APPS.split("-")[1]
    [failed] = [span for span in collector.spans if span.kind == CONSUMER and span.failed]
    assert failed.trace == THE_APPS.split("-")[1]
    assert failed.attributes["atendo.outcome"] == "dead"


async def has_died(system: System) -> bool:
    return await system.depth("contacts.dead") == 1


async def test_a_receiver_that_is_away_holds_nothing_up() -> None:
    tracing.begin("contacts", "http://127.0.0.1:9", log=logger())

    with tracing.calling("SMTP send", {}):
        carried = tracing.carried()
    async with asyncio.timeout(60):
        await tracing.end()

    assert carried
    assert tracing.carried() == {}


def output_of(code: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=200, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("service", ["contacts", "tickets", "notifier", "feedback", "edge"])
def test_nothing_of_it_is_loaded_where_nobody_asks(service: str) -> None:
    # FastAPI loads the API, which does nothing, by itself
    of_the_api = () if service == "edge" else ("opentelemetry.trace", "opentelemetry.context")
    unwanted = (
        "opentelemetry.sdk",
        "opentelemetry.exporter",
        "opentelemetry.proto",
        "chassis.observability.otel",
        *of_the_api,
    )

    loaded = output_of(
        f"import sys, services.{service}.app\n"
        "from chassis.observability import logging, tracing\n"
        "tracing.begin('it', '', log=logging.logger())\n"
        f"print([name for name in sys.modules if name.startswith({unwanted})])"
    )

    assert loaded == "[]"


def test_a_missing_package_is_named_in_one_line_and_nothing_fails() -> None:
    [line] = output_of(
        "import sys\n"
        "sys.modules['opentelemetry.sdk'] = None\n"
        "from chassis.observability import logging, tracing\n"
        "logging.configure_logging('it', form='json', level='INFO')\n"
        "tracing.begin('it', 'http://127.0.0.1:9', log=logging.logger())\n"
        "with tracing.consuming('it', {}): pass\n"
    ).splitlines()

    found = json.loads(line)
    assert found["event"] == "traces are asked for, but not installed"
    assert found["missing"].startswith("opentelemetry.sdk")
    assert "atendo[tracing]" in found["do"]
