"""`atendo send again`: what didn't reach its recipient goes out once more (R19)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from cyclopts import App
from rich.progress import track
from rich.table import Table

from chassis.clock import utc_now
from chassis.messaging.rpc import Requests
from contracts.operating import SendAgain
from ops.console import age, console
from ops.databases import databases
from ops.session import PATIENCE, RefusedError, broker, visit
from services.notifier.deliver.resending import CURABLE_SKIPS

send = App(name="send", help="What didn't arrive: send it again.")

Found = dict[str, Any]


@send.command
def again(
    *notifications: UUID,
    failed: bool = False,
    unknown: bool = False,
    since: str = "2h",
    anyway: bool = False,
    dry_run: bool = False,
) -> int:
    """Send notifications again; what is on its way stays as it is. Exit code 1 where one was refused.

    Args:
        notifications: Their numbers, from `atendo explain`.
        failed: Also all that failed since, and all that was skipped for its address.
        unknown: Also all since of which nobody knows whether it arrived: it may arrive twice.
        since: How far back `--failed` and `--unknown` look: 30m, 2h, 1d.
        anyway: Even what was sent already.
        dry_run: Only list what would be sent.
    """

    async def work() -> None:
        if not (notifications or failed or unknown):
            raise RefusedError("name notifications, or say --failed or --unknown: see `atendo explain`.")
        found = await _unsent(age(since), failed=failed, unknown=unknown)
        if dry_run:
            console().print(_table(found) if found else "Nothing to send again.")
            return
        await _send_all([*dict.fromkeys((*notifications, *(one["_id"] for one in found)))], anyway=anyway)

    return visit(work)


async def _unsent(since: timedelta, *, failed: bool, unknown: bool) -> list[Found]:
    kinds: list[Found] = []
    if failed:
        skipped = "|".join(f"^{reason}" for reason in CURABLE_SKIPS)
        kinds += [{"state": "failed"}, {"state": "skipped", "reason": {"$regex": skipped}}]
    if unknown:
        kinds += [{"state": "unknown"}]
    if not kinds:
        return []
    # as the index wants it: what was sent has no reason
    lately = {"reason": {"$type": "string"}, "state_at": {"$gte": utc_now() - since}}
    async with databases() as of:
        return [one async for one in of["notifier"]["deliveries"].find({**lately, "$or": kinds}).sort("state_at", 1)]


async def _send_all(notifications: Sequence[UUID], *, anyway: bool) -> None:
    again, under_way, refused = 0, 0, list[str]()
    async with _notifier() as requests:
        for one in track(notifications, description="sending again", transient=True):
            asked = SendAgain(request_id=uuid4(), notification_id=one, anyway=anyway)
            reply = await requests.reply(asked, within=PATIENCE, confirm_within=PATIENCE)
            if reply.problem is not None:
                refused.append(f"{one}: {reply.problem.detail}")
            elif isinstance(reply.ok, dict) and reply.ok["under_way"]:
                under_way += 1
            else:
                again += 1
    print(f"sent again: {again}; on their way already: {under_way}")
    if refused:
        raise RefusedError("\n".join((f"{len(refused)} refused (`--anyway` sends what was sent):", *refused)))


@asynccontextmanager
async def _notifier() -> AsyncIterator[Requests]:
    async with broker() as publisher:
        requests = Requests(publisher)
        await requests.start()
        yield requests


def _table(found: Sequence[Found]) -> Table:
    table = Table("when", "about", "channel", "to", "state", "because", "attempts", "notification")
    for one in found:
        table.add_row(
            f"{one['state_at']:%Y-%m-%d %H:%M:%S}",
            one["about"]["type"],
            one["channel"],
            one["recipient"],
            one["state"],
            one["reason"],
            str(one.get("attempts", "")),
            str(one["_id"]),
        )
    return table
