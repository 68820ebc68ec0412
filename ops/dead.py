"""`atendo dead`: what the services could not handle, and what to do with it."""

import re
from datetime import timedelta
from typing import Annotated

from cyclopts import App, Parameter
from rich.progress import track
from rich.table import Table

from ops.console import console
from ops.letters import Choice, DeadLetter, chosen, replay
from ops.session import RefusedError, broker, visit

dead = App(name="dead", help="Dead letters: list, show, replay, drop.")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
Age = Annotated[str | None, Parameter(help="Only those that died longer ago than this: 30s, 10m, 2h, 1d.")]
Kind = Annotated[
    str | None, Parameter(name="--type", help="Only this type of message: TicketClosed or TicketClosed.v1.")
]


@dead.command(name="list")
def list_(
    *,
    service: str | None = None,
    kind: Kind = None,
    reason: str | None = None,
    older_than: Age = None,
) -> int:
    """List dead letters, oldest first, and leave them where they are."""

    async def work() -> None:
        choice = Choice(service=service, type=kind, reason=reason, older_than=_age(older_than))
        async with broker() as publisher, chosen(publisher, choice) as letters:
            console().print(_table(letters) if letters else "No dead letters.")

    return visit(work)


@dead.command
def show(letter: str) -> int:
    """Show one dead letter whole: headers and body. The body may hold personal data."""

    async def work() -> None:
        async with broker() as publisher, chosen(publisher, Choice(ids=(letter,))) as letters:
            if not letters:
                raise RefusedError(f"no dead letter begins with {letter}: see `atendo dead list`.")
            screen = console()
            for one in letters:
                screen.print(_table([one]))
                screen.print_json(data={name: str(value) for name, value in one.message.headers.items()})
                screen.print(one.body) if isinstance(one.body, str) else screen.print_json(data=one.body)

    return visit(work)


@dead.command(name="replay")
def replay_(
    *ids: str,
    service: str | None = None,
    kind: Kind = None,
    reason: str | None = None,
    older_than: Age = None,
    dry_run: bool = False,
) -> int:
    """Send dead letters back to the queue they died in; what was done already stays done. Without a filter: all."""

    async def work() -> None:
        choice = Choice(service=service, ids=ids, type=kind, reason=reason, older_than=_age(older_than))
        async with broker() as publisher, chosen(publisher, choice) as letters:
            if dry_run:
                console().print(_table(letters) if letters else "Nothing to replay.")
                return
            for letter in track(letters, description="replaying", transient=True):
                await replay(publisher, letter)
            print(f"replayed: {len(letters)}")

    return visit(work)


@dead.command
def drop(*ids: str, service: str | None = None, reason: str | None = None, yes: bool = False) -> int:
    """Drop dead letters for ever: those with these ids, or with `--yes` all that the filters choose."""

    async def work() -> None:
        if not ids and not yes:
            raise RefusedError("name the ids to drop, or say --yes to drop all that the filters choose.")
        async with broker() as publisher, chosen(publisher, Choice(service=service, ids=ids, reason=reason)) as letters:
            for letter in letters:
                await letter.message.ack()
            print(f"dropped: {len(letters)}")

    return visit(work)


def _age(words: str | None) -> timedelta | None:
    if words is None:
        return None
    found = re.fullmatch(r"(\d+)([smhd])", words)
    if found is None:
        raise RefusedError(f"an age reads like 30s, 10m, 2h or 1d, not {words!r}.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _table(letters: list[DeadLetter]) -> Table:
    table = Table("id", "service", "message", "reason", "attempts", "died", "handler", "exception", box=None)
    for letter in sorted(letters, key=lambda one: str(one.died_at)):
        died = letter.died_at.strftime("%d/%m %H:%M:%S") if letter.died_at else "?"
        table.add_row(
            letter.id[:8],
            letter.service,
            letter.key or letter.type,
            letter.reason,
            str(letter.attempts),
            died,
            letter.handler,
            letter.exception[:80],
        )
    return table
