"""The targets that speak HTTP, without a socket: the edge before services that answer, MK's stand-in, the mailbox."""

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from starlette.types import ASGIApp, Message

from contracts.rpc import Request, contact_id
from ops.embedded.mailbox.mails import Mails
from ops.embedded.mailbox.page import list_page, mail_page
from services.edge.app import build
from services.edge.settings import Settings
from tests.fuzz.hostile import bodies, texts
from tests.fuzz.target import Target
from tests.mk.fakes import mk_in_memory
from tests.services.edge.conftest import SECRET, UNLIMITED
from tests.services.edge.fakes import FakeServices
from tests.services.edge.surroundings import Issuer

A = TypeVar("A")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
TICKET = {
    "protocol": "20260105000001",
    "opened_at": NOW.isoformat(),
    "complaint": "Lenta",
    "defect_found": None,
    "status": "pending",
    "phase": None,
}
LINKED = {
    "evaluation_id": str(uuid4()),
    "protocol": "20260105000001",
    "closed_at": NOW.isoformat(),
    "expires_at": NOW.isoformat(),
    "state": "open",
}
ANSWERS: dict[str, object] = {
    "get_menu": {"options": ["tickets"]},
    "get_contact_form": {"connections": [], "connection_required": False, "sectors": [], "max_length": 4000},
    "list_tickets": {"items": [TICKET], "next_cursor": None},
    "get_ticket": TICKET | {"timeline": [], "version": 1},
    "list_evaluations": [LINKED],
    "list_notifications": {"items": [], "unread": 0, "next_cursor": None},
    "get_contact": {"contact_id": str(uuid4()), "state": "emailed"},
    "open_evaluation_link": LINKED,
    "get_evaluation": LINKED,
}


class Answering(FakeServices):
    """Stands for every service: answers at once, as each of them would where all is well."""

    async def ask(self, request: Request[A], *, within: timedelta) -> A:
        """Answer; the request must be one that could be sent."""
        assert within
        return request.answer().validate_python(_answer(json.loads(request.model_dump_json()), request.request_id))


def _answer(asked: dict[str, Any], request_id: UUID) -> object:
    kind = asked["kind"]
    if kind == "submit_contact":
        return {"contact_id": contact_id(request_id), "state": "emailed"}
    if kind.startswith("submit_evaluation"):
        return {"evaluation_id": LINKED["evaluation_id"], "score": asked["score"], "created": True}
    if kind == "mark_notification_read":
        return {"id": asked["notification_id"], "read": True}
    return ANSWERS[kind]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as a server that checks the form alone would hand it on."""

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """Its answer."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes


async def serve(app: ASGIApp, asked: Asked) -> Answered:
    """Have an application answer."""
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    await app(
        {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": asked.method,
            "scheme": "http",
            "path": asked.path,
            "raw_path": quote(asked.path, safe="/", errors="replace").encode(),
            "query_string": asked.query,
            "root_path": "",
            "headers": asked.headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        },
        receive,
        send,
    )
    body = b"".join(message.get("body", b"") for message in said)
    return Answered(said[0]["status"], dict(said[0]["headers"]), body)


_METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW"])
_VISIBLE = st.one_of(st.binary(max_size=30), texts().map(lambda text: text.encode(errors="replace"))).map(
    lambda value: value.replace(b"\r", b" ").replace(b"\n", b" ").replace(b"\0", b" ").strip()
)


@st.composite
def requests(draw: DrawFn, paths: SearchStrategy[str], headers: SearchStrategy[tuple[bytes, bytes]]) -> Asked:
    """A request to one of these paths, with any of these headers and others."""
    anything = st.tuples(st.sampled_from([b"host", b"cookie", b"range", b"x-odd", b"content-type"]), _VISIBLE)
    return Asked(
        method=draw(st.one_of(st.sampled_from(["GET", "POST"]), _METHODS)),
        path=draw(paths),
        query=draw(st.one_of(st.just(b""), _queries())),
        headers=draw(st.lists(st.one_of(headers, anything), max_size=6)),
        body=draw(st.one_of(bodies("requests"), _written_bodies(), st.just(b""), st.binary(max_size=100))),
    )


def _queries() -> SearchStrategy[bytes]:
    names = st.sampled_from(["limit", "cursor", "status", "odd", "customer", "receipt"])
    pairs = st.tuples(names, texts()).map(lambda one: f"{one[0]}={quote(one[1], errors='replace')}".encode())
    # a target is visible ASCII, or the server itself refuses it
    visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20).map(str.encode)
    return st.one_of(st.lists(pairs, max_size=3).map(b"&".join), visible)


def _written_bodies() -> SearchStrategy[bytes]:
    odd = st.one_of(texts(), st.integers(), st.floats(), st.none(), st.booleans())
    fields = st.sampled_from(["text", "sector_id", "connection_id", "channel", "score", "comment"])
    forms = st.lists(st.tuples(fields, texts()), max_size=5).map(
        lambda some: "&".join(f"{name}={quote(value, errors='replace')}" for name, value in some).encode()
    )
    deep = st.sampled_from([b"[" * 60_000, b'{"a":' * 10_000, b'{"score": 1' + b"0" * 5000 + b"}", b'{"score": 1e999}'])
    return st.one_of(st.dictionaries(fields, odd, max_size=5).map(lambda some: json.dumps(some).encode()), forms, deep)


def _edge_paths() -> SearchStrategy[str]:
    parts = st.one_of(
        texts(), st.uuids().map(str), st.sampled_from(["20260105000001", "\uff12\uff10\uff12\uff16", "0" * 5000])
    )
    templates = [
        "/v1/tickets/{}",
        "/v1/contacts/{}",
        "/v1/evaluations/{}",
        "/v1/notifications/{}/read",
        "/avaliacao/{}",
        "/avaliacao/{}/",
    ]
    fixed = ["/v1/menu", "/v1/tickets", "/v1/contact-form", "/v1/contacts", "/v1/evaluations", "/v1/notifications"]
    return st.one_of(
        st.sampled_from(fixed),
        st.tuples(st.sampled_from(templates), parts).map(lambda one: one[0].format(one[1])),
        texts().map(lambda text: f"/{text}"),
        st.sampled_from(["/health/live", "/metrics", "/openapi.json", "*", "//", "/v1/../v1/menu", ""]),
    ).map(lambda path: path.encode(errors="replace").decode())


def _edge_headers(token: str) -> SearchStrategy[tuple[bytes, bytes]]:
    good = st.just((b"authorization", f"Bearer {token}".encode()))
    bent = st.tuples(st.integers(0, len(token)), _VISIBLE).map(
        lambda one: (b"authorization", f"Bearer {token[: one[0]]}".encode() + one[1] + token[one[0] :].encode())
    )
    names = [
        b"x-forwarded-for",
        b"idempotency-key",
        b"prefer",
        b"x-request-id",
        b"if-none-match",
        b"authorization",
        b"origin",
        b"accept",
    ]
    values = st.one_of(
        _VISIBLE,
        st.sampled_from([b"wait=5", b"wait=99999999999", b"WAIT = 3 ; x", b"wait=0,respond-async", b'W/"1"', b"*"]),
        st.sampled_from(
            [b"text/html", b"k", b"k" * 129, b"Bearer", b"Bearer a.b.c", b"Basic eDp5", b"bearer " + b"W" * 60_000]
        ),
    )
    return st.one_of(good, good, good, bent, st.tuples(st.sampled_from(names), values))


_FORBIDDEN = (b"Traceback", b'File "', b".py", b"pydantic", b"Exception")


def _check_no_trace(answered: Answered) -> None:
    assert answered.status < 500, f"{answered.status}: {answered.body[:300]!r}"
    assert not any(word in answered.body for word in _FORBIDDEN), answered.body[:300]


def _check_edge(app: ASGIApp, loop: asyncio.AbstractEventLoop) -> Callable[[Asked], None]:
    def check(asked: Asked) -> None:
        answered = loop.run_until_complete(serve(app, asked))
        if asked.path not in {"/openapi.json", "/metrics", "/health/ready"}:
            _check_no_trace(answered)
        is_page = answered.headers.get(b"content-type", b"").startswith(b"text/html")
        if answered.status >= 400 and asked.method != "HEAD" and not is_page:
            assert json.loads(answered.body)["type"].startswith("urn:atendo:problem:")
        assert answered.headers[b"x-content-type-options"] == b"nosniff"
        for value in answered.headers.values():
            assert b"\r" not in value
            assert b"\n" not in value

    return check


def _edge(loop: asyncio.AbstractEventLoop) -> tuple[ASGIApp, str]:
    with closing(Issuer()) as issuer:
        given = {"jwks_url": issuer.url, "trusted_proxies": 1, **SECRET, **UNLIMITED}
        edge = build(Settings.model_validate(given), broker=Answering())
        loop.run_until_complete(edge.keys.refresh())
        token = issuer.token()
    return edge.app, token


def _mk_paths() -> SearchStrategy[str]:
    types = ["CustomerSaved.v1", "TicketOpened.v1", "ServiceOrderCreated.v1", "TicketClosed.v1", "SectorSaved.v1"]
    return st.one_of(
        st.sampled_from([f"/events/{name}" for name in types]),
        texts().map(lambda text: f"/events/{text}"),
        st.sampled_from(["/token", "/tickets", "/painel/finalizados", "/contacts", "/scenarios"]),
        texts().map(lambda text: f"/tickets/{text}"),
    ).map(lambda path: path.encode(errors="replace").decode())


@st.composite
def _mk_requests(draw: DrawFn) -> Asked:
    json_type = st.just((b"content-type", b"application/json"))
    form_type = st.just((b"content-type", b"application/x-www-form-urlencoded"))
    asked = draw(requests(_mk_paths(), st.one_of(json_type, form_type)))
    return replace(asked, body=draw(st.one_of(bodies("mk"), _logins(), _written_bodies())))


def _logins() -> SearchStrategy[bytes]:
    pair = st.tuples(texts(), texts(), _VISIBLE)
    return pair.map(lambda one: f"username={quote(one[0], errors='replace')}&password=".encode() + one[2])


def _check_mk(app: ASGIApp, loop: asyncio.AbstractEventLoop) -> Callable[[Asked], None]:
    def check(asked: Asked) -> None:
        _check_no_trace(loop.run_until_complete(serve(app, asked)))

    return check


# The mailbox takes whatever a mail server is given.


def _mail_bytes() -> SearchStrategy[bytes]:
    names = st.sampled_from([b"From", b"To", b"Cc", b"Subject", b"Date", b"Message-ID", b"Content-Type", b"X-Odd"])
    odd = [
        *(b"<", b"<>", b'"', b"a@", b"@b", b"a@[", b"=?utf-8?q?=00?=", b"=?x?b?AAAA?=", b"=?utf-8?b?=?=", b"\xff\xfe"),
        *(
            b"multipart/mixed",
            b'multipart/mixed; boundary="x"',
            b'text/plain; charset="nonsense"',
            b"text/plain;charset",
        ),
        *(b"text/html; charset=utf-16", b"message/rfc822", b"Mon, 99 Foo 0000 99:99:99", b",,,", b"a:b;", b"(("),
        *(b"attachment; filename*=utf-8''%ff", b"attachment; filename*0*=x", b"<" + b"a" * 2000, b"\x00", b"text/"),
    ]
    values = st.one_of(
        st.sampled_from(odd), st.binary(max_size=40), texts().map(lambda text: text.encode(errors="replace"))
    )
    encodings = st.sampled_from([b"base64", b"quoted-printable", b"uuencode", b"8bit", b"odd"])
    lines = st.one_of(
        st.tuples(names, values).map(b": ".join),
        encodings.map(lambda one: b"Content-Transfer-Encoding: " + one),
        values.map(lambda one: b"Content-Disposition: " + one),
        st.sampled_from([b"", b"--x", b"--x--", b" folded", b"no colon"]),
        st.binary(max_size=30),
    )
    return st.one_of(st.lists(lines, max_size=12).map(b"\r\n".join), st.binary(max_size=200))


def _check_mailbox(folder: Path) -> Callable[[bytes], None]:
    def check(content: bytes) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        mails = Mails(folder)
        mail = mails.get(mails.add(content, sender="a@b.example", recipients=["c@d.example"]))
        assert mail is not None
        # as its two interfaces write it
        json.dumps(mail.as_maildev(), ensure_ascii=False).encode()
        mail_page(mail).encode()
        list_page([mail], total=1).encode()
        mail.html().encode()

    return check


def targets(folder: Path) -> list[Target]:
    """Every target of this module; `folder` is for what the mailbox and MK keep."""
    loop = asyncio.new_event_loop()
    edge, token = _edge(loop)
    return [
        Target("edge", requests(_edge_paths(), _edge_headers(token)), _check_edge(edge, loop), share=2),
        Target("mk over HTTP", _mk_requests(), _check_mk(mk_in_memory(folder / "mk").http_app(), loop), share=2),
        Target("mailbox", _mail_bytes(), _check_mailbox(folder / "mail"), share=2),
    ]
