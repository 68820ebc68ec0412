"""`atendo addresses`: whom no mail reaches, and how an address gets mails again (R11, R19)."""

from cyclopts import App
from rich.table import Table

from contracts.addresses import usable
from ops.console import console
from ops.databases import databases
from ops.session import RefusedError, visit

addresses = App(name="addresses", help="Addresses that no mail is sent to: list, allow.")


@addresses.command(name="list")
def list_() -> int:
    """Print the addresses that are switched off, and the sectors that have none: whose, which, why and since when.

    An address is switched off for 30 days (`ADDRESS_OFF_FOR`), until MK has another one, or until it is allowed.
    """

    async def work() -> None:
        async with databases() as of:
            found = [one async for one in of["notifier"]["addresses"].find({"off.0": {"$exists": True}}).sort("_id", 1)]
        table = Table("whose", "address", "because", "since", title="No mail is sent to")
        for owner in found:
            for one in owner["off"]:
                table.add_row(owner["_id"], one["address"] or "—", one["reason"], f"{one['at']:%Y-%m-%d %H:%M}")
        console().print(table)

    return visit(work)


@addresses.command
def allow(address: str) -> int:
    """Have mails sent to an address again, whosever it is; exit code 1 where it isn't switched off."""

    async def work() -> None:
        wanted = usable(address)
        async with databases() as of:
            named = {"address": {"$in": [*wanted, address]}}
            done = await of["notifier"]["addresses"].update_many(
                {"off": {"$elemMatch": named}}, {"$pull": {"off": named}}
            )
        if not done.modified_count:
            raise RefusedError("this address isn't switched off: see `atendo addresses list`.")
        console().print("Allowed again: the next mail goes there. What was skipped until now stays skipped.")

    return visit(work)
