"""Which contact a mail is of, and what counts as lost or doubled."""

from email.message import EmailMessage

import pytest

from bench.mails import Unsound, handed_over, marker, marker_of, tally
from bench.smtp import Mail

SECTOR = "setor@exemplo.test"
CUSTOMER = "cliente@exemplo.test"
ONE, TWO = marker("0a1b2c3d", 1), marker("0a1b2c3d", 2)


def a_mail(contact: str, *, to: str = CUSTOMER, at: float = 0.0, encoding: str = "quoted-printable") -> Mail:
    message = EmailMessage()
    message["To"], message["Subject"] = to, "Recebemos seu contato"
    message.set_content(f"{'É uma linha comprida. ' * 2}Contato {contact}, não há conexão.\n", cte=encoding)
    message.add_alternative("<p>O mesmo</p>", subtype="html")
    wire = message.as_bytes().replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..")
    return Mail(at, (to,), wire)


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
def test_the_marker_is_found_in_any_encoding(encoding: str) -> None:
    assert marker_of(a_mail(ONE, encoding=encoding)) == ONE


def test_a_marker_that_a_soft_line_break_cuts_is_found() -> None:
    mail = a_mail(ONE)

    assert ONE.encode() not in mail.wire
    assert marker_of(mail) == ONE


def test_a_mail_without_a_marker_has_none() -> None:
    assert marker_of(a_mail("bench-nobody")) is None
    assert marker_of(Mail(0.0, (CUSTOMER,), b"")) is None


def test_r11_a_contact_is_done_with_the_second_of_its_mails() -> None:
    mails = [a_mail(ONE, to=SECTOR, at=7), a_mail(ONE, at=3)]

    result = tally(mails, [ONE], sector=SECTOR)

    assert result.is_sound
    assert result.done == {ONE: 7}


def test_r11_a_contact_without_one_of_its_mails_is_lost() -> None:
    mails = [a_mail(ONE, to=SECTOR), a_mail(TWO)]

    result = tally(mails, [ONE, TWO], sector=SECTOR)

    assert result.lost == [ONE, TWO]
    assert not result.is_sound


def test_r18_a_third_mail_of_a_contact_is_a_doubling() -> None:
    mails = [a_mail(ONE, to=SECTOR), a_mail(ONE), a_mail(ONE)]

    result = tally(mails, [ONE], sector=SECTOR)

    assert (result.lost, result.doubled) == ([], [ONE])
    assert not result.is_sound


def test_two_mails_to_the_same_recipient_are_both_a_doubling_and_a_loss() -> None:
    result = tally([a_mail(ONE), a_mail(ONE)], [ONE], sector=SECTOR)

    assert (result.lost, result.doubled) == ([ONE], [ONE])


def test_a_mail_of_nobody_we_know_is_a_stranger() -> None:
    result = tally([a_mail(ONE), a_mail("")], [], sector=SECTOR)

    assert result.strangers == 2
    assert not result.is_sound


def test_a_run_with_a_lost_mail_has_no_figures() -> None:
    mails = [a_mail(ONE, to=SECTOR), a_mail(ONE), a_mail(TWO)]

    with pytest.raises(Unsound, match="1 contacts without both mails, 0 with more than two"):
        handed_over(mails, [ONE, TWO], sector=SECTOR)


def test_a_run_with_a_doubled_mail_has_no_figures() -> None:
    mails = [a_mail(ONE, to=SECTOR), a_mail(ONE, to=SECTOR), a_mail(ONE)]

    with pytest.raises(Unsound, match="0 contacts without both mails, 1 with more than two"):
        handed_over(mails, [ONE], sector=SECTOR)


def test_a_sound_run_tells_when_each_contact_was_done() -> None:
    mails = [a_mail(ONE, to=SECTOR, at=2), a_mail(ONE, at=5), a_mail(TWO, to=SECTOR, at=4), a_mail(TWO, at=3)]

    assert handed_over(mails, [ONE, TWO], sector=SECTOR) == {ONE: 5, TWO: 4}
