"""The dashboards are ones that Grafana reads, and ask for what exists."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.metrics import CATALOGUE
from ops.dashboards import ALL
from ops.dashboards.grafana import Dashboard
from tests.observability.test_rules import ALL as RULES

GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"


def panels_of(dashboard: Dashboard) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(dashboard.document())["panels"]
    return found


@pytest.mark.parametrize("dashboard", ALL, ids=lambda dashboard: dashboard.uid)
def test_panels_lie_side_by_side_and_not_upon_each_other(dashboard: Dashboard) -> None:
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels_of(dashboard))
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in panels_of(dashboard)}) == len(panels_of(dashboard))


@pytest.mark.parametrize("dashboard", ALL, ids=lambda dashboard: dashboard.uid)
def test_every_panel_asks_the_provisioned_source_for_metrics_of_the_catalogue(dashboard: Dashboard) -> None:
    source = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"][0]
    known = {metric.name + suffix for metric in CATALOGUE for suffix in ("", "_bucket")}
    known |= {rule["record"] for rule in RULES if "record" in rule}

    targets = [target for panel in panels_of(dashboard) for target in panel.get("targets", ())]

    assert targets
    assert {target["datasource"]["uid"] for target in targets} == {source["uid"]}
    assert {name for one in targets for name in re.findall(r"\batendo[_:][a-z0-9_:]+", one["expr"])} <= known
    assert all(target["legendFormat"] for target in targets)


def test_every_metric_is_looked_at_by_a_dashboard_or_a_rule() -> None:
    asked = " ".join([dashboard.document() for dashboard in ALL] + [rule["expr"] for rule in RULES])

    assert [metric.name for metric in CATALOGUE if metric.name not in asked] == []
