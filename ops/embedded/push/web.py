"""The push service over HTTP: takes messages as RFC 8030 has it, refuses what the real ones refuse; and FCM v1."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ops.embedded.push.devices import Browser, Undecipherable
from ops.embedded.push.signatures import Forbidden, check_vapid

MAX_BODY_BYTES = 4_096
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})
_FCM_BEARER = "Bearer fcm-"


@dataclass(slots=True)
class PushService:
    """All browsers and phones; `trouble` are answers to give to the next messages instead, for tests.

    `taken` counts the messages to browsers: one that replaced another is shown once, counts twice, and has its `times`.
    """

    base_url: str
    browsers: dict[str, Browser] = field(default_factory=dict)
    phones: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    trouble: list[Response] = field(default_factory=list)
    taken: int = 0

    def application(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/subscriptions", self.subscribe, methods=["POST"]),
                Route("/subscriptions/{id}", self.unsubscribe, methods=["DELETE"]),
                Route("/subscriptions/{id}/messages", self.messages),
                Route("/push/{id}", self.push, methods=["POST"]),
                Route("/phones", self.register, methods=["POST"]),
                Route("/phones/{token}", self.uninstall, methods=["DELETE"]),
                Route("/phones/{token}/messages", self.phone_messages),
                Route("/token", self.token, methods=["POST"]),
                Route("/v1/projects/{project}/messages:send", self.fcm, methods=["POST"]),
                Route("/trouble", self.make_trouble, methods=["POST"]),
                *(Route(path, self.healthy) for path in ("/health/live", "/health/ready")),
                Route("/metrics", self.metrics),
            ]
        )

    async def subscribe(self, _request: Request) -> Response:
        """Subscribe a new browser: what its page would send to `POST /v1/devices`."""
        browser = Browser()
        self.browsers[browser.id] = browser
        return JSONResponse(browser.subscription(self.base_url) | {"id": browser.id}, status_code=201)

    async def unsubscribe(self, request: Request) -> Response:
        """End a subscription: what is sent to it from now on is 410."""
        self.browsers[request.path_params["id"]].gone = True
        return Response(status_code=204)

    async def messages(self, request: Request) -> Response:
        """Give the messages of one browser, decrypted."""
        return JSONResponse(self.browsers[request.path_params["id"]].messages)

    async def push(self, request: Request) -> Response:
        """Take one message."""
        if self.trouble:
            return self.trouble.pop(0)
        browser = self.browsers.get(request.path_params["id"])
        if browser is None:
            return _problem(404, "no such subscription")
        if browser.gone:
            return _problem(410, "push subscription has unsubscribed or expired")
        try:
            claims = check_vapid(request.headers.get("authorization", ""), audience=self.base_url)
        except Forbidden as forbidden:
            return _problem(403, str(forbidden))
        body = await request.body()
        if wrong := _wrong_with(request, body):
            return wrong
        return self._keep(browser, request, body, claims["sub"])

    def _keep(self, browser: Browser, request: Request, body: bytes, sender: str) -> Response:
        try:
            shown = json.loads(browser.decrypted(body))
        except (Undecipherable, ValueError) as error:
            # a real push service can't know; its browser would drop it
            shown = {"undecipherable": str(error)}
        headers = {name: request.headers.get(name) for name in ("ttl", "urgency", "topic")}
        self.taken += 1
        topic = headers["topic"]
        times = 1 + sum(one["times"] for one in browser.messages if topic and one["topic"] == topic)
        if topic:
            browser.messages = [one for one in browser.messages if one["topic"] != topic]
        browser.messages.append({**headers, "sender": sender, "message": shown, "times": times})
        return Response(status_code=201, headers={"Location": f"{self.base_url}/message/{uuid4().hex}"})

    async def register(self, _request: Request) -> Response:
        """Install the app on a new phone: its FCM token."""
        token = uuid4().hex
        self.phones[token] = []
        return JSONResponse({"token": token}, status_code=201)

    async def uninstall(self, request: Request) -> Response:
        """Remove the app: its token is UNREGISTERED from now on."""
        del self.phones[request.path_params["token"]]
        return Response(status_code=204)

    async def phone_messages(self, request: Request) -> Response:
        """Give the messages of one phone."""
        return JSONResponse(self.phones[request.path_params["token"]])

    async def token(self, request: Request) -> Response:
        """Give an access token for a signed assertion, as Google's token endpoint does."""
        form = await request.form()
        if str(form.get("assertion") or "").count(".") != len(("header", "payload")):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse({"access_token": f"fcm-{uuid4().hex}", "expires_in": 3599, "token_type": "Bearer"})

    async def fcm(self, request: Request) -> Response:
        """Take one message as FCM's HTTP v1 does."""
        if self.trouble:
            return self.trouble.pop(0)
        if not request.headers.get("authorization", "").startswith(_FCM_BEARER):
            return _fcm_error(401, "UNAUTHENTICATED", "")
        message = (await request.json()).get("message", {})
        phone = self.phones.get(message.get("token", ""))
        if phone is None:
            return _fcm_error(404, "NOT_FOUND", "UNREGISTERED")
        phone.append(message)
        return JSONResponse({"name": f"projects/{request.path_params['project']}/messages/{uuid4().hex}"})

    async def make_trouble(self, request: Request) -> Response:
        """Answer the next messages so: `{status, headers?, times?}`."""
        body = await request.json()
        answer = Response(status_code=body["status"], headers=body.get("headers", {}))
        self.trouble.extend([answer] * body.get("times", 1))
        return JSONResponse({"ok": True})

    async def healthy(self, _request: Request) -> Response:
        """Say that it works."""
        return JSONResponse(content=True)

    async def metrics(self, _request: Request) -> Response:
        """Give the number of subscriptions to Prometheus."""
        lines = "# HELP push_subscriptions Browsers that are subscribed.\n# TYPE push_subscriptions gauge\n"
        return PlainTextResponse(f"{lines}push_subscriptions {sum(not one.gone for one in self.browsers.values())}\n")


def _wrong_with(request: Request, body: bytes) -> Response | None:
    ttl, topic = request.headers.get("ttl", ""), request.headers.get("topic")
    if not (ttl.isascii() and ttl.isdigit()):
        return _problem(400, "TTL is missing")
    if topic is not None and not _TOPIC.fullmatch(topic):
        return _problem(400, "Topic must be up to 32 characters of base64url")
    if request.headers.get("urgency", "normal") not in _URGENCIES:
        return _problem(400, "Urgency is unknown")
    if body and request.headers.get("content-encoding") != "aes128gcm":
        return _problem(400, "Content-Encoding must be aes128gcm")
    return _problem(413, "payload too large") if len(body) > MAX_BODY_BYTES else None


def _problem(status: int, reason: str) -> Response:
    return JSONResponse({"code": status, "message": reason}, status_code=status)


def _fcm_error(status: int, name: str, code: str) -> Response:
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = [{"@type": kind, "errorCode": code}] if code else []
    body = {"error": {"code": status, "status": name, "message": name, "details": details}}
    return JSONResponse(body, status_code=status)
