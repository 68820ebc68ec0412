"""The rules of Prometheus as the resource that its operator takes: `deploy/kubernetes/base/alerts.yaml`."""

from pathlib import Path

import yaml

RULES = Path(__file__).parents[1] / "deploy" / "prometheus" / "rules" / "atendo.yml"


class _Readable(yaml.SafeDumper):
    """Writes what has several lines in several lines."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _text)


def written() -> str:
    """The resource as YAML."""
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "atendo"},
        "spec": yaml.safe_load(RULES.read_text()),
    }
    text = yaml.dump(resource, Dumper=_Readable, sort_keys=False, allow_unicode=True, width=120)
    return f"# Made from deploy/prometheus/rules/atendo.yml by `python -m ops.generate`.\n{text}"
