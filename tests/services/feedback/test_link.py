"""The signed link (R23): only ours are read, and only as we wrote them."""

import string
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.errors import LinkInvalid
from services.feedback.link import Links, read, sign

SECRET = b"a secret of the provider"
EVALUATION = UUID("6f1c1d9e-6c1b-4c1e-9a77-0f5b8f0a2b11")
URL_SAFE = set(string.ascii_letters + string.digits + "-_.")

OF_RELEASE_0_1 = "bxwdnmwbTB6adw9bjworEdmVYCSLEgPETA5TVeWU6Qg"
"""The token of `EVALUATION` as release 0.1 signed it with `SECRET`."""


@given(st.uuids())
def test_r23_a_token_leads_back_to_its_evaluation(evaluation_id: UUID) -> None:
    token = sign(evaluation_id, secret=SECRET)

    assert read(token, secret=SECRET) == evaluation_id
    assert set(token) <= URL_SAFE


@given(st.integers(min_value=0, max_value=79), st.sampled_from(sorted(URL_SAFE)))
def test_r23_a_token_with_any_character_changed_is_refused(position: int, character: str) -> None:
    token = sign(EVALUATION, secret=SECRET)
    forged = token[:position] + character + token[position + 1 :]

    if forged == token:
        return
    with pytest.raises(LinkInvalid):
        read(forged, secret=SECRET)


@given(st.text())
def test_r23_whatever_isnt_a_token_is_refused_in_the_same_words(token: str) -> None:
    with pytest.raises(LinkInvalid, match=r"^Este link de avaliação não é válido\.$"):
        read(token, secret=SECRET)


@pytest.mark.parametrize("suffix", ["=", " ", "\n", "A", "%3D"])
def test_r23_there_is_but_one_way_to_write_a_token(suffix: str) -> None:
    with pytest.raises(LinkInvalid):
        read(sign(EVALUATION, secret=SECRET) + suffix, secret=SECRET)


def test_r23_another_secret_makes_another_token() -> None:
    with pytest.raises(LinkInvalid):
        read(sign(EVALUATION, secret=b"another secret"), secret=SECRET)


def test_r23_the_link_is_under_the_providers_address_and_shows_no_secret() -> None:
    links = Links("https://sac.provedor.example/", SECRET)

    link = links.to(EVALUATION)

    assert link == f"https://sac.provedor.example/avaliacao/{sign(EVALUATION, secret=SECRET)}"
    assert "secret of" not in repr(links)
    assert links.read(link.rsplit("/", 1)[1]) == EVALUATION
    assert links.to(uuid4()) != link


def test_r23_the_links_of_release_0_1_in_customers_mails_stay_valid() -> None:
    assert read(OF_RELEASE_0_1, secret=SECRET) == EVALUATION


@given(st.integers(min_value=0, max_value=42), st.sampled_from(sorted(URL_SAFE)))
def test_r23_a_token_of_release_0_1_with_any_character_changed_is_refused(position: int, character: str) -> None:
    forged = OF_RELEASE_0_1[:position] + character + OF_RELEASE_0_1[position + 1 :]

    if forged == OF_RELEASE_0_1:
        return
    with pytest.raises(LinkInvalid):
        read(forged, secret=SECRET)


def test_r23_the_signature_of_one_evaluation_opens_no_other() -> None:
    _, signature = sign(EVALUATION, secret=SECRET).split(".")

    with pytest.raises(LinkInvalid):
        read(f"{uuid4()}.{signature}", secret=SECRET)
