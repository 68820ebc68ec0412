"""The peers: how each is started, what goes into its queue, and that none is missed where it isn't installed."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from bench import provider
from bench.mails import marker, marker_of
from bench.peers import lineup, work
from bench.peers.lineup import PEERS, ROLES, Peer
from bench.smtp import Mail

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "bench" / "peers" / "requirements.txt"
CONTACT = {"id": marker("0a1b2c3d", 7), "customer": "c7@x.test", "sector": provider.SECTOR_EMAIL, "text": "Sem conexão"}


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_worker_of_a_role_consumes_the_queue_of_that_role_alone(peer: Peer) -> None:
    for role in ROLES:
        argv = peer.argv(role)

        assert argv[0] == "-m"
        assert [other for other in ROLES if other != role and any(other in part for part in argv)] == []
        assert any(role in part for part in argv)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_what_a_reader_must_know_of_a_worker_stands_in_its_docstring(peer: Peer) -> None:
    source = (ROOT / "bench" / "peers" / f"{peer.name.lower()}_app.py").read_text()
    docstring = source.split('"""')[1]

    assert "Caveats:" in docstring
    assert "prefetch" in docstring
    assert all(number in docstring for number in re.findall(r"(\d+) threads", peer.note))


def test_celery_runs_one_pool_of_threads_a_role() -> None:
    assert lineup.PEERS[0].argv("tickets") == (
        *("-m", "celery", "--app", "bench.peers.celery_app", "worker", "--pool", "threads", "--concurrency", "16"),
        *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
        *("--queues", "celery.tickets", "--hostname", "tickets@bench"),
    )


def test_dramatiq_runs_one_process_a_role() -> None:
    assert lineup.PEERS[1].argv("tickets") == (
        *("-m", "dramatiq", "bench.peers.dramatiq_app", "--processes", "1", "--threads", "8"),
        *("--queues", "dramatiq.tickets"),
    )


def test_a_contact_is_what_each_peer_itself_would_have_queued() -> None:
    celery, dramatiq, faststream = (peer.command(CONTACT) for peer in PEERS)

    assert json.loads(celery.body)[0] == [CONTACT]
    assert dict(celery.headers)["task"] == "peers.contacts"
    queued = json.loads(dramatiq.body)
    assert (queued["actor_name"], queued["queue_name"], queued["args"]) == ("receive", "dramatiq.contacts", [CONTACT])
    assert json.loads(faststream.body) == CONTACT


def test_both_mails_of_a_contact_carry_its_marker_and_go_to_sector_and_customer() -> None:
    mails = work.mails_of(CONTACT)

    assert [mail["To"] for mail in mails] == [CONTACT["sector"], CONTACT["customer"]]
    assert {marker_of(Mail(0, (mail["To"],), mail.as_bytes())) for mail in mails} == {CONTACT["id"]}


def test_without_their_environment_the_peers_are_left_out(tmp_path: Path) -> None:
    assert (lineup.python(tmp_path), lineup.versions(tmp_path)) == (None, {})


def test_the_lock_has_every_peer_hashed_and_our_own_versions_of_what_we_share() -> None:
    ours = dict(re.findall(r"^([\w.-]+)(?:\[.*\])?==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    locked = dict(re.findall(r"^([\w.-]+)(?:\[.*\])?==(\S+)", LOCK.read_text(), re.MULTILINE))

    assert {"celery", "dramatiq", "faststream", "pymongo", "aiosmtplib", "uvloop"} <= set(locked)
    assert {name: version for name, version in locked.items() if ours.get(name, version) != version} == {}
    assert LOCK.read_text().count("--hash=sha256:") >= len(locked)


def test_nothing_else_installs_the_peers() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    only = {re.split(r"[\[>=]", one)[0] for one in extras["peers"]} - {"aiosmtplib"}

    others = [ROOT / "requirements.txt", *(ROOT / "requirements").glob("*.txt")]
    assert [
        path.name for path in others for name in only if re.search(rf"^{name}==", path.read_text(), re.MULTILINE)
    ] == []
