"""Whether two versions can work side by side: what was released stays as it is, and what is new may be missing."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_DESCRIPTIONS = {"title", "description", "$defs"}


def wire_breaks(released: Mapping[str, Schema], today: Mapping[str, Schema]) -> list[str]:
    """Why a reader of one version could refuse what a writer of the other says, of every message, request and reply."""
    found = [f"{name} is gone" for name in sorted(set(released) - set(today))]
    for name in sorted(set(released) & set(today)):
        old, new = released[name], today[name]
        found += [f"{name}{why}" for why in _differences(_inlined(old, old), _inlined(new, new))]
    return found


def _inlined(part: Any, whole: Schema) -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, Mapping):
        if "$ref" in part:
            return _inlined(whole["$defs"][part["$ref"].rpartition("/")[2]], whole)
        return {
            key: _inlined(value, whole)
            for key, value in part.items()
            if key not in _DESCRIPTIONS or key in _named(part)
        }
    return [_inlined(one, whole) for one in part] if isinstance(part, list) else part


def _named(part: Schema) -> set[str]:
    # within `properties` the keys are names of fields, whatever they look like
    return set(part) if all(isinstance(value, Mapping) for value in part.values()) else set()


def _differences(old: Any, new: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    if not isinstance(old, Mapping) or not isinstance(new, Mapping) or "properties" not in old:
        if old != new:
            yield from _deeper(old, new, at)
        return
    fields, now = old["properties"], new.get("properties", {})
    was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
    for name in fields:
        if name not in now:
            yield f"{at}.{name} is gone"
            continue
        if (name in was_required) != (name in is_required):
            yield f"{at}.{name} is {'required' if name in is_required else 'optional'} now"
        yield from _differences(fields[name], now[name], f"{at}.{name}")
    yield from (f"{at}.{name} is new and required" for name in sorted(is_required - set(fields)))
    rest = [{key: value for key, value in one.items() if key not in {"properties", "required"}} for one in (old, new)]
    if rest[0] != rest[1]:
        yield f"{at}: {rest[0]} became {rest[1]}"


def _deeper(old: Any, new: Any, at: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(old, Mapping) and isinstance(new, Mapping) and set(old) == set(new):
        for key in old:
            yield from _differences(old[key], new[key], at)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from _differences(one, other, at)
    else:
        yield f"{at}: {old} became {new}"


def topology_breaks(released: Mapping[str, Any], today: Mapping[str, Any]) -> list[str]:
    """Why a replica of one version could find the broker otherwise than it needs it.

    A queue whose arguments differ can't even be declared: the version that comes second would not start.
    """
    found = [f"exchange {name} is gone" for name in sorted(set(released["exchanges"]) - set(today["exchanges"]))]
    for name, old in released["queues"].items():
        new = today["queues"].get(name)
        if new is None:
            found.append(f"queue {name} is gone")
            continue
        found += [
            f"queue {name}: its {key} changed" for key in ("service", "kind", "arguments") if old[key] != new[key]
        ]
        found += [f"queue {name} hears {one} no more" for one in old["bindings"] if one not in new["bindings"]]
    return found


def steps_break(released: Mapping[str, list[list[str]]], today: Mapping[str, list[list[str]]]) -> list[str]:
    """Why a database that the release migrated is not what today's steps think it is."""
    return [
        f"{name}: step {old[0]} was edited, renamed, moved or given up"
        for name, steps in released.items()
        for n, old in enumerate(steps)
        if today.get(name, [])[n : n + 1] != [old]
    ]
