"""Mails as they are sent, whole: a change of a word or a header is seen in review."""

from email import message_from_bytes, policy

import pytest

from tests.services.notifier.mails.golden import FOLDER, written


@pytest.mark.parametrize("name", sorted(written()))
def test_a_mail_is_the_golden_one_to_the_byte(name: str) -> None:
    golden = (FOLDER / f"{name}.eml").read_bytes()

    assert written()[name] == golden, "written anew by `python -m tests.services.notifier.mails.golden`"


def test_every_golden_mail_is_one_that_is_made() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(written())


@pytest.mark.parametrize("name", sorted(written()))
def test_a_golden_mail_is_whole_for_whoever_reads_text_alone(name: str) -> None:
    message = message_from_bytes(written()[name], policy=policy.default)
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))

    assert message["Content-Language"] == "pt-BR"
    assert text is not None
    assert html is not None
    assert "<" not in text.get_content() or name == "receipt-sector-long"
    protocol = "20260105000001"
    assert (protocol in text.get_content()) == (protocol in html.get_content()) == (protocol in message["Subject"])
    assert 'name="viewport" content="width=device-width' in html.get_content()
    assert "<img" not in html.get_content()
