"""Where the running product is: from the environment, else from the `run.env` of the run on this machine."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]


class NotRunningError(Exception):
    """Nothing says where the product runs; the words say what to do."""


def var_folder() -> Path:
    """The folder of the embedded run: `VAR_DIR`, else `var` beside the code."""
    return Path(os.environ.get("VAR_DIR", ROOT / "var"))


def address(name: str) -> str:
    """`AMQP_URL`, `MONGO_URL`, `EDGE_URL`, `MK_URL`, `MAIL_URL`, `SMTP_URL` or `CHAT_URL`. Raises: NotRunningError."""
    if given := os.environ.get(name):
        return given
    written = var_folder() / "run.env"
    lines = written.read_text().splitlines() if written.exists() else []
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    if name not in found:
        raise NotRunningError(f"nothing is running here: start it with `make run`, or set {name}.")
    return found[name]
