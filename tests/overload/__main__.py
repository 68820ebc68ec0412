"""`python -m tests.overload`: three times what the product carries, restarts under load, mail servers in trouble."""

import logging
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import cyclopts
import stamina
from rich.console import Console

from bench.sink import sink
from tests.overload.accounting import NotDrained
from tests.overload.mailing import mailing
from tests.overload.overloading import overload
from tests.overload.report import Row, of_mailing, of_overload, of_restart, table
from tests.overload.restarting import restart
from tests.overload.scene import collected, from_mailbox, scene
from tests.smtp import Mailbox

Part = Literal["load", "restart", "mail"]
_SHORT = timedelta(minutes=1)

application = cyclopts.App(help_format="plaintext", version_flags=[])


@application.default
def main(*parts: Part, seconds: int = 60, outage: int = 600) -> int:
    """Try all PARTS, or those that are named, on ports and data of their own.

    The overload lasts SECONDS. The mail server is slow for a minute at most, and then refuses everything for
    OUTAGE seconds.
    """
    stamina.instrumentation.set_on_retry_hooks([])
    logging.disable()
    wanted = parts or ("load", "restart", "mail")
    console = Console(width=None if sys.stdout.isatty() else 160)
    wrong: list[str] = []
    try:
        if {"load", "restart"} & set(wanted):
            wrong += _burden(console, wanted, timedelta(seconds=seconds))
        if "mail" in wanted:
            wrong += _starve_of_mail(console, timedelta(seconds=outage))
    except NotDrained as error:
        wrong.append(f"not drained: {error}")
    for one in wrong:
        console.print(f"VIOLATION: {one}", highlight=False)
    return 1 if wrong else 0


def _burden(console: Console, parts: tuple[Part, ...], lasting: timedelta) -> Iterator[str]:
    with sink() as mails, scene(mails.url, collected(mails)) as here:
        if "load" in parts:
            overloaded = overload(here, mails, lasting=lasting)
            _show(console, "Overload", of_overload(overloaded))
            yield from overloaded.violations()
        if "restart" in parts:
            restarted = restart(here)
            _show(console, "Rolling restart", of_restart(restarted))
            yield from restarted.violations()


def _starve_of_mail(console: Console, outage: timedelta) -> Iterator[str]:
    mailbox = Mailbox()
    mailbox.start()
    try:
        with scene(mailbox.url, from_mailbox(mailbox)) as here:
            within = _SHORT if outage <= _SHORT else 2 * outage
            mailed = mailing(here, mailbox, outage=outage, within=within)
            _show(console, "Mail server in trouble", of_mailing(mailed))
            yield from mailed.violations()
    finally:
        mailbox.stop()


def _show(console: Console, title: str, rows: Iterator[Row]) -> None:
    console.print(table(title, rows), highlight=False)
    console.print()


if __name__ == "__main__":
    sys.exit(application())
