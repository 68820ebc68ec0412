"""The `var/` folder of a run: its lock, its secrets, and the files that tell other programs where everything is."""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


def label(name: str, replica: int) -> str:
    """A part's name among its replicas, as people and log files have it."""
    return name if replica == 1 else f"{name}-{replica}"


class AlreadyRunningError(Exception):
    """Another run holds the folder; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """What a run keeps and shows. Data and secrets stay; `run.json` and `run.env` end with the run."""

    path: Path

    @property
    def state_file(self) -> Path:
        """The processes, current at any time."""
        return self.path / "run.json"

    @property
    def env_file(self) -> Path:
        """The addresses, there once everything is up."""
        return self.path / "run.env"

    def log(self, name: str, replica: int = 1) -> Path:
        """Where a part's output goes."""
        return self.path / "log" / f"{label(name, replica)}.log"

    def lock(self) -> TextIO:
        """Hold the folder until the returned file is closed or we end. Raises: AlreadyRunningError."""
        self.path.mkdir(parents=True, exist_ok=True)
        held = (self.path / "lock").open("a+")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            pid = held.read().strip()
            held.close()
            raise AlreadyRunningError(
                f"Atendo already runs in {self.path} (pid {pid}): stop it first, or set VAR_DIR to another folder.",
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        return held

    def secret(self, name: str) -> str:
        """Return 32 random bytes in hexadecimal, the same from run to run."""
        return self.kept(name, lambda: secrets.token_hex(32)).read_text()

    def kept(self, name: str, make: Callable[[], str]) -> Path:
        """Return the file of a secret that is made once, and the same from run to run."""
        file = self.path / "secrets" / name
        if not file.exists():
            file.parent.mkdir(mode=0o700, exist_ok=True)
            _write(file, make(), mode=0o600)
        return file

    def write_state(self, state: Mapping[str, object]) -> None:
        """Replace `run.json`; a reader sees the old one or the new one, never half."""
        _write(self.state_file, json.dumps(state, indent=2) + "\n", mode=0o644)

    def write_env(self, addresses: Mapping[str, str]) -> None:
        """Replace `run.env`."""
        _write(self.env_file, "".join(f"{name}={value}\n" for name, value in addresses.items()), mode=0o644)

    def clear(self) -> None:
        """Remove what only holds while running."""
        self.state_file.unlink(missing_ok=True)
        self.env_file.unlink(missing_ok=True)


def _write(file: Path, text: str, *, mode: int) -> None:
    new = file.with_name(f".{file.name}.new")
    new.touch(mode=mode)
    new.chmod(mode)
    new.write_text(text)
    new.replace(file)
