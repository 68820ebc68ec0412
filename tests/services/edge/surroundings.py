"""What surrounds the edge in its tests: a token issuer, services that answer as they are told, and a served edge."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aio_pika
import jwt
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from contracts.message import Message as ContractMessage

ONE_HOUR = 3600

Answer = Callable[[dict[str, Any]], dict[str, Any] | None]
"""From a request's body to the reply's; None says nothing at all."""


class Issuer:
    """A token issuer on a real port, whose keys can be changed and which can be away."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.asked = 0
        self.away = False
        self.document: bytes | None = None
        self.add_key("k1")
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                self.send_response(503 if issuer.away else 200)
                self.end_headers()
                self.wfile.write(b"away" if issuer.away else issuer.jwks())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def add_key(self, key_id: str) -> None:
        """Sign with one key more."""
        self.keys[key_id] = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwks(self) -> bytes:
        """What it shows: its keys, and some that are of no use; or the document that the test gave."""
        if self.document is not None:
            return self.document
        keys = [
            json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": key_id, "use": "sig", "alg": "RS256"}
            for key_id, key in self.keys.items()
        ]
        return json.dumps({"keys": [*keys, {"kty": "EC", "kid": "other"}, {"kty": "RSA", "kid": "broken"}]}).encode()

    def token(self, customer_id: str = "ana", *, key_id: str = "k1", **claims: object) -> str:
        """A token of this customer."""
        return self.token_saying({"sub": customer_id} | claims, key_id=key_id)

    def token_saying(self, claims: dict[str, object], *, key_id: str = "k1") -> str:
        """A token with these claims; one that is None is left out."""
        said = {"sub": "ana", "aud": "atendo", "exp": int(time.time()) + ONE_HOUR} | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.PyJWS().encode(
            json.dumps(said).encode(), self.keys[key_id], algorithm="RS256", headers={"kid": key_id, "typ": "JWT"}
        )

    def close(self) -> None:
        """Leave its port."""
        self._server.shutdown()
        self._server.server_close()


class Stub:
    """Stands for all services: answers each kind of request as the test says, and remembers what was asked."""

    def __init__(self, connection: AbstractConnection) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[dict[str, Any]] = []
        self._connection = connection

    async def listen(self, *queues: str) -> None:
        """Consume these queues."""
        channel = await self._connection.channel()
        self._exchange = channel.default_exchange
        for name in queues:
            queue = await channel.get_queue(name, ensure=False)
            await queue.consume(self._on_request)

    async def _on_request(self, message: AbstractIncomingMessage) -> None:
        body = json.loads(message.body)
        self.asked.append(body)
        answer = self.answers.get(body["kind"])
        reply = answer(body) if answer else None
        if reply is not None and message.reply_to:
            await self._exchange.publish(
                aio_pika.Message(json.dumps(reply).encode(), correlation_id=message.correlation_id),
                message.reply_to,
                mandatory=False,
            )
        await message.ack()

    async def publish(self, event: ContractMessage) -> None:
        """Announce an event, as the service whose it is."""
        channel = await self._connection.channel()
        exchange = await channel.get_exchange(event.exchange(), ensure=False)
        await exchange.publish(
            aio_pika.Message(event.model_dump_json().encode(), type=event.type_name()),
            event.routing_key(),
            mandatory=False,
        )
        await channel.close()

    def forget(self) -> None:
        """Answer nothing any more, and forget what was asked."""
        self.answers.clear()
        self.asked.clear()

    def says(self, kind: str, ok: object) -> None:
        """Answer every request of a kind with this."""
        self.answers[kind] = lambda _: {"ok": ok}

    def refuses(self, kind: str, status: int, *, detail: str = "Não.", field: str | None = None) -> None:
        """Answer every request of a kind with this problem."""
        problem: dict[str, object] = {
            "status": status,
            "type": f"urn:atendo:problem:refused-{status}",
            "title": "Refused",
            "detail": detail,
        }
        if field:
            problem["errors"] = [{"field": field, "message": detail}]
        self.answers[kind] = lambda _: {"problem": problem}

    def asked_for(self, kind: str) -> list[dict[str, Any]]:
        """What was asked of one kind."""
        return [body for body in self.asked if body["kind"] == kind]
