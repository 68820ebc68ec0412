"""What somebody else saved while a form was open: whoever saves later learns of it before writing over it.

A form carries what its fields held when it was loaded. Where the register holds something else by the time it is sent,
the form comes back with what was typed and what changed; it then carries what holds now, so that sending it once more
writes over exactly what its operator was shown.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

LOADED = "carregado"
"""The field that carries what the others held when the form was loaded."""

_YES, _NO, _BLANK = "SIM", "NÃO", "em branco"


@dataclass(frozen=True, slots=True)
class Change:
    """A field that somebody else saved: what it held, what it holds now, and what was typed, in words."""

    label: str
    before: str
    now: str
    typed: str


@dataclass(frozen=True, slots=True)
class Wording:
    """How the fields of a form are read out: `label` names one (None leaves it out), `coded` has texts for values."""

    label: Callable[[str], str | None]
    is_box: Callable[[str], bool] = lambda _: False
    coded: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def value(self, name: str, value: str) -> str:
        """What a field holds, in words."""
        if self.is_box(name):
            return _YES if value else _NO
        text = self.coded.get(name, {}).get(value, value)
        return f"“{text}”" if text else _BLANK


def loaded(fields: Mapping[str, str]) -> str:
    """What `LOADED` carries of these fields."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True)


def since(form: Mapping[str, str], now: Mapping[str, str], wording: Wording) -> list[Change]:
    """What changed since a form was loaded, where saving it would undo any of that; nothing where it doesn't say."""
    before = _read(form.get(LOADED, ""))
    if before is None:
        return []
    changed = [one for one in sorted({*before, *now}, key=_as_shown(form)) if before.get(one, "") != now.get(one, "")]
    if all(form.get(one, "") == now.get(one, "") for one in changed):
        return []
    return [*_worded(changed, before, now, form, wording)]


def _worded(
    names: list[str], before: Mapping[str, str], now: Mapping[str, str], form: Mapping[str, str], wording: Wording
) -> Iterator[Change]:
    for name in names:
        if label := wording.label(name):
            yield Change(label, *(wording.value(name, one.get(name, "")) for one in (before, now, form)))


def _as_shown(form: Mapping[str, str]) -> Callable[[str], tuple[int, str]]:
    places = {name: place for place, name in enumerate(form)}
    return lambda name: (places.get(name, len(places)), name)


def _read(text: str) -> dict[str, str] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    sound = isinstance(found, dict) and all(isinstance(one, str) for one in found.values())
    return found if sound else None
