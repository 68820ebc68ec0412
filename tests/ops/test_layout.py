"""Where a run puts its parts, and the one line that says what is wrong with a wish."""

import socket
from collections.abc import Iterator

import pytest

from ops.embedded.layout import BadSettingError, read_layout
from ops.embedded.ports import address_of, free_port, is_taken


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_addresses_follow_the_ports() -> None:
    layout = read_layout({"EDGE_PORT": "9000"})

    assert layout.addresses["EDGE_URL"] == "http://127.0.0.1:9000"
    assert layout.addresses["AMQP_URL"] == "amqp://guest:guest@127.0.0.1:5679/"


def test_a_named_broker_is_used_instead_of_ours() -> None:
    layout = read_layout({"AMQP_URL": "amqp://rabbit.example/"})

    assert layout.addresses["AMQP_URL"] == "amqp://rabbit.example/"
    assert not layout.uses_own("AMQP_URL")


def test_a_named_mail_server_has_its_own_page_or_none() -> None:
    assert read_layout({"SMTP_URL": "smtp://mail.example"}).addresses["MAIL_URL"] == ""


@pytest.mark.parametrize("name", ["TELEGRAM_BOT_TOKEN", "TELEGRAM_BOT_TOKEN_FILE", "TELEGRAM_API_URL"])
def test_who_names_a_bot_chats_in_no_page_of_ours(name: str) -> None:
    ours, others = read_layout({"CHAT_PORT": "9003"}), read_layout({name: "something"})

    assert (ours.addresses["CHAT_URL"], ours.uses_own("CHAT_URL")) == ("http://127.0.0.1:9003", True)
    assert (others.addresses["CHAT_URL"], others.uses_own("CHAT_URL")) == ("", False)
    assert "something" not in others.addresses.values()


@pytest.mark.parametrize("name", ["PUSH_HOSTS", "VAPID_KEY_FILE"])
def test_who_names_push_services_gets_none_of_ours(name: str) -> None:
    ours, others = read_layout({"PUSH_PORT": "9004"}), read_layout({name: "something"})

    assert (ours.addresses["PUSH_URL"], ours.uses_own("PUSH_URL")) == ("http://127.0.0.1:9004", True)
    assert (others.addresses["PUSH_URL"], others.uses_own("PUSH_URL")) == ("", False)


def test_replicas_are_read_from_the_scale() -> None:
    replicas = read_layout({}, scale="notifier=3 tickets=2").replicas

    assert replicas == {"contacts": 1, "tickets": 2, "notifier": 3, "feedback": 1, "edge": 1}


def test_a_cluster_has_one_loopback_address_a_member() -> None:
    addresses = read_layout({"AMQP_PORT": "5000", "MONGO_PORT": "6000"}, cluster=3).addresses

    assert addresses["AMQP_URL"] == "amqp://guest:guest@127.0.0.1:5000,127.0.0.2:5000,127.0.0.3:5000/"
    assert addresses["MONGO_URL"] == (
        "mongodb://127.0.0.1:6000,127.0.0.2:6000,127.0.0.3:6000/?replicaSet=atendo&w=majority"
    )


@pytest.mark.parametrize("size", [0, 2, 4, -3])
def test_a_cluster_without_a_majority_to_lose_is_refused(size: int) -> None:
    with pytest.raises(BadSettingError, match="CLUSTER"):
        read_layout({}, cluster=size)


@pytest.mark.parametrize("scale", ["notifer=3", "notifier", "notifier=0", "notifier=-1", "notifier=many"])
def test_a_wrong_scale_is_refused_with_an_example(scale: str) -> None:
    with pytest.raises(BadSettingError, match=r"as in \w+=[23]"):
        read_layout({}, scale=scale)


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(BadSettingError, match="EDGE_PORT"):
        read_layout({"EDGE_PORT": port})


def test_a_taken_port_is_named_with_its_variable(taken_port: int) -> None:
    names = ("MK_PORT", "MAIL_PORT", "SMTP_PORT", "CHAT_PORT", "PUSH_PORT", "AMQP_PORT", "MONGO_PORT")
    layout = read_layout({"EDGE_PORT": str(taken_port), **{name: str(free_port()) for name in names}})

    with pytest.raises(BadSettingError, match=f"Port {taken_port} is taken.*EDGE_PORT"):
        layout.check_ports()


def test_a_listening_port_is_taken_and_a_free_one_is_not(taken_port: int) -> None:
    assert is_taken(taken_port)
    assert not is_taken(free_port())


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mongodb://127.0.0.1:27027/", ("127.0.0.1", 27027)),
        ("mongodb://u:p@a.example,b.example:2/db?x=1", ("a.example", 27017)),
        ("mongodb://[::1]:5/", ("::1", 5)),
    ],
)
def test_the_first_address_of_a_url(url: str, address: tuple[str, int]) -> None:
    assert address_of(url, default_port=27017) == address
