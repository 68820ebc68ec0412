"""`atendo dead`: what the services could not handle, and what to do with it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from cyclopts import App, Parameter
from rich.progress import track
from rich.table import Table

from chassis.messaging.publisher import Publisher, Unroutable
from ops.ages import age
from ops.console import console
from ops.dead_letters import Choice, DeadLetter, chosen, replay
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
    "Only those that name this customer, ticket, contact or protocol anywhere."

    def choice(self, *ids: str) -> Choice:
        """What is meant, and of that what begins with one of `ids`, where there are any. Raises: RefusedError."""
        return Choice(
            service=self.service,
            ids=ids,
            type=self.type,
            reason=self.reason,
            older_than=age(self.older_than) if self.older_than else None,
            younger_than=age(self.younger_than) if self.younger_than else None,
            about=frozenset({self.about}) if self.about else frozenset(),
        )


ALL = Filters()


@dead.command(name="list")
def list_(*, filters: Filters = ALL, summary: bool = False) -> int:
    """List dead letters, oldest first, and leave them where they are; with `--summary`, count them by kind of death."""

    async def work() -> None:
        async with broker() as publisher, chosen(publisher, filters.choice()) as letters:
            shown = _summary(letters) if summary else _table(letters)
            console().print(shown if letters else "No dead letters.")

    return visit(work)


@dead.command
def show(letter: str) -> int:
    """Show one dead letter whole: headers and body. The body may hold personal data."""

    async def work() -> None:
        async with broker() as publisher, chosen(publisher, ALL.choice(letter)) as letters:
            if not letters:
                raise RefusedError(f"no dead letter begins with {letter}: see `atendo dead list`.")
            screen = console()
            for one in letters:
                screen.print(_table([one]))
                screen.print_json(data={name: str(value) for name, value in one.message.headers.items()})
                screen.print(one.body) if isinstance(one.body, str) else screen.print_json(data=one.body)

    return visit(work)


@dead.command(name="replay")
def replay_(*ids: str, filters: Filters = ALL, dry_run: bool = False) -> int:
    """Send dead letters back to the queue they died in; what was done already stays done. Without a filter: all."""

    async def work() -> None:
        async with broker() as publisher, chosen(publisher, filters.choice(*ids)) as letters:
            if dry_run:
                console().print(_table(letters) if letters else "Nothing to replay.")
                return
            stuck = await _replay(publisher, letters)
            print(f"replayed: {len(letters) - len(stuck)}")
            if stuck:
                raise RefusedError(
                    f"{len(stuck)} stay: the queue they died in is gone, {', '.join(sorted(set(stuck)))}."
                )

    return visit(work)


async def _replay(publisher: Publisher, letters: list[DeadLetter]) -> list[str]:
    stuck = []
    for letter in track(letters, description="replaying", transient=True):
        try:
            await replay(publisher, letter)
        except Unroutable:
            stuck.append(letter.queue)
    return stuck


@dead.command
def drop(*ids: str, filters: Filters = ALL, yes: bool = False) -> int:
    """Drop dead letters for ever: those with these ids, or with `--yes` all that the filters choose."""

    async def work() -> None:
        if not ids and not yes:
            raise RefusedError("name the ids to drop, or say --yes to drop all that the filters choose.")
        async with broker() as publisher, chosen(publisher, filters.choice(*ids)) as letters:
            for letter in letters:
                await letter.message.ack()
            print(f"dropped: {len(letters)}")

    return visit(work)


def _summary(letters: list[DeadLetter]) -> Table:
    kinds: dict[tuple[str, str, str], list[DeadLetter]] = defaultdict(list)
    for letter in letters:
        kinds[letter.service, letter.key or letter.type, letter.reason].append(letter)
    table = Table("service", "message", "reason", "count", "first died", "last died", box=None)
    for kind, some in sorted(kinds.items()):
        died = [letter.died_at for letter in some if letter.died_at]
        first, last = (min(died), max(died)) if died else (None, None)
        table.add_row(*kind, str(len(some)), _moment(first), _moment(last))
    return table


def _moment(at: datetime | None) -> str:
    return at.strftime("%d/%m %H:%M:%S") if at else "?"


def _table(letters: list[DeadLetter]) -> Table:
    table = Table("id", "service", "message", "reason", "attempts", "died", "handler", "exception", box=None)
    for letter in sorted(letters, key=lambda one: str(one.died_at)):
        table.add_row(
            letter.id[:8],
            letter.service,
            letter.key or letter.type,
            letter.reason,
            str(letter.attempts),
            _moment(letter.died_at),
            letter.handler,
            letter.exception[:80],
        )
    return table
