"""A real Prometheus, the running product, and every question that dashboards and rules ask: each has its answer."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator

import pymongo
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from contracts import contacts, feedback, mk, notifier, tickets
from contracts.message import Message
from contracts.metrics import CATALOGUE
from contracts.topology import queues
from ops.dashboards import ALL
from services.edge.routes import ROUTERS
from tests.observability.programs import program
from tests.observability.scene import TEXT, Scene
from tests.observability.test_rules import ALERTS
from tests.observability.test_rules import ALL as RULES
from tests.smtp import Mailbox

pytestmark = [
    pytest.mark.embedded,  # its broker shows metrics, which the one that all tests share may not
    pytest.mark.asyncio(loop_scope="module"),
]

_SELECTOR = re.compile(r"\b((?:atendo|rabbitmq|process|up)[a-z0-9_:]*)(?:\{|\b)")
TYPES = {
    one.type_name()
    for module in (contacts, feedback, mk, notifier, tickets)
    for one in vars(module).values()
    if isinstance(one, type) and issubclass(one, Message) and hasattr(one, "publisher")
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(mongo_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """Give a product that had its day, and the Prometheus that saw it."""
    program("prometheus")
    mailbox = Mailbox()
    mailbox.start()
    scene = Scene(tmp_path_factory.mktemp("scraped"), mailbox, mongo_url)
    try:
        await scene.begin()
        yield scene
    finally:
        await scene.end()
        mailbox.stop()
        with pymongo.MongoClient[dict[str, object]](mongo_url) as client:
            for name in client.list_database_names():
                if name.startswith(scene.database_prefix):
                    client.drop_database(name)


async def test_every_question_of_every_dashboard_is_answered(scene: Scene) -> None:
    asked = {
        query.expr.replace("$__rate_interval", "1m").replace("$job", ".+")
        for dashboard in ALL
        for _, row in dashboard.rows
        for panel in row
        for query in panel.queries
    }

    assert len(asked) > 50
    assert await scene.unanswered(asked) == set()


async def test_every_recording_rule_records(scene: Scene) -> None:
    assert await scene.unanswered({rule["record"] for rule in RULES if "record" in rule}) == set()


async def test_every_alert_is_made_of_series_that_exist_and_can_be_asked(scene: Scene) -> None:
    for rule in ALERTS.values():
        await scene.ask(rule["expr"])

    exprs = [re.sub(r'"[^"]*"', '""', rule["expr"]) for rule in ALERTS.values()]
    names = {name for expr in exprs for name in _SELECTOR.findall(expr)}

    assert names >= {"atendo_kill_switch", "rabbitmq_alarms_free_disk_space_watermark", "up"}
    assert await scene.unanswered(names) == set()


async def test_the_troubled_day_is_seen_as_it_was(scene: Scene) -> None:
    seen = {
        'atendo_dead_letters_total{job="tickets", reason="unreadable"} == 1',
        'atendo_retries_total{job="notifier", rung="5s"} > 0',
        'atendo:queue_ready{queue="tickets.dead"} == 1',
        'atendo_evaluations_total{state="answered"} == 1',
        'sum(atendo_http_requests_total{route="/v1/tickets", status="503"}) == 1',
        'atendo_mail_seconds_count{about="contact_received"} == 4',
        'atendo_deliveries_total{channel="email", outcome="sent"} == 5',
        'atendo_deliveries_total{channel="push", outcome="sent"} == 1',
        'atendo_deliveries_total{channel="telegram", outcome="sent"} == 1',
        "atendo_telegram_polls == 1",
        "atendo_held_tickets == 0",
        'sum(atendo_waiting_seconds_count{queue="contacts.commands"}) == 2',
        'atendo_unresolved_total{field="classification"} == 0',
        'ALERTS{alertname="DeadLetters", queue="tickets.dead", alertstate="firing"}',
    }

    assert await scene.unanswered(seen) == set()


async def test_every_metric_of_the_catalogue_is_scraped(scene: Scene) -> None:
    names = {metric.name + ("_count" if metric.kind == "histogram" else "") for metric in CATALOGUE}

    assert await scene.unanswered(names) == set()


async def test_r28_no_metric_tells_of_a_person(scene: Scene) -> None:
    shown = await scene.shown()

    values = {
        value
        for text in shown.values()
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        for value in sample.labels.values()
    }

    personal = {"ana", "bia", "Ana Ramos", TEXT, *scene.protocols}
    assert values & personal == set()
    assert not any(personal in text for text in shown.values() for personal in (TEXT, "@", "Ramos", *scene.protocols))


def label_values() -> dict[str, set[str]]:
    known: dict[str, set[str]] = defaultdict(set)
    for metric in CATALOGUE:
        for label in metric.labels:
            known[label.name] |= set(label.values)
    known["outcome"] |= {"done", "refused", "failed", "ignored", "retried", "dead", "returned"}
    known["queue"] = {queue.name for queue in queues()}
    known["type"] = TYPES
    known["route"] = {route.path for router in ROUTERS for route in router.routes} | {"none"}
    known["method"] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
    return known


async def test_r28_every_label_has_values_that_the_code_knows_beforehand(scene: Scene) -> None:
    known = label_values()

    for text in (await scene.shown()).values():
        for family in text_string_to_metric_families(text):
            for sample in family.samples if family.name.startswith("atendo_") else ():
                for label, value in sample.labels.items():
                    if label == "handler":
                        assert re.fullmatch(r"on_[a-z_]+|none", value)
                    elif label == "status":
                        assert re.fullmatch(r"[1-5]\d\d", value)
                    elif label != "le":
                        assert value in known[label], (family.name, label)
