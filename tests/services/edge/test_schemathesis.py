"""Schemathesis against the served edge: no answer that the OpenAPI document doesn't declare."""

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.rpc import contact_id
from tests.services.edge.conftest import UNLIMITED, BringUp, Serve
from tests.services.edge.surroundings import Issuer, Stub
from tests.services.edge.test_evaluations import PENDING
from tests.services.edge.test_reads import PAGE, TICKET

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHASES = "examples,coverage,fuzzing"
EXAMPLES = 10


def answer_everything(stub: Stub) -> None:
    """Answer as the services would."""
    form = {"connections": [], "connection_required": False, "sectors": [], "max_length": 4000}
    stub.says("get_menu", {"options": ["tickets"]})
    stub.says("get_contact_form", form)
    stub.says("list_tickets", {"items": [TICKET], "pending": 1, "next_cursor": None})
    stub.says("get_ticket", PAGE)
    stub.says("list_evaluations", [PENDING])
    stub.says("list_notifications", {"items": [], "unread": 0, "next_cursor": None})
    stub.answers["mark_notification_read"] = lambda body: {"ok": {"id": body["notification_id"], "read": True}}
    stub.says("open_evaluation_link", PENDING | {"state": "open"})
    stub.says("get_evaluation", PENDING | {"state": "answered", "score": 5})
    stub.says("get_contact", {"contact_id": str(uuid4()), "state": "received"})
    stub.says("get_channels", {"push_public_key": "B" * 87, "telegram": True})
    stub.says("list_devices", {"items": []})
    stub.says("register_device", {"id": str(uuid4()), "created": True})
    stub.says("remove_device", {})
    stub.says("get_preferences", {"channels": {"push": True, "telegram": True}, "quiet_hours": None})
    stub.says("save_preferences", {"channels": {"push": True, "telegram": True}, "quiet_hours": None})
    stub.says("invite_to_telegram", {"url": "https://t.me/bot?start=a", "expires_at": "2026-01-05T12:15:00Z"})
    stub.says("get_telegram_link", {"linked": False})
    stub.says("unlink_telegram", {})
    stub.says("take_telegram_update", {})
    stub.answers["submit_contact"] = receive
    stub.answers["submit_evaluation"] = stub.answers["submit_evaluation_by_link"] = rate


def receive(body: dict[str, Any]) -> dict[str, Any]:
    """Answer as contacts does once the ticket is there."""
    known = {"contact_id": str(contact_id(UUID(body["request_id"]))), "protocol": "20260105000001"}
    return {"ok": known | {"state": "ticket_opened"}}


def rate(body: dict[str, Any]) -> dict[str, Any]:
    """Answer as feedback does."""
    return {"ok": {"evaluation_id": PENDING["evaluation_id"], "score": body["score"], "created": True}}


CONFIG = """
# that quiet hours end when they begin is refused, and JSON Schema can't compare two fields
[[operations]]
include-name = "PUT /v1/preferences"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 422, 429, "5xx"]
"""


async def schemathesis(url: str, token: str, folder: Path) -> tuple[int, str]:
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or "schemathesis"
    arguments = [
        *("run", f"{url}/openapi.json", "--checks", "all", "--phases", PHASES, "--max-examples", str(EXAMPLES)),
        *("--seed", "1", "--header", f"Authorization: Bearer {token}", "--continue-on-failure", "--no-color"),
        # a live stream has no end; its own tests read it
        *("--exclude-path", "/v1/live"),
    ]
    (folder / "schemathesis.toml").write_text(CONFIG)
    process = await asyncio.create_subprocess_exec(
        program, *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.timeout(900)
async def test_no_answer_is_undeclared(serve: Serve, bring_up: BringUp, issuer: Issuer, tmp_path: Path) -> None:
    here = await serve(reply_within="PT30S", **UNLIMITED)
    answer_everything(await bring_up())

    status, said = await schemathesis(str(here.client.base_url).rstrip("/"), issuer.token(), tmp_path)

    assert status == 0, said
    assert "26 selected / 27 total" in said, said
