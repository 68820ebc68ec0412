"""A test run's broker and database as programs of this machine, in a folder of the run's own."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ops.embedded.mongodb import MongoDB
from ops.embedded.ports import free_port
from ops.embedded.process import Program, stop, tail
from ops.embedded.rabbitmq import RabbitMQ


def _new_folder() -> str:
    return tempfile.mkdtemp(prefix="atendo-test-")


@dataclass(slots=True)
class Embedded:
    """Private programs on loopback; `place` is their folder."""

    place: str = field(default_factory=_new_folder)
    _processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start_broker(self) -> tuple[str, str]:
        """Start RabbitMQ, and return where AMQP and the management API will be. Raises: MissingPartError."""
        node = RabbitMQ(
            folder=Path(self.place) / "rabbitmq",
            port=free_port(),
            management_port=free_port(),
            distribution_port=free_port(),
            log=self._log("RabbitMQ"),
        )
        self._launch(node.program())
        return node.url, node.management_url

    def start_database(self) -> str:
        """Start mongod, and return where it will be. Raises: MissingPartError."""
        mongod = MongoDB(folder=Path(self.place) / "mongod", port=free_port(), log=self._log("MongoDB"))
        self._launch(mongod.program())
        return mongod.url

    def has_ended(self) -> bool:
        """Tell whether a program that was started here has ended by itself."""
        return any(process.poll() is not None for process in self._processes)

    def end_of_log(self, part: str) -> str:
        """The end of a part's log."""
        return tail(self._log(part))

    def stop(self) -> None:
        """End what was started here, at once: nothing in it is worth a graceful end."""
        for process in self._processes:
            stop(process, grace=timedelta())
        shutil.rmtree(self.place, ignore_errors=True)

    def _launch(self, program: Program) -> None:
        self._processes.append(program.start())

    def _log(self, part: str) -> Path:
        return Path(self.place) / f"{part.lower()}.log"
