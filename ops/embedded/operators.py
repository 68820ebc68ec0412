"""The made-up operators of a run on one machine, with the passwords that the welcome shows."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from mk.operators import Operator, Role, hash_of, parse


@dataclass(frozen=True, slots=True)
class DemoOperator:
    """Somebody who works at the console of this demo alone."""

    role: Role
    user: str
    name: str
    password: str


DEMO = (
    DemoOperator(Role.OPERADOR, "beatriz", "Beatriz", "ipe-amarelo"),
    DemoOperator(Role.SUPERVISOR, "rogerio", "Rogério", "serra-azul"),
    DemoOperator(Role.ADMINISTRADOR, "dalva", "Dalva", "rio-doce"),
)


def setting() -> Mapping[str, str]:
    """What MK's stand-in knows of operators: those whom the environment names, else those of the demo."""
    if _given():
        return {}
    lines = (f"{one.role}:{one.user}:{one.name}:{hash_of(one.password)}" for one in DEMO)
    return {"OPERATORS": ";".join(lines)}


def listed() -> list[str]:
    """One line an operator: role, user and password; a password that isn't the demo's is its owner's to know."""
    if given := _given():
        return [f"{one.role:<14} {one.user}" for one in _readable(given)]
    return [f"{one.role:<14} {one.user:<10} {one.password}" for one in DEMO]


def _given() -> str:
    return os.environ.get("OPERATORS") or os.environ.get("OPERATORS_FILE", "")


def _readable(given: str) -> list[Operator]:
    try:
        return parse(given)
    except ValueError:
        # a file's name, or what MK itself will refuse
        return []
