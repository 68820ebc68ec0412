"""The catalogue is what replicas show, no more and no less; and what they show stays small and nobody's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from chassis.http.health import HealthApp
from chassis.service import Service
from contracts.instruments import Metric
from contracts.metrics import CATALOGUE
from mk.app import build as build_mk
from mk.settings import Settings as MkSettings
from services.edge.app import build as build_edge
from services.edge.settings import Settings as EdgeSettings
from tests.journeys.provider import SERVICES

NAMES = {metric.name: metric for metric in CATALOGUE}


async def nothing_wrong() -> dict[str, str]:
    return {}


def shown(registry: CollectorRegistry) -> dict[str, str]:
    """Our metrics in a registry, under the names that queries use, with their kinds."""
    kinds = {"counter": "_total", "gauge": "", "histogram": ""}
    families = [family for family in registry.collect() if family.name.startswith("atendo_")]
    return {family.name + kinds[family.type]: family.type for family in families}


def registry_of(name: str, tmp_path: Path) -> CollectorRegistry:
    """What a replica of a service counts in; it isn't started."""
    if name == "edge":
        health: HealthApp = build_edge(EdgeSettings(receipt_secret="r" * 32)).http.state.health
        return health._registry  # noqa: SLF001 - there is no other way to it without serving
    if name == "mk":
        return build_mk(MkSettings(var_dir=tmp_path)).metrics.registry
    build: Callable[..., Service]
    build, settings = SERVICES[name]
    given = {"link_secret": "s" * 32, "public_url": "http://atendo.example"}
    return build(settings.model_validate(given)).metrics.registry


@pytest.mark.parametrize("name", [*SERVICES, "mk", "edge"])
async def test_a_replica_shows_what_the_catalogue_says_that_it_shows_and_nothing_else(
    name: str, tmp_path: Path
) -> None:
    catalogued = {metric.name: metric.kind for metric in CATALOGUE if name in metric.shown_by}

    assert shown(registry_of(name, tmp_path)) == catalogued


def test_no_two_metrics_have_one_name() -> None:
    assert len(NAMES) == len(CATALOGUE)


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_a_metric_is_named_by_its_kind_and_unit(metric: Metric) -> None:
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.endswith("_seconds") == (metric.unit == "seconds")
    assert bool(metric.bounds) == (metric.kind == "histogram")
    assert all(label.values or label.of for label in metric.labels)


async def test_what_can_be_counted_is_zero_from_the_start(tmp_path: Path) -> None:
    for name, label, values in (
        ("tickets", "field", {"process", "classification"}),
        ("notifier", "rung", {"5s", "30s", "120s", "600s", "3600s"}),
        ("feedback", "state", {"requested", "reminded", "answered", "expired", "withdrawn"}),
    ):
        samples = [one for family in registry_of(name, tmp_path).collect() for one in family.samples]
        counted = {one.labels[label]: one.value for one in samples if label in one.labels}

        assert counted == dict.fromkeys(values, 0.0)


async def test_a_scraper_that_asks_for_openmetrics_gets_it(tmp_path: Path) -> None:
    registry = registry_of("contacts", tmp_path)
    health = HealthApp(live=nothing_wrong, ready=nothing_wrong, registry=registry)

    _, plain, text = await health.answer("/metrics", accept="text/plain")
    _, kind, body = await health.answer("/metrics", accept="application/openmetrics-text;version=1.0.0,text/plain")

    assert plain.startswith("text/plain")
    assert [family.name for family in text_string_to_metric_families(text.decode())]
    assert kind.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
