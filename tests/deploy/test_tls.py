"""Everything that goes over a network can go by TLS, and goes to nobody whose certificate isn't good."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
from pymongo.errors import ServerSelectionTimeoutError

from chassis.messaging.publisher import Publisher
from chassis.persistence import mongo
from chassis.settings import Settings
from ops.embedded.ports import LOOPBACK, free_port
from services.feedback.app import build
from services.feedback.settings import Settings as FeedbackSettings
from services.notifier.deliver.channels.email import Mail
from services.notifier.errors import MailServerAway
from tests.deploy.certificates import Authority
from tests.deploy.servers import a_broker, a_database
from tests.smtp import Mailbox
from tests.system import is_well

MAIL = b"Subject: Protocolo\r\n\r\nRecebemos.\r\n"


# The broker


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def amqps(folder: Path, ours: Authority, certificate: Path) -> AsyncIterator[str]:
    """Give a broker that speaks TLS with those alone who have a certificate too."""
    port = free_port()
    settings = (
        f"listeners.ssl.1 = {LOOPBACK}:{port}",
        f"ssl_options.cacertfile = {ours.file}",
        f"ssl_options.certfile = {certificate}",
        f"ssl_options.keyfile = {certificate}",
        "ssl_options.verify = verify_peer",
        "ssl_options.fail_if_no_peer_cert = true",
    )
    async with a_broker(folder, *settings):
        yield f"amqps://guest:guest@{LOOPBACK}:{port}/"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_service_consumes_and_publishes_by_tls(
    amqps: str, ours: Authority, mongo_url: str, database_prefix: str
) -> None:
    own = ours.issue("feedback")
    settings = {
        "amqp_url": f"{amqps}?cafile={ours.file}&certfile={own}&keyfile={own}",
        "mongo_url": mongo_url,
        "database_prefix": database_prefix,
        "link_secret": "s" * 32,
    }
    service = build(FeedbackSettings.model_validate(settings))

    await service.start()

    await is_well(service)
    await service.stop()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_broker_whose_certificate_is_not_good_hears_no_password(
    amqps: str, anothers: Authority, ours: Authority
) -> None:
    own = ours.issue("feedback")
    publisher = Publisher(f"{amqps}?cafile={anothers.file}&certfile={own}&keyfile={own}", app_id="feedback")

    with pytest.raises(ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        await publisher.start()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_service_without_a_certificate_is_refused_where_one_is_wanted(amqps: str, ours: Authority) -> None:
    publisher = Publisher(f"{amqps}?cafile={ours.file}", app_id="feedback")

    with pytest.raises(ConnectionError):
        await publisher.start()


# The database


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tls_database(folder: Path, ours: Authority, certificate: Path) -> AsyncIterator[str]:
    """Give a database that speaks TLS alone."""
    arguments = ("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(certificate))
    clients = ("--tlsCAFile", str(ours.file), "--tlsAllowConnectionsWithoutCertificates")
    async with a_database(folder, *arguments, *clients) as mongod:
        yield mongod.url


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_the_database_is_opened_by_tls(tls_database: str, ours: Authority, driver: str) -> None:
    url = f"{tls_database}?tls=true&tlsCAFile={ours.file}"
    client = mongo.connect(Settings.model_validate({"mongo_url": url, "mongo_driver": driver}))

    assert (await client.admin.command("ping"))["ok"] == 1

    closing = client.close()
    await (closing or asyncio.sleep(0))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_database_whose_certificate_is_not_good_is_as_if_it_were_away(
    tls_database: str, anothers: Authority
) -> None:
    url = f"{tls_database}?tls=true&tlsCAFile={anothers.file}"
    client = mongo.connect(Settings(mongo_url=url, mongo_driver="pymongo"))

    with pytest.raises(ServerSelectionTimeoutError, match="CERTIFICATE_VERIFY_FAILED"):
        await client.admin.command("ping")

    await client.close()


# The mail server


@contextlib.contextmanager
def a_mailbox(
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
) -> Iterator[Mailbox]:
    mailbox = Mailbox(tls=tls, starttls=starttls, login=login)
    mailbox.start()
    try:
        yield mailbox
    finally:
        mailbox.stop()


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def send(url: str) -> None:
    mail = Mail(url, connections=1, timeout=timedelta(seconds=60))
    try:
        async with mail.line() as line:
            await line.send("atendimento@atendo.example", "ana@cliente.example", MAIL)
    finally:
        await mail.close()


async def test_a_mail_goes_by_smtps(ours: Authority, certificate: Path) -> None:
    with a_mailbox(tls=serving(certificate)) as mailbox:
        await send(f"smtps://{LOOPBACK}:{mailbox.port}?cafile={ours.file}")

        assert len(mailbox.to("ana@cliente.example")) == 1


async def test_a_mail_goes_by_starttls_where_it_must(ours: Authority, certificate: Path) -> None:
    with a_mailbox(starttls=serving(certificate)) as mailbox:
        await send(f"smtp://{LOOPBACK}:{mailbox.port}?starttls=required&cafile={ours.file}")

        assert len(mailbox.to("ana@cliente.example")) == 1


async def test_a_mail_goes_by_starttls_with_a_login_that_is_given_once(ours: Authority, certificate: Path) -> None:
    login = ("atendo@provedor.example", "uma/senha:com@tudo")
    with a_mailbox(starttls=serving(certificate), login=login) as mailbox:
        user, password = (quote(part, safe="") for part in login)
        mail = Mail(
            f"smtp://{user}:{password}@{LOOPBACK}:{mailbox.port}?starttls=required&cafile={ours.file}",
            connections=1,
            timeout=timedelta(seconds=60),
        )
        for _ in range(2):
            async with mail.line() as line:
                await line.send("atendimento@atendo.example", "ana@cliente.example", MAIL)
        await mail.close()

        assert len(mailbox.to("ana@cliente.example")) == 2
        assert mailbox.logins == 1


async def test_a_login_that_is_wrong_sends_nothing(ours: Authority, certificate: Path) -> None:
    with a_mailbox(starttls=serving(certificate), login=("atendo", "certa")) as mailbox:
        with pytest.raises(MailServerAway):
            await send(f"smtp://atendo:errada@{LOOPBACK}:{mailbox.port}?starttls=required&cafile={ours.file}")

        assert (mailbox.messages, mailbox.attempts) == ([], 0)


async def test_no_mail_goes_in_the_open_where_starttls_is_required() -> None:
    with a_mailbox() as mailbox:
        with pytest.raises(MailServerAway):
            await send(f"smtp://{LOOPBACK}:{mailbox.port}?starttls=required")

        assert (mailbox.messages, mailbox.attempts) == ([], 0)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_no_mail_goes_to_a_server_whose_certificate_is_not_good(
    anothers: Authority, certificate: Path, scheme: str
) -> None:
    context = serving(certificate)
    how = {"tls": context, "starttls": None} if scheme == "smtps" else {"tls": None, "starttls": context}
    with a_mailbox(tls=how["tls"], starttls=how["starttls"]) as mailbox:
        with pytest.raises(MailServerAway):
            await send(f"{scheme}://{LOOPBACK}:{mailbox.port}?cafile={anothers.file}")

        assert (mailbox.messages, mailbox.attempts) == ([], 0)


@pytest.mark.parametrize("query", ["starttls=perhaps", "cafile=x&verify=no"])
async def test_a_mail_setting_that_is_none_is_refused_at_start(query: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL"):
        await send(f"smtp://{LOOPBACK}:25?{query}")
