"""Tokens of customers: who checks them with the shown keys finds what was signed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from mk import tokens

ISSUER = "https://mk.provedor.example"


def verified(token: str, keys: tokens.Keys) -> dict[str, object]:
    """What a token says, as the edge checks it: by the shown keys alone."""
    shown = jwt.PyJWKSet.from_dict(keys.jwks())
    key = shown[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, object] = jwt.decode(
        token, key, algorithms=["RS256"], audience="atendo", issuer=ISSUER, options={"require": ["exp", "iat", "sub"]}
    )
    return claims


def test_a_token_speaks_for_its_customer_until_it_is_over(tmp_path: Path) -> None:
    keys = tokens.ensure_keys(tmp_path)
    now = datetime.now(UTC).replace(microsecond=0)

    token = tokens.sign({"sub": "1001"}, key=keys.current, issuer=ISSUER, now=now, lasts=timedelta(hours=1))

    claims = verified(token, keys)
    assert claims["sub"] == "1001"
    assert claims["iat"] == int(now.timestamp())
    assert claims["exp"] == int(now.timestamp()) + 3600


def test_the_command_line_signs_with_the_running_systems_key(tmp_path: Path) -> None:
    keys = tokens.ensure_keys(tmp_path)

    token = tokens.issue("1002", folder=tmp_path, issuer=ISSUER)

    assert verified(token, keys)["sub"] == "1002"


def test_without_a_key_nothing_is_signed_and_none_is_made_up(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        tokens.issue("1001", folder=tmp_path, issuer=ISSUER)

    assert list(tmp_path.iterdir()) == []


def test_the_key_is_made_once_for_its_owner_alone_also_when_several_start_together(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "secrets"

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: tokens.ensure_keys(folder).current.id, range(4)))

    assert len(set(made)) == 1
    assert [(file.name, oct(file.stat().st_mode & 0o777)) for file in folder.iterdir()] == [
        ("mk-signing-key.pem", "0o600")
    ]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_after_a_rotation_old_tokens_are_still_good_and_new_ones_have_the_new_key(tmp_path: Path) -> None:
    before = tokens.ensure_keys(tmp_path)
    old = tokens.issue("1001", folder=tmp_path, issuer=ISSUER)
    (tmp_path / "mk-signing-key.pem").rename(tmp_path / "mk-signing-key-2026-01.pem")

    after = tokens.ensure_keys(tmp_path)

    new = tokens.issue("1001", folder=tmp_path, issuer=ISSUER)
    assert verified(old, after)["sub"] == verified(new, after)["sub"] == "1001"
    assert jwt.get_unverified_header(new)["kid"] != before.current.id
    assert len(after.jwks()["keys"]) == 2


def test_the_shown_keys_hold_nothing_private(tmp_path: Path) -> None:
    [key] = tokens.ensure_keys(tmp_path).jwks()["keys"]

    assert key.keys() == {"kty", "n", "e", "kid", "use", "alg"}
