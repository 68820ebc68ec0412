"""The scenarios: what they hold, and that playing one again says the same."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from pydantic import ValidationError

from contracts import mk
from contracts.message import Message
from mk import scenario
from mk.accounts import of_scenarios
from mk.errors import UnknownScenario, WrongCredentials
from mk.scenario import Scenario

M = TypeVar("M", bound=Message)

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def played(name: str, *, now: datetime = NOW) -> list[Message]:
    return [line.message for line in scenario.lines(name, scenario.load(name), now=now)]


def of_kind(messages: list[Message], kind: type[M]) -> list[M]:
    return [message for message in messages if isinstance(message, kind)]


@pytest.mark.parametrize("name", scenario.names())
def test_playing_again_says_the_same_things_under_the_same_ids(name: str) -> None:
    first, second = played(name), played(name, now=NOW + timedelta(days=1))

    assert [message.event_id for message in first] == [message.event_id for message in second]
    assert len({message.event_id for message in first}) == len(first)


def test_the_provider_is_told_of_a_fixed_moment_so_that_it_undoes_nothing() -> None:
    assert played("provider") == played("provider", now=NOW + timedelta(days=1))


def test_the_provider_has_the_registers_that_every_rule_needs() -> None:
    messages = played("provider")

    sectors = of_kind(messages, mk.SectorSaved)
    assert {one.sector_id: one.generate_ticket for one in sectors} == {
        "comercial": False,
        "financeiro": True,
        "tecnico": True,
    }
    assert all((one.responsible_email or "").endswith("@provedor.example") for one in sectors)
    groups = of_kind(messages, mk.PersonGroupSaved)
    assert sorted((one.process is not None, one.classification is not None) for one in groups) == [
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    ]
    assert of_kind(messages, mk.SacOptionsSaved)[0].mobile_menu == ("tickets", "contacts")


def test_the_provider_has_customers_of_every_kind() -> None:
    messages = played("provider")
    customers = of_kind(messages, mk.CustomerSaved)
    groups = {one.person_group_id for one in of_kind(messages, mk.PersonGroupSaved)}
    active = [sum(connection.active for connection in one.connections) for one in customers]

    assert len(customers) == len({one.customer_id for one in customers}) == 12
    assert {0, 1, 2} == set(active)
    assert any(not connection.active for one in customers for connection in one.connections)
    assert [one.email for one in customers].count(None) == 1
    assert [one.person_group_id for one in customers].count(None) >= 1
    assert {one.person_group_id for one in customers} - {None} == groups


def test_every_customer_logs_in_by_a_valid_cpf_written_either_way_or_by_e_mail() -> None:
    accounts = of_scenarios()

    for one in scenario.load("provider").customers:
        cpf, password = str(one["login"]), str(one["password"])
        assert cpf[9:] == check_digits(cpf[:9])
        dotted = f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}"
        names = [cpf, dotted, *([str(one["email"]).upper()] if one.get("email") else [])]
        assert {accounts.customer(name, password).customer_id for name in names} == {one["customer_id"]}


def check_digits(first_nine: str) -> str:
    digits = [int(digit) for digit in first_nine]
    for length in (9, 10):
        weighted = sum(digit * weight for digit, weight in zip(digits, range(length + 1, 1, -1), strict=True))
        digits.append(weighted * 10 % 11 % 10)
    return f"{digits[9]}{digits[10]}"


@pytest.mark.parametrize(
    ("username", "password"),
    [("52601815906", "errada"), ("52601815906", ""), ("00000000000", "girassol"), ("", ""), ("1001", "girassol")],
)
def test_wrong_credentials_are_refused_whichever_half_is_wrong(username: str, password: str) -> None:
    with pytest.raises(WrongCredentials):
        of_scenarios().customer(username, password)


def test_the_day_ends_with_a_recent_closing_that_asks_for_an_evaluation() -> None:
    messages = played("dia")

    assert [type(message).__name__ for message in messages] == [
        "TicketOpened",
        "ResponsibleAdded",
        "PhaseChanged",
        "ServiceOrderCreated",
        "PhaseChanged",
        "DefectFound",
        "PhaseChanged",
        "TicketClosed",
    ]
    assert [message.visible for message in of_kind(messages, mk.PhaseChanged)] == [False, True, True]
    assert of_kind(messages, mk.TicketClosed)[0].request_evaluation
    assert of_kind(messages, mk.TicketClosed)[0].occurred_at == NOW - timedelta(hours=1)
    assert of_kind(messages, mk.ServiceOrderCreated)[0].scheduled_for == NOW - timedelta(hours=4)
    moments = [message.occurred_at for message in messages]
    assert moments == sorted(moments)


def test_an_unknown_scenario_or_one_with_a_slip_is_refused() -> None:
    with pytest.raises(UnknownScenario):
        scenario.load("../pyproject")
    with pytest.raises(ValidationError):
        Scenario.model_validate({"sectores": []})
