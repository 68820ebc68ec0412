"""What a scenario file says: a provider's registers, and what its operators do, step by step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import yaml
from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter

from contracts import mk
from contracts.message import Message, Moment
from mk.errors import UnknownScenario

FOLDER = Path(__file__).parent / "scenarios"

_SCENARIOS = UUID("0c0b3c4e-57f1-4c63-9f0e-5d0f0c3a6a55")

TYPES: dict[str, type[Message]] = {
    message.type_name(): message
    for message in (
        mk.CustomerSaved,
        mk.CustomerErased,
        mk.PersonGroupSaved,
        mk.SectorSaved,
        mk.SacOptionsSaved,
        mk.TicketOpened,
        mk.ServiceOrderCreated,
        mk.PhaseChanged,
        mk.ResponsibleAdded,
        mk.DefectFound,
        mk.NotificationLevelChanged,
        mk.TicketClosed,
        mk.TicketReopened,
    )
}
"""Everything that MK says, by its name on the wire."""

Fields = dict[str, JsonValue]

_DURATION = TypeAdapter(timedelta)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Strict):
    """One thing that MK says: `after` the start, once the player has waited for `pause`.

    A field of the form `{after: PT5H}` stands for that moment.
    """

    type: str
    fields: Fields
    after: timedelta = timedelta(0)
    pause: timedelta = timedelta(0)


class Scenario(_Strict):
    """A file of `scenarios/`: registers first, then steps. `starts` is a moment, or a distance from the present."""

    starts: Moment | timedelta = timedelta(0)
    sac_options: Fields | None = None
    sectors: tuple[Fields, ...] = ()
    person_groups: tuple[Fields, ...] = ()
    customers: tuple[Fields, ...] = ()
    steps: tuple[Step, ...] = ()

    def all_steps(self) -> Iterator[Step]:
        """Everything to say, in its order."""
        registers: tuple[tuple[type[Message], tuple[Fields, ...]], ...] = (
            (mk.SacOptionsSaved, (self.sac_options,) if self.sac_options else ()),
            (mk.SectorSaved, self.sectors),
            (mk.PersonGroupSaved, self.person_groups),
            (mk.CustomerSaved, self.customers),
        )
        for message, entries in registers:
            for fields in entries:
                yield Step(type=message.type_name(), fields=fields)
        yield from self.steps


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a scenario, and how long to wait before saying it."""

    pause: timedelta
    message: Message


def names() -> list[str]:
    """The scenarios that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str) -> Scenario:
    """A scenario. Raises: UnknownScenario."""
    if name not in names():
        raise UnknownScenario
    return Scenario.model_validate(yaml.safe_load((FOLDER / f"{name}.yaml").read_text()))


def lines(name: str, scenario: Scenario, *, now: datetime) -> list[Line]:
    """What a scenario says when played now; its event ids are the same each time, so that listeners find it done."""
    start = now + scenario.starts if isinstance(scenario.starts, timedelta) else scenario.starts
    return [
        Line(step.pause, _message(name, number, step, start)) for number, step in enumerate(scenario.all_steps(), 1)
    ]


def _message(name: str, number: int, step: Step, start: datetime) -> Message:
    return TYPES[step.type].model_validate(
        {
            **{field: _value(value, start) for field, value in step.fields.items()},
            "event_id": uuid5(_SCENARIOS, f"{name}/{number}"),
            "occurred_at": start + step.after,
            "correlation_id": f"scenario-{name}",
        }
    )


def _value(value: JsonValue, start: datetime) -> object:
    if isinstance(value, Mapping) and value.keys() == {"after"}:
        return start + _DURATION.validate_python(value["after"])
    return value
