"""The generated AsyncAPI documents are whole: every queue, binding, key and request, and no reference leads nowhere."""

from collections.abc import Iterator

import pytest

from contracts import topology
from contracts.catalogue import all_requests, messages
from ops.asyncapi import SERVICES, document


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def resolve(whole: object, reference: str) -> object:
    node = whole
    for part in reference.removeprefix("#/").split("/"):
        assert isinstance(node, dict), reference
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


@pytest.mark.parametrize("service", SERVICES)
def test_every_reference_leads_somewhere(service: str) -> None:
    whole = document(service)

    found = list(references(whole))

    assert found
    assert [reference for reference in found if resolve(whole, reference) is None] == []


@pytest.mark.parametrize("service", topology.LISTENS)
def test_every_queue_stands_there_with_its_arguments_and_bindings(service: str) -> None:
    channels = document(service)["channels"]

    for queue in (queue for queue in topology.queues() if queue.service == service):
        assert channels[queue.name]["x-arguments"] == dict(queue.arguments)
        bound = [(one["exchange"], one["pattern"]) for one in channels[queue.name]["x-bindings"]]
        assert tuple(bound) == queue.bindings


def test_every_message_and_every_request_stands_in_its_senders_document() -> None:
    for message in messages():
        channels = document(message.publisher)["channels"]
        assert channels[f"{message.exchange()}/{message.routing_key()}"]["address"] == message.routing_key()
    edge, asked = document("edge")["operations"], {request.__name__ for request in all_requests()}
    assert {f"ask{name}" for name in asked} == set(edge)
