"""`atendo dead`: what the services could not handle, and what to do with it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from cyclopts import App, Parameter
from rich.progress import track
from rich.table import Table

from chassis.messaging.publisher import Publisher, Unroutable
from ops.console import age, console
from ops.databases import databases
from ops.dead_letters import Choice, DeadLetter, chosen, replay
from ops.held import held_about, ids_in
from ops.session import RefusedError, broker, visit

dead = App(name="dead", help="Dead letters: list, show, replay, drop.")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Filters:
    """Which dead letters are meant; without any, all."""

    service: str | None = None
    "Only those of this service."

    type: str | None = None
    "Only this type of message: TicketClosed or TicketClosed.v1."

    reason: str | None = None
    "Only those that died of this: unreadable, unknown_type, permanent, retries_exhausted, delivery_limit."

    older_than: str | None = None
    "Only those that died longer ago than this: 30s, 10m, 2h, 1d."

    younger_than: str | None = None
    "Only those that died less long ago than this."

    about: str | None = None
    "Only those that name this ticket, contact, protocol or chat anywhere; or this customer, or what is held of them."

    async def choice(self, *ids: str) -> Choice:
        """What is meant, and of that what begins with one of `ids`, where there are any. Raises: RefusedError."""
        return Choice(
            service=self.service,
            ids=ids,
            type=self.type,
            reason=self.reason,
            older_than=age(self.older_than) if self.older_than else None,
            younger_than=age(self.younger_than) if self.younger_than else None,
            about=await _names_of(self.about) if self.about else frozenset(),
        )


async def _names_of(about: str) -> frozenset[str]:
    async with databases() as of:
        return ids_in(await held_about(of, about), of=about)


ALL = Filters()


@dead.command(name="list")
def list_(*, filters: Filters = ALL, summary: bool = False) -> int:
    """List dead letters, oldest first, and leave them where they are; with `--summary`, count them by kind of death."""

    async def work() -> None:
        async with broker() as publisher, chosen(publisher, await filters.choice()) as dead_letters:
            shown = _summary(dead_letters) if summary else _table(dead_letters)
            console().print(shown if dead_letters else "No dead letters.")

    return visit(work)


@dead.command
def show(dead_letter: str) -> int:
    """Show one dead letter whole: headers and body. The body may hold personal data."""

    async def work() -> None:
        async with broker() as publisher, chosen(publisher, await ALL.choice(dead_letter)) as dead_letters:
            if not dead_letters:
                raise RefusedError(f"no dead letter begins with {dead_letter}: see `atendo dead list`.")
            screen = console()
            for one in dead_letters:
                screen.print(_table([one]))
                screen.print_json(data={name: str(value) for name, value in one.message.headers.items()})
                screen.print(one.body) if isinstance(one.body, str) else screen.print_json(data=one.body)

    return visit(work)


@dead.command(name="replay")
def replay_(*ids: str, filters: Filters = ALL, dry_run: bool = False) -> int:
    """Send dead letters back to the queue they died in; what was done already stays done. Without a filter: all."""

    async def work() -> None:
        async with broker() as publisher, chosen(publisher, await filters.choice(*ids)) as dead_letters:
            if dry_run:
                console().print(_table(dead_letters) if dead_letters else "Nothing to replay.")
                return
            stuck = await _replay(publisher, dead_letters)
            print(f"replayed: {len(dead_letters) - len(stuck)}")
            if stuck:
                raise RefusedError(
                    f"{len(stuck)} stay: the queue they died in is gone, {', '.join(sorted(set(stuck)))}."
                )

    return visit(work)


async def _replay(publisher: Publisher, dead_letters: list[DeadLetter]) -> list[str]:
    stuck = []
    for dead_letter in track(dead_letters, description="replaying", transient=True):
        try:
            await replay(publisher, dead_letter)
        except Unroutable:
            stuck.append(dead_letter.queue)
    return stuck


@dead.command
def drop(*ids: str, filters: Filters = ALL, yes: bool = False) -> int:
    """Drop dead letters for ever: those with these ids, or with `--yes` all that the filters choose."""

    async def work() -> None:
        if not ids and not yes:
            raise RefusedError("name the ids to drop, or say --yes to drop all that the filters choose.")
        async with broker() as publisher, chosen(publisher, await filters.choice(*ids)) as dead_letters:
            for dead_letter in dead_letters:
                await dead_letter.message.ack()
            print(f"dropped: {len(dead_letters)}")

    return visit(work)


def _summary(dead_letters: list[DeadLetter]) -> Table:
    kinds: dict[tuple[str, str, str], list[DeadLetter]] = defaultdict(list)
    for dead_letter in dead_letters:
        kinds[dead_letter.service, dead_letter.key or dead_letter.type, dead_letter.reason].append(dead_letter)
    table = Table("service", "message", "reason", "count", "first died", "last died", box=None)
    for kind, some in sorted(kinds.items()):
        died = [dead_letter.died_at for dead_letter in some if dead_letter.died_at]
        first, last = (min(died), max(died)) if died else (None, None)
        table.add_row(*kind, str(len(some)), _moment(first), _moment(last))
    return table


def _moment(at: datetime | None) -> str:
    return at.strftime("%d/%m %H:%M:%S") if at else "?"


def _table(dead_letters: list[DeadLetter]) -> Table:
    table = Table("id", "service", "message", "reason", "attempts", "died", "handler", "exception", box=None)
    for dead_letter in sorted(dead_letters, key=lambda one: str(one.died_at)):
        table.add_row(
            dead_letter.id[:8],
            dead_letter.service,
            dead_letter.key or dead_letter.type,
            dead_letter.reason,
            str(dead_letter.attempts),
            _moment(dead_letter.died_at),
            dead_letter.handler,
            dead_letter.exception[:80],
        )
    return table
