"""Writes the files that are made from the code, or says which of them are stale: `python -m ops.generate [--check]`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from ops import alerts, asyncapi, dashboards, database_users, definitions, mail_styles, metrics_page

ROOT = Path(__file__).parents[1]


def generated() -> Iterator[tuple[Path, str]]:
    """Every generated file and what should stand in it."""
    for service in asyncapi.SERVICES:
        # through JSON, so that shared parts are written out and not as YAML's anchors
        document = json.loads(json.dumps(asyncapi.document(service)))
        yield (
            ROOT / "docs" / "asyncapi" / f"{service}.yaml",
            yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120),
        )
    yield ROOT / "docs" / "metrics.md", metrics_page.page()
    for dashboard in dashboards.ALL:
        yield ROOT / "deploy" / "grafana" / "dashboards" / f"{dashboard.uid}.json", dashboard.document()
    yield ROOT / "deploy" / "kubernetes" / "base" / "alerts.yaml", alerts.written()
    yield ROOT / "deploy" / "rabbitmq" / "definitions.json", definitions.written()
    yield ROOT / "deploy" / "mongo" / "users.json", database_users.written()
    yield from mail_styles.styled()


def main() -> int:
    """Write what is stale; with `--check`, only name it and fail."""
    stale = [(path, text) for path, text in generated() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path, _ in stale:
            print(f"stale: {path.relative_to(ROOT)}; run `python -m ops.generate` and commit it")
        return 1 if stale else 0
    for path, text in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(f"written: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
