"""Today's version and every released one understand each other: on the wire, on the broker and in the database."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.topology import RETIRED
from tests.upgrades.additive import steps_break, topology_breaks, wire_breaks
from tests.upgrades.record import the_steps, the_topology, the_wire

RELEASES = sorted(Path(__file__).parent.glob("v[0-9]*"))


LOOSENED = ("mk.defect_found.v1.defect_found: {'minLength': 1,",)
"""MK's blank defect is "not known" now. Release 0.1 lays it with the dead letters, as it did before."""


@pytest.fixture(params=RELEASES, ids=lambda folder: folder.name)
def release(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.param
    return folder


def released(folder: Path, what: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads((folder / f"{what}.json").read_text())


def test_there_is_a_release_to_hold_against() -> None:
    assert [folder.name for folder in RELEASES][:1] == ["v0.1"]


def test_each_version_reads_what_the_other_says(release: Path) -> None:
    assert [one for one in wire_breaks(released(release, "wire"), the_wire()) if not one.startswith(LOOSENED)] == []


def test_each_version_can_declare_what_the_other_needs(release: Path) -> None:
    today = the_topology()
    for queue, *binding in RETIRED:
        # still handled, and needed only while the release runs somewhere
        today["queues"][queue]["bindings"].append(binding)

    assert topology_breaks(released(release, "topology"), today) == []


def test_released_migrations_stay_as_they_are(release: Path) -> None:
    assert steps_break(released(release, "steps"), the_steps()) == []


def properties(wire: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = wire[name]["properties"]
    return found


OPENED = "tickets.ticket_opened.v1"
RECEIVED = "contacts.contact_received.v1"
SUBMIT = "contacts.commands submit_contact"

WIRE_MISTAKES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a message that is gone": lambda wire: wire.pop(OPENED),
    "another version in its place": lambda wire: wire.update({OPENED.replace("v1", "v2"): wire.pop(OPENED)}),
    "a field that is gone": lambda wire: properties(wire, OPENED).pop("complaint"),
    "a new required field": lambda wire: (
        properties(wire, OPENED).update(priority={"type": "string"}),
        wire[OPENED]["required"].append("priority"),
    ),
    "an optional field that is required now": lambda wire: wire[OPENED]["required"].append("process"),
    "a required field that may be missing now": lambda wire: wire[OPENED]["required"].remove("protocol"),
    "a narrower type": lambda wire: properties(wire, OPENED)["complaint"].update(maxLength=100),
    "another type": lambda wire: properties(wire, OPENED)["protocol"].update(type="integer"),
    "one more word of a fixed set": lambda wire: wire[OPENED]["$defs"]["NotificationLevel"]["enum"].append("some"),
    "a field of a part that is gone": lambda wire: wire[RECEIVED]["$defs"]["Sector"]["properties"].pop("name"),
    "a request with a new required field": lambda wire: wire[SUBMIT]["required"].append("channel"),
    "a reply with another shape": lambda wire: properties(wire, "Reply").pop("problem"),
}

TOPOLOGY_MISTAKES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "an exchange that is gone": lambda it: it["exchanges"].remove("retried"),
    "a queue that is gone": lambda it: it["queues"].pop("tickets.retry.5s"),
    "an argument that changed": lambda it: it["queues"]["tickets"]["arguments"].update({"x-delivery-limit": 20}),
    "an argument more": lambda it: it["queues"]["tickets.dead"]["arguments"].update({"x-max-length": 100}),
    "a binding that is gone": lambda it: it["queues"]["notifier"]["bindings"].pop(),
    "a queue of another kind": lambda it: it["queues"]["notifier.email"].update(kind="events"),
}

TWO_STEPS = {"tickets": [["first", "a"], ["second", "b"]]}
STEP_MISTAKES: dict[str, dict[str, list[list[str]]]] = {
    "an edited step": {"tickets": [["first", "a"], ["second", "c"]]},
    "a renamed step": {"tickets": [["first", "a"], ["other", "b"]]},
    "steps in another order": {"tickets": [["second", "b"], ["first", "a"]]},
    "a step that was put before": {"tickets": [["earlier", "c"], ["first", "a"], ["second", "b"]]},
    "a step that is gone": {"tickets": [["first", "a"]]},
}


@pytest.mark.parametrize("change", WIRE_MISTAKES.values(), ids=WIRE_MISTAKES)
def test_what_would_break_the_wire_is_found(change: Callable[[dict[str, Any]], Any]) -> None:
    tomorrow = copy.deepcopy(the_wire())

    change(tomorrow)

    assert wire_breaks(the_wire(), tomorrow) != []


@pytest.mark.parametrize("change", TOPOLOGY_MISTAKES.values(), ids=TOPOLOGY_MISTAKES)
def test_what_would_break_the_broker_is_found(change: Callable[[dict[str, Any]], Any]) -> None:
    tomorrow = copy.deepcopy(the_topology())

    change(tomorrow)

    assert topology_breaks(the_topology(), tomorrow) != []


@pytest.mark.parametrize("tomorrow", STEP_MISTAKES.values(), ids=STEP_MISTAKES)
def test_what_would_break_a_database_is_found(tomorrow: dict[str, list[list[str]]]) -> None:
    assert steps_break(TWO_STEPS, tomorrow) != []


def test_what_is_only_added_breaks_nothing() -> None:
    wire, topology = copy.deepcopy(the_wire()), copy.deepcopy(the_topology())

    properties(wire, OPENED)["priority"] = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    wire["tickets.ticket_merged.v1"] = {"type": "object", "properties": {}}
    topology["exchanges"].append("new")
    topology["queues"]["tickets"]["bindings"].append(["atendo", "new"])

    assert wire_breaks(the_wire(), wire) == []
    assert topology_breaks(the_topology(), topology) == []
    assert steps_break(TWO_STEPS, {"tickets": [*TWO_STEPS["tickets"], ["third", "c"]]}) == []
