"""Plain addresses are found good without a closer look, which would have said the same (R11)."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.addresses import usable

LIKELY = st.from_regex(r"[a-z0-9._+-]{1,12}@[a-z0-9.-]{1,30}", fullmatch=True)


def closely(address: str) -> tuple[str, ...]:
    """What a closer look says."""
    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False)
    except EmailNotValidError:
        return ()
    return (found.ascii_email,) if found.ascii_email else ()


@settings(deadline=None, max_examples=400)
@given(LIKELY)
def test_r11_the_short_way_says_what_the_long_one_says(address: str) -> None:
    assert usable(address) == closely(address)


@pytest.mark.parametrize(
    "address",
    [
        "ana@cliente.example",
        "ana.souza+casa@mail.provedor.com.br",
        "a" * 64 + "@x.example",
        "a" * 65 + "@x.example",
        "ana@" + "b" * 63 + ".example",
        "ana@" + "b" * 64 + ".example",
        "ana@" + "b" * 40 + "." + "c" * 40 + "." + "d" * 40 + "." + "e" * 40 + "." + "f" * 40 + "." + "g" * 60 + ".br",
        "ana@xn--caf-dma.example",
        "ana@ab--cd.example",
        "ana@-x.example",
        "ana@x-.example",
        "ana..souza@x.example",
        ".ana@x.example",
        "ana.@x.example",
        "ana@x",
        "ana@x.1",
        "ana@127.0.0.1",
        "ana@atendo.local",
        "ana@x.example.",
    ],
)
def test_r11_both_ways_agree_at_the_edges(address: str) -> None:
    assert usable(address) == closely(address)
