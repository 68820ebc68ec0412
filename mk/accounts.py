"""Who may log in at MK's stand-in: the customers of its scenarios, with the passwords that stand there."""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from mk import scenario
from mk.errors import WrongCredentials

_CPF = re.compile(r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}")


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's way in."""

    customer_id: str
    name: str
    login: str
    email: str | None
    password: str = field(repr=False)


class Accounts:
    """The accounts, found by CPF or e-mail address."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._by_name: dict[str, Account] = {}
        for account in accounts:
            self._by_name[account.login] = account
            if account.email:
                self._by_name[account.email.lower()] = account

    def starting(self, digits: str) -> list[str]:
        """The ids of the customers whose CPF begins so; of nobody where no digit is given."""
        found = (one for one in self._by_name.values() if digits and one.login.startswith(digits))
        return sorted({one.customer_id for one in found})

    def customer(self, username: str, password: str) -> Account:
        """The account of the customer who gives this CPF or e-mail and this password. Raises: WrongCredentials."""
        account = self._by_name.get(_name(username))
        expected = account.password if account else ""
        fits = hmac.compare_digest(expected.encode(), password.encode())
        if account is None or not fits:
            raise WrongCredentials
        return account


def _name(username: str) -> str:
    name = username.strip().lower()
    return re.sub(r"\D", "", name) if _CPF.fullmatch(name) else name


def of_scenarios() -> Accounts:
    """The accounts of every customer of every scenario."""
    return Accounts(
        Account(
            customer_id=str(one["customer_id"]),
            name=str(one["name"]),
            login=str(one["login"]),
            email=str(one["email"]) if one.get("email") else None,
            password=str(one["password"]),
        )
        for name in scenario.names()
        for one in scenario.load(name).customers
    )
