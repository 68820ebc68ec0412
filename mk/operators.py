"""Who may work at the console: operators, what each may do, and the setting that names them.

`python -m mk.operators operador beatriz Beatriz` reads a password and prints an operator for `OPERATORS`.
"""

import base64
import getpass
import hashlib
import hmac
import re
import secrets
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

_COST, _BLOCK, _LANES = 2**14, 8, 1
_MOST_COST = 2**17
"""A cost above this takes more memory than a login is worth."""

_FIELDS = 4
_HASH = re.compile(
    r"scrypt\.(?P<cost>\d{1,6})\.(?P<block>\d{1,2})\.(?P<lanes>\d{1,2})\.(?P<salt>[\w-]{22,})\.(?P<made>[\w-]{86})",
    re.ASCII,
)


class Role(StrEnum):
    """What an operator may do; each role may also do what those before it may."""

    OPERADOR = "operador"
    """Tickets, customers, what could not be delivered."""

    SUPERVISOR = "supervisor"
    """The figures, and sending again what failed."""

    ADMINISTRADOR = "administrador"
    """The provider's settings, and erasing a customer (R27)."""

    def covers(self, other: "Role") -> bool:
        """Whether who has this role may do what `other` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who works at the console; `hashed` is what `hash_of` made of the password."""

    user: str
    name: str
    role: Role
    hashed: str = field(repr=False)


class Operators:
    """The operators, found by user and password."""

    def __init__(self, operators: Iterable[Operator]) -> None:
        self._by_user = {one.user.casefold(): one for one in operators}
        self._nobody = hash_of(secrets.token_hex(16))

    def find(self, user: str, password: str) -> Operator | None:
        """The operator who gives this user and password; takes as long where there is no such user."""
        operator = self._by_user.get(user.strip().casefold())
        fits = is_password(password, operator.hashed if operator else self._nobody)
        return operator if fits else None

    def by_user(self, user: str) -> Operator | None:
        """The operator of this name as the setting has it now."""
        return self._by_user.get(user.casefold())


def parse(setting: str) -> list[Operator]:
    """The operators of `OPERATORS`: `role:user:name:hash` each, with `;` or a new line between. Raises: ValueError."""
    operators = [_operator(line.strip()) for line in re.split(r"[;\n]", setting) if line.strip()]
    if len({one.user.casefold() for one in operators}) < len(operators):
        raise ValueError("two operators have the same user")
    return operators


def _operator(line: str) -> Operator:
    parts = [part.strip() for part in line.split(":")]
    if len(parts) != _FIELDS or not all(parts):
        raise ValueError("an operator is role:user:name:hash")
    role, user, name, hashed = parts
    if role not in set(Role):
        raise ValueError(f"a role is one of {', '.join(Role)}")
    _taken_apart(hashed)
    return Operator(user, name, Role(role), hashed)


def hash_of(password: str, *, salt: bytes | None = None) -> str:
    """What is kept of a password: `scrypt.cost.block.lanes.salt.hash`."""
    salt = salt or secrets.token_bytes(16)
    made = hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES)
    return f"scrypt.{_COST}.{_BLOCK}.{_LANES}.{_text(salt)}.{_text(made)}"


def is_password(password: str, hashed: str) -> bool:
    """Whether `hashed` was made of this password; takes some 50 ms of processor time on purpose."""
    cost, block, lanes, salt, expected = _taken_apart(hashed)
    made = hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=lanes, maxmem=256 * cost * block)
    return hmac.compare_digest(made, expected)


def _taken_apart(hashed: str) -> tuple[int, int, int, bytes, bytes]:
    found = _HASH.fullmatch(hashed)
    if not found or not 1 < int(found["cost"]) <= _MOST_COST:
        # without what stood there: it may be a password
        raise ValueError("a hash is what `python -m mk.operators` prints")
    cost, block, lanes = (int(found[name]) for name in ("cost", "block", "lanes"))
    return cost, block, lanes, _bytes(found["salt"]), _bytes(found["made"])


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def main(arguments: Sequence[str]) -> None:
    """Run as a program: print an operator for `OPERATORS`."""
    if len(arguments) != _FIELDS - 1:
        sys.stderr.write(f"usage: python -m mk.operators {'|'.join(Role)} USER NAME\n")
        raise SystemExit(2)
    role, user, name = arguments
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    line = f"{role}:{user}:{name}:{hash_of(password)}"
    parse(line)
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
