"""Whom a request speaks for: real RSA keys, from an issuer that speaks real HTTP."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chassis.observability.logging import logger
from services.edge.app import build
from services.edge.auth import BadToken, Keys, KeysUnknown, NoToken, Tokens
from services.edge.settings import Settings
from tests.services.edge.conftest import SECRET
from tests.services.edge.surroundings import Issuer

pytestmark = pytest.mark.asyncio(loop_scope="module")


AT_ONCE = timedelta(0)


def keys_of(issuer: Issuer, *, refresh_after: timedelta = AT_ONCE) -> Keys:
    return Keys(issuer.url, refresh_after=refresh_after, max_age=timedelta(minutes=10), log=logger())


@pytest_asyncio.fixture
async def keys(issuer: Issuer) -> AsyncIterator[Keys]:
    """Give the edge's view of the issuer's keys, asked for again at every unknown one."""
    keys = keys_of(issuer)
    yield keys
    await keys.close()


@pytest.fixture
def tokens(keys: Keys) -> Tokens:
    """Give the judge of tokens."""
    return Tokens(keys, audience="atendo")


def forged(algorithm: str, claims: dict[str, object], *, secret: bytes = b"") -> str:
    """A token as no library would make it."""
    header = {"alg": algorithm, "kid": "k1"}
    said = b".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
    seal = _base64(hmac.digest(secret, said, "sha256")) if secret else b""
    return (said + b"." + seal).decode()


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


async def test_a_token_of_the_issuer_speaks_for_its_customer(tokens: Tokens, issuer: Issuer) -> None:
    assert (await tokens.bearer(f"Bearer {issuer.token('ana')}")).customer_id == "ana"
    assert (await tokens.bearer(f"bearer {issuer.token('bia', aud=['mk', 'atendo'])}")).customer_id == "bia"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic YTpi"])
async def test_no_token_is_told_apart_from_a_bad_one(tokens: Tokens, header: str | None) -> None:
    with pytest.raises(NoToken):
        await tokens.bearer(header)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"aud": "another"},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 129},
        {"nbf": int(time.time()) + 3600},
    ],
)
async def test_a_token_that_is_over_or_not_for_us_is_bad(
    tokens: Tokens, issuer: Issuer, claims: dict[str, object]
) -> None:
    with pytest.raises(BadToken):
        await tokens.bearer(f"Bearer {issuer.token_saying(claims)}")


async def test_clocks_may_differ_by_some_seconds(tokens: Tokens, issuer: Issuer) -> None:
    token = issuer.token(exp=int(time.time()) - 3)

    assert (await tokens.bearer(f"Bearer {token}")).customer_id == "ana"


async def test_a_token_that_the_issuer_did_not_sign_is_bad(tokens: Tokens, issuer: Issuer) -> None:
    other = Issuer()
    other.close()
    claims: dict[str, object] = {"sub": "ana", "aud": "atendo", "exp": int(time.time()) + 60}
    public_key = issuer.keys["k1"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    tokens_of_others = [
        other.token(),
        issuer.token()[:-8] + "AAAAAAAA",
        forged("none", claims),
        # the public key as a secret, the oldest trick on RS256
        forged("HS256", claims, secret=public_key),
        jwt.encode(claims, issuer.keys["k1"], algorithm="RS512", headers={"kid": "k1"}),
        "not.a.token",
        "á",
    ]

    for token in tokens_of_others:
        with pytest.raises(BadToken):
            await tokens.bearer(f"Bearer {token}")


async def test_a_new_key_is_fetched_when_it_is_first_seen(tokens: Tokens, issuer: Issuer) -> None:
    await tokens.bearer(f"Bearer {issuer.token()}")
    issuer.add_key("k2")

    assert (await tokens.bearer(f"Bearer {issuer.token(key_id='k2')}")).customer_id == "ana"


async def test_unknown_keys_make_us_ask_only_now_and_then(issuer: Issuer) -> None:
    keys = keys_of(issuer, refresh_after=timedelta(hours=1))
    await keys.refresh()

    for n in range(5):
        with pytest.raises(BadToken):
            await keys.find(f"unknown-{n}")

    assert issuer.asked == 1
    await keys.close()


async def test_known_keys_are_kept_while_the_issuer_is_away(tokens: Tokens, keys: Keys, issuer: Issuer) -> None:
    await keys.refresh()
    issuer.away = True

    await keys.refresh()

    assert (await tokens.bearer(f"Bearer {issuer.token()}")).customer_id == "ana"


async def test_a_withdrawn_key_goes_with_the_next_refresh(tokens: Tokens, keys: Keys, issuer: Issuer) -> None:
    await keys.refresh()
    old = issuer.token()
    del issuer.keys["k1"]
    issuer.add_key("k2")

    await keys.refresh()

    with pytest.raises(BadToken):
        await tokens.bearer(f"Bearer {old}")


async def test_without_any_key_no_token_can_be_judged(tokens: Tokens, issuer: Issuer) -> None:
    issuer.away = True

    with pytest.raises(KeysUnknown):
        await tokens.bearer(f"Bearer {issuer.token()}")


async def test_a_key_without_an_id_judges_tokens_without_one(tokens: Tokens, issuer: Issuer) -> None:
    document = json.loads(issuer.jwks())
    del document["keys"][0]["kid"]
    issuer.document = json.dumps(document).encode()
    claims = {"sub": "ana", "aud": "atendo", "exp": int(time.time()) + 60}

    assert (
        await tokens.bearer(f"Bearer {jwt.encode(claims, issuer.keys['k1'], algorithm='RS256')}")
    ).customer_id == "ana"


@pytest.mark.parametrize("document", [b"", b"[]", b"null", b'{"keys": 1}', b'{"keys": [1, {"kty": "RSA"}]}'])
async def test_what_is_no_key_set_changes_nothing(keys: Keys, issuer: Issuer, document: bytes) -> None:
    await keys.refresh()
    issuer.document = document

    await keys.refresh()

    assert (await keys.find("k1")).key_id == "k1"


async def test_over_http_each_case_has_its_status(lone: httpx2.AsyncClient, issuer: Issuer) -> None:
    missing = await lone.get("/v1/menu", headers={"Authorization": ""})
    expired = await lone.get("/v1/menu", headers={"Authorization": f"Bearer {issuer.token(exp=1)}"})
    before_body = await lone.post("/v1/contacts", content=b"{not json", headers={"Authorization": "Bearer x"})

    assert [one.status_code for one in (missing, expired, before_body)] == [401, 401, 401]
    assert missing.headers["www-authenticate"] == 'Bearer realm="atendo"'
    assert expired.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert expired.headers["content-type"] == "application/problem+json"
    assert expired.json()["type"] == "urn:atendo:problem:unauthorized"


async def test_an_edge_that_knows_no_key_says_when_to_come_back(issuer: Issuer) -> None:
    issuer.away = True
    edge = build(Settings.model_validate({"jwks_url": issuer.url, **SECRET}))
    transport = httpx2.ASGITransport(edge.app)

    async with httpx2.AsyncClient(transport=transport, base_url="http://edge") as client:
        answer = await client.get("/v1/menu", headers={"Authorization": f"Bearer {issuer.token()}"})
        ready = await client.get("/health/ready")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert ready.status_code == 503
    await edge.stop()


async def test_too_many_bad_tokens_of_one_address_are_told_to_wait(issuer: Issuer) -> None:
    edge = build(Settings.model_validate({"jwks_url": issuer.url, "address_rate_limit": "2/minute", **SECRET}))
    transport = httpx2.ASGITransport(edge.app)

    async with httpx2.AsyncClient(transport=transport, base_url="http://edge") as client:
        answers = [await client.get("/v1/menu") for _ in range(3)]

    assert [one.status_code for one in answers] == [401, 401, 429]
    assert int(answers[2].headers["retry-after"]) > 0
    await edge.stop()
