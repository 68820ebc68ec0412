"""Turns the description of a dashboard into the JSON that Grafana reads: panels side by side, rows below each other."""

import json
from dataclasses import dataclass
from typing import Any, Literal

_SOURCE = {"type": "prometheus", "uid": "prometheus"}
_ACROSS = 24
_HIGH = {"timeseries": 8, "stat": 4}


@dataclass(frozen=True, slots=True)
class Query:
    """One question to Prometheus, and what its lines are called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A question in plain words, and what answers it; with `alarming`, a number from there on is red."""

    title: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: Literal["timeseries", "stat"] = "timeseries"
    alarming: float | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Rows of panels; `chosen` is a label that its reader picks values of, and the metric that has them."""

    uid: str
    title: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]
    chosen: tuple[str, str] | None = None

    def document(self) -> str:
        """As Grafana reads it."""
        return json.dumps(self._document(), indent=1, ensure_ascii=False) + "\n"

    def _document(self) -> dict[str, Any]:
        return {
            "uid": self.uid,
            "title": self.title,
            "tags": ["atendo"],
            "timezone": "browser",
            "refresh": "30s",
            "schemaVersion": 39,
            "editable": False,
            "time": {"from": "now-3h", "to": "now"},
            "templating": {"list": [_variable(*self.chosen)] if self.chosen else []},
            "panels": self._panels(),
        }

    def _panels(self) -> list[dict[str, Any]]:
        panels: list[dict[str, Any]] = []
        top = 0
        for title, row in self.rows:
            place = {"h": 1, "w": _ACROSS, "x": 0, "y": top}
            panels.append({"id": len(panels) + 1, "type": "row", "title": title, "gridPos": place, "panels": []})
            top += 1
            wide, high = _ACROSS // len(row), max(_HIGH[panel.kind] for panel in row)
            for n, panel in enumerate(row):
                place = {"h": high, "w": wide, "x": n * wide, "y": top}
                panels.append({"id": len(panels) + 1, "gridPos": place, **_panel(panel)})
            top += high
        return panels


def _variable(label: str, metric: str) -> dict[str, Any]:
    return {
        "name": label,
        "label": label,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": f"label_values({metric}, {label})", "refId": label},
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "current": {"text": "All", "value": "$__all"},
    }


def _panel(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.alarming is not None:
        steps.append({"color": "red", "value": panel.alarming})
    return {
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + n),
                "datasource": _SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend or panel.title,
            }
            | ({"exemplar": True} if "_bucket" in query.expr else {})
            for n, query in enumerate(panel.queries)
        ],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
    }
