"""Finds customers as operators look for them: by name, CPF, e-mail, phone, address or id."""

import re
from dataclasses import dataclass

from mk.accounts import Accounts
from mk.domain.register import Customer, folded
from mk.ports import Place, Register, Sought

CHOICES = 12
"""How many customers are offered to choose from."""

_NUMBER = re.compile(r"[\d.\s()+-]+", re.ASCII)
_NOBODY = Sought(ids=("",))


@dataclass(frozen=True, slots=True)
class People:
    """The customers of the register, and whose CPF is whose."""

    register: Register
    accounts: Accounts

    def sought(self, text: str, *, group_id: str | None = None) -> Sought:
        """Whom a text looks for; all of a group, or of all, where it is empty."""
        if not text.strip():
            return Sought(group_id=group_id)
        digits = re.sub(r"\D", "", text)
        if digits and _NUMBER.fullmatch(text):
            return Sought((digits,), tuple(self.accounts.starting(digits)), group_id)
        terms = (text.strip().lower(),) if "@" in text else tuple(folded(text).split())
        return Sought(terms, (text.strip(),), group_id) if terms else _NOBODY

    async def find(self, text: str, *, limit: int = CHOICES, behind: Place | None = None) -> list[Customer]:
        """Customers by name, so many of them."""
        return await self.register.customers(self.sought(text), limit=limit, behind=behind)

    async def meant(self, customer_id: str, text: str) -> "Meant":
        """The customer whom a combobox means: the chosen one, unless something else was typed since."""
        chosen = await self.register.customer(customer_id) if customer_id else None
        if chosen and (not text or folded(text) == folded(chosen.name)):
            return Meant(chosen)
        if not text:
            return Meant(None, is_unknown=bool(customer_id))
        found = await self.find(text)
        same = [one for one in found if folded(one.name) == folded(text)]
        only = same if len(same) == 1 else found
        return Meant(only[0]) if len(only) == 1 else Meant(None, tuple(found), is_unknown=not found)


@dataclass(frozen=True, slots=True)
class Meant:
    """One customer, or those among whom is to be chosen; `is_unknown` where something was given that nobody has."""

    customer: Customer | None
    choices: tuple[Customer, ...] = ()
    is_unknown: bool = False

    @property
    def problem(self) -> str:
        """What keeps it from being one customer, for the operator."""
        if self.choices:
            return "Há mais de um cliente assim: escolha um"
        return "Nenhum cliente encontrado" if self.is_unknown else "Escolha o cliente"
