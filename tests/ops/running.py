"""The whole product with MK's stand-in, for the commands that look after it."""

from pathlib import Path

from tests.journeys.provider import Provider
from tests.mk.running import mk_runs
from tests.services.edge.surroundings import Issuer
from tests.smtp import Mailbox
from tests.system import System


class Running(Provider):
    """A provider whose MK is there too; its key lies in `folder`."""

    def __init__(self, system: System, mailbox: Mailbox, issuer: Issuer, *, folder: Path) -> None:
        super().__init__(system, mailbox, issuer)
        self._folder = folder

    async def again(self, name: str) -> None:
        """Start a replica of any service, MK's stand-in too."""
        await (mk_runs(self.system, self._folder) if name == "mk" else self.run(name))
