"""Which process and classification a ticket gets, and why (R9, R10)."""

import itertools

import pytest

from contracts.message import NotificationLevel
from contracts.replies import Defined
from services.tickets.domain.resolution import (
    Asked,
    Group,
    Resolution,
    Sector,
    chosen_by_operator,
    explain,
    resolve,
    unresolved,
)
from tests.services.tickets.given import an_opening

GROUP, SECTOR = "person_group:vip", "sector:tecnico"
NOTHING = (None, "")


def a_group(process: str | None, classification: str | None) -> Group:
    return Group("vip", "VIP", process, classification)


def a_sector(process: str | None = None, classification: str | None = None, *, generate_ticket: bool = True) -> Sector:
    return Sector("tecnico", "Técnico", process, classification, NotificationLevel.ALL, generate_ticket)


@pytest.mark.parametrize(
    ("group", "sector", "expected"),
    [
        (a_group("P1", "C1"), a_sector("P2", "C2"), Resolution("P1", GROUP, "C1", GROUP)),
        (a_group("P1", None), a_sector("P2", "C2"), Resolution("P1", GROUP, "C2", SECTOR)),
        (a_group(None, "C1"), a_sector("P2", "C2"), Resolution("P2", SECTOR, "C1", GROUP)),
        (a_group(None, None), a_sector("P2", "C2"), Resolution("P2", SECTOR, "C2", SECTOR)),
        (a_group(None, None), a_sector("P2", None), Resolution("P2", SECTOR, None, "none")),
        (None, a_sector(None, None), Resolution(None, "none", None, "none")),
    ],
)
def test_r9_the_table(group: Group | None, sector: Sector, expected: Resolution) -> None:
    assert resolve(group, sector) == expected


VALUES = list(itertools.product(("P1", *NOTHING), ("C1", *NOTHING)))
GROUPS = [None, *(a_group(*values) for values in VALUES)]
SECTORS = [None, *(a_sector(*values) for values in VALUES)]


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("sector", SECTORS)
def test_r9_each_value_is_resolved_on_its_own_group_then_sector_then_none(
    group: Group | None, sector: Sector | None
) -> None:
    resolved = resolve(group, sector)

    for field in ("process", "classification"):
        by_group = getattr(group, field) if group else None
        by_sector = getattr(sector, field) if sector else None
        expected = (by_group, GROUP) if by_group else (by_sector, SECTOR) if by_sector else (None, "none")
        assert (getattr(resolved, field), getattr(resolved, f"{field}_from")) == expected


def test_r9_what_nobody_gave_a_value_is_unresolved() -> None:
    assert unresolved(resolve(None, a_sector("P2"))) == ["classification"]
    assert unresolved(resolve(a_group("P1", "C1"), None)) == []
    assert unresolved(resolve(None, None)) == ["process", "classification"]


def test_r10_an_operators_values_are_their_own() -> None:
    opening = an_opening(process="Suporte", classification="")

    assert chosen_by_operator(opening) == Resolution("Suporte", "operator", None, "none")


@pytest.mark.parametrize(
    ("asked", "sentences"),
    [
        (
            Asked(customer_known=True, person_group_id="vip", group=a_group("P1", None), sector=a_sector("P2", "C2")),
            [
                "O cliente pertence ao grupo de pessoas VIP.",
                "Processo: P1, definido pelo grupo de pessoas VIP.",
                "Classificação: C2, automático do setor Técnico, pois o grupo de pessoas não o define.",
                "Notificações: todos os eventos, o padrão do setor Técnico.",
                "O setor Técnico gera atendimento.",
            ],
        ),
        (
            Asked(customer_known=True, person_group_id=None, group=None, sector=a_sector(generate_ticket=False)),
            [
                "O cliente não pertence a nenhum grupo de pessoas.",
                "Processo: nenhum valor; nem o grupo de pessoas nem o setor Técnico o define.",
                "Classificação: nenhum valor; nem o grupo de pessoas nem o setor Técnico o define.",
                "Notificações: todos os eventos, o padrão do setor Técnico.",
                "O setor Técnico não gera atendimento: só os e-mails são enviados.",
            ],
        ),
    ],
)
def test_r10_a_dry_run_says_why(asked: Asked, sentences: list[str]) -> None:
    assert explain(asked).why == sentences


def test_r10_a_dry_run_says_that_the_customer_or_their_group_is_unknown() -> None:
    nobody = Asked(customer_known=False, person_group_id=None, group=None, sector=a_sector("P2"))
    group_unknown = Asked(customer_known=True, person_group_id="g9", group=None, sector=a_sector("P2"))

    assert "O cliente não é conhecido: vale como cliente sem grupo de pessoas." in explain(nobody).why
    why = explain(group_unknown).why
    assert why[0] == "O grupo de pessoas g9 do cliente não é conhecido: vale o que o setor define."
    assert why[1] == "Processo: P2, automático do setor Técnico, pois não há grupo de pessoas que o defina."


def test_r10_a_dry_run_shows_what_group_and_sector_define_whether_it_counted_or_not() -> None:
    group = Group("vip", "VIP", process="P1")
    asked = Asked(customer_known=True, person_group_id="vip", group=group, sector=a_sector("P2"))

    resolved = explain(asked)

    assert resolved.group == Defined(name="VIP", process="P1", classification=None)
    assert resolved.sector is not None
    assert (resolved.process, resolved.sector.process) == ("P1", "P2")
