"""What operators type into the register's forms, checked: the fields of a message, and what is wrong with them."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from contracts.addresses import usable
from contracts.message import NotificationLevel
from contracts.text import is_visible
from mk.domain.register import folded

LONGEST = 120
"""Characters of a name, a process, a classification."""

_LONGEST_ID = 40
_CONNECTION = re.compile(r"conexao-(\d{1,3})-rotulo", re.ASCII)
Given = Mapping[str, str]


@dataclass
class Form:
    """The fields that were given, and what is wrong, as pairs of a field's id and a sentence."""

    given: Given
    errors: list[tuple[str, str]] = field(default_factory=list)

    def text(self, name: str, *, longest: int = LONGEST) -> str | None:
        """A text that may be missing."""
        value = self.given.get(name, "")
        if len(value) > longest:
            self.errors.append((name, f"O texto passou de {longest} caracteres: tire {len(value) - longest}"))
        return value if is_visible(value) else None

    def needed(self, name: str, missing: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if value is None:
            self.errors.append((name, missing))
        return value or ""

    def address(self, name: str) -> str | None:
        """E-mail addresses that mails can go to (R11), or none at all."""
        value = self.text(name, longest=500)
        if value is not None and not usable(value):
            self.errors.append((name, "Confira o e-mail: nenhuma mensagem chega a um endereço assim"))
        return value

    def one_of(self, name: str, values: Collection[str], wrong: str) -> str:
        """One of these."""
        value = self.given.get(name, "")
        if value not in values:
            self.errors.append((name, wrong))
        return value

    def is_on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return name in self.given


def sector(form: Form) -> dict[str, JsonValue]:
    """The fields of `SectorSaved`, but its id."""
    return {
        "name": form.needed("nome", "Escreva o nome do setor"),
        "responsible_email": form.address("email"),
        "default_notification_level": form.one_of(
            "nivel", tuple(NotificationLevel), "Escolha as notificações de início"
        ),
        "auto_process": form.text("processo"),
        "auto_classification": form.text("classificacao"),
        "generate_ticket": form.is_on("gerar"),
        "active": form.is_on("ativo"),
    }


def group(form: Form) -> dict[str, JsonValue]:
    """The fields of `PersonGroupSaved`, but its id."""
    return {
        "name": form.needed("nome", "Escreva o nome do grupo"),
        "process": form.text("processo"),
        "classification": form.text("classificacao"),
    }


def customer(form: Form, *, groups: Collection[str]) -> dict[str, JsonValue]:
    """The fields of `CustomerSaved`, but its id."""
    return {
        "name": form.needed("nome", "Escreva o nome do cliente"),
        "email": form.address("email"),
        "phone": form.text("telefone", longest=40),
        "person_group_id": form.one_of("grupo", {"", *groups}, "Escolha um grupo da lista") or None,
        "connections": list(_connections(form)),
    }


def rows_of(given: Given) -> list[int]:
    """The numbers of the connections that a form has fields for."""
    return sorted(int(found[1]) for name in given if (found := _CONNECTION.fullmatch(name)))


def _connections(form: Form) -> Iterator[dict[str, JsonValue]]:
    for row in rows_of(form.given):
        label, address = form.text(f"conexao-{row}-rotulo"), form.text(f"conexao-{row}-endereco", longest=300)
        connection_id = form.given.get(f"conexao-{row}-id", "")
        if label is None and (connection_id or address):
            form.errors.append((f"conexao-{row}-rotulo", "Escreva o nome da conexão"))
        if label is not None:
            is_active = form.is_on(f"conexao-{row}-ativa")
            yield {"connection_id": connection_id, "label": label, "address": address, "active": is_active}


def id_for(name: str, taken: Collection[str]) -> str:
    """An id that can be read, of a name; another number where there is one already."""
    plain = "-".join(folded(name).encode("ascii", "ignore").decode().split())[:_LONGEST_ID] or "item"
    numbered = (f"{plain}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (plain, *numbered) if one not in taken)
