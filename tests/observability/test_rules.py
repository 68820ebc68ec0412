"""Every alert fires when it must and not otherwise, is made of metrics that exist, and leads to its page."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.metrics import CATALOGUE
from contracts.topology import queues
from tests.observability.programs import program

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules" / "atendo.yml"
TESTS = ROOT / "deploy" / "prometheus" / "tests" / "atendo.yml"
PAGES = re.findall(r"^## (.+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
WITHOUT_ALERT = {
    "database-older-than-the-code",
    "protocol-counter",
    "clock-skew",
    "rolling-restart",
    "restoring-a-backup",
    "customer-data",
}

ALL: list[dict[str, Any]] = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in ALL if "alert" in rule}


def promtool(*arguments: str) -> str:
    """What promtool says."""
    command = [program("promtool"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def slug(title: str) -> str:
    return title.lower().replace(" ", "-")


def kebab(alert: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", alert).lower()


def test_the_rules_are_ones() -> None:
    assert f"SUCCESS: {len(ALL)} rules found" in promtool("check", "rules", str(RULES))


def test_every_alert_fires_when_it_must_and_only_then() -> None:
    assert "SUCCESS" in promtool("test", "rules", str(TESTS))


def test_every_alert_is_tested_both_ways() -> None:
    tested = {
        (name, bool(one["exp_samples"]))
        for test in yaml.safe_load(TESTS.read_text())["tests"]
        for one in test.get("promql_expr_test", ())
        for name in re.findall(r'alertname="(\w+)"', one["expr"])
    }

    assert tested == {(alert, fires) for alert in ALERTS for fires in (True, False)}


def minutes(span: str) -> int:
    assert span.endswith("m"), span
    return int(span[:-1])


def test_an_alert_is_looked_at_a_minute_after_it_is_due() -> None:
    """Both promtool and Prometheus take the groups in any order: an alert may see a derived series a minute late."""
    for test in yaml.safe_load(TESTS.read_text())["tests"]:
        for one in test.get("promql_expr_test", ()):
            for name in re.findall(r'alertname="(\w+)"', one["expr"]) if one["exp_samples"] else ():
                due = minutes(ALERTS[name].get("for", "0m"))
                assert minutes(one["eval_time"]) > due, test["name"]


def test_every_alert_has_a_page_of_its_name_and_every_page_an_alert_or_a_reason() -> None:
    pages = {slug(title) for title in PAGES}

    assert {kebab(alert) for alert in ALERTS} == pages - WITHOUT_ALERT
    assert pages >= WITHOUT_ALERT


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_how_bad_it_is_in_plain_words_and_where_to_read_on(alert: str) -> None:
    rule = ALERTS[alert]

    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{kebab(alert)}"
    assert rule["annotations"]["summary"].endswith(".")
    assert "atendo_" not in rule["annotations"]["summary"]


def test_what_the_rules_look_at_is_in_the_catalogue_or_derived() -> None:
    names = {metric.name + suffix for metric in CATALOGUE for suffix in ("", "_bucket")}
    derived = {rule["record"] for rule in ALL if "record" in rule}

    used = {name for rule in ALL for name in re.findall(r"\batendo[_:][a-z0-9_:]+", rule["expr"])}

    assert used - names - derived == set()


def test_a_queue_without_a_consumer_is_noticed_whichever_working_queue_of_a_service_it_is() -> None:
    (pattern,) = re.findall(r'queue=~"([^"]+)"', ALERTS["ConsumersMissing"]["expr"])
    working = {one.name for one in queues() if one.kind not in {"retry", "dead"} and one.service != "mk"}

    assert working >= {"notifier.push", "notifier.telegram"}
    assert {name for name in working if not re.fullmatch(pattern, name)} == set()


def test_the_severity_in_the_runbook_is_that_of_the_alert() -> None:
    table = re.findall(
        r"^\| \[.+\]\(#([a-z-]+)\) \| (critical|warning|info) \|",
        (ROOT / "docs" / "runbook.md").read_text(),
        re.MULTILINE,
    )

    assert dict(table) == {kebab(alert): rule["labels"]["severity"] for alert, rule in ALERTS.items()}
