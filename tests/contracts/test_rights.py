"""The table of rights says no more than it is meant to, whatever is added to the topology."""

import re
from pathlib import Path

import pytest

from contracts import rights, topology
from contracts.rights import Topic, User

DEFAULT_EXCHANGE = "amq.default"
BUILT_IN = (DEFAULT_EXCHANGE, "amq.direct", "amq.fanout", "amq.headers", "amq.match", "amq.topic", "amq.rabbitmq.trace")
BOUNDED = [user for user in rights.users() if user.name != rights.OPS]
DOCUMENT = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text()


def names(user: User) -> str:
    return user.name


@pytest.mark.parametrize("user", BOUNDED, ids=names)
def test_no_service_and_not_mk_may_touch_an_exchange_of_the_brokers_own(user: User) -> None:
    for pattern in (user.configure, user.write, user.read):
        assert [name for name in BUILT_IN if re.search(pattern, name)] == []


@pytest.mark.parametrize("user", BOUNDED, ids=names)
def test_every_exchange_that_a_user_may_write_or_read_is_bounded_key_by_key(user: User) -> None:
    reached = {name for name in topology.EXCHANGES if re.search(user.write, name) or re.search(user.read, name)}

    assert reached == {topic.exchange for topic in user.topics}


@pytest.mark.parametrize("user", BOUNDED, ids=names)
def test_no_pattern_is_open_at_an_end(user: User) -> None:
    patterns = [user.configure, user.write, user.read]
    patterns += [one for topic in user.topics for one in (topic.write, topic.read) if not whole(topic, one)]

    assert [one for one in patterns if not (one.startswith("^") and one.endswith("$"))] == []


def whole(topic: Topic, pattern: str) -> bool:
    # all that is one's own to say; and all that MK may hear
    return pattern.endswith(r"\.") or (topic.exchange, pattern) == ("atendo", rights.EVERYTHING)


@pytest.mark.parametrize("user", rights.users(), ids=names)
def test_every_user_has_a_line_in_the_document(user: User) -> None:
    assert re.search(rf"^\| `{user.name}` \|", DOCUMENT, re.MULTILINE)
