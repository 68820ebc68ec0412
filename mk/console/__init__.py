"""The operators' console: pages in Portuguese, made by the server, at `/console`."""

from fastapi import APIRouter

from mk.console.desk import Desk
from mk.console.login import login
from mk.console.overview.chats import chats
from mk.console.overview.mails import mails
from mk.console.overview.reach_screen import unreachable
from mk.console.overview.screen import overview
from mk.console.panel import panel
from mk.console.register import register
from mk.console.start import start
from mk.console.static_files import static_files
from mk.console.ticket import tickets


def routers(desk: Desk) -> list[APIRouter]:
    """The routes of every screen, in the order in which they are tried."""
    return [
        static_files(),
        login(desk),
        start(desk),
        panel(desk),
        *tickets(desk),
        *register(desk),
        overview(desk),
        unreachable(desk),
        mails(desk),
        chats(desk),
    ]
