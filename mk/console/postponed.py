"""A form that was sent after its operator's session ended: kept in the login page, and sent again from the next one.

It stays in the pages themselves, never in a cookie, the browser's storage or the database: whoever doesn't log in again
leaves nothing behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from mk.console.static_files import ROOT

FIELD = "adiado"
"""The login form's field that carries such a form."""

_TO = "_para"
_LEFT_OUT = frozenset({"csrf", _TO})


@dataclass(frozen=True, slots=True)
class Postponed:
    """Where a form was sent to, as a path with the console's own, and its fields."""

    path: str
    fields: tuple[tuple[str, str], ...]

    def carried(self) -> str:
        """What `FIELD` holds of it."""
        return urlencode([(_TO, self.path), *self.fields])


def of_form(path: str, fields: Mapping[str, str]) -> Postponed:
    """A form as it was sent; that it was ours is proven anew when it is sent again."""
    return Postponed(path, tuple((name, value) for name, value in fields.items() if name not in _LEFT_OUT))


def read(text: str) -> Postponed | None:
    """What `FIELD` holds; None where it holds nothing, or leads out of the console."""
    given = parse_qsl(text, keep_blank_values=True)
    path = next((value for name, value in given if name == _TO), "")
    if not path.startswith(f"{ROOT}/") or "\\" in path:
        return None
    return of_form(path, dict(given))
