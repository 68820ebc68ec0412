"""The tests of conformance notice a store that is wrong in one point."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from pymongo.errors import BulkWriteError

from tests.simulation.conformance import test_bulks as bulks
from tests.simulation.conformance import test_reads as reads
from tests.simulation.conformance import test_writes as writes
from tests.simulation.conformance.stores import simulated
from tests.simulation.store import (
    bulk,
    collection,
    cursor,
    indexes,
    operators,
    paths,
    queries,
    reading,
    sorting,
    table,
    values,
)
from tests.simulation.store import writes as done
from tests.simulation.store.operators import OPERATORS

Patch = pytest.MonkeyPatch
Test = Callable[..., Any]


def _wrong_places_in_a_bulk(patch: Patch) -> None:
    def shifted(result: dict[str, Any]) -> BulkWriteError:
        return BulkWriteError({**result, "writeErrors": [{**one, "index": 0} for one in result["writeErrors"]]})

    patch.setattr(bulk, "BulkWriteError", shifted)


def _shared_with_readers(patch: Patch) -> None:
    patch.setattr(reading, "projected", lambda _: lambda document: document)


def _shared_with_writers(patch: Patch) -> None:
    patch.setattr(collection, "canonical", lambda value: value)
    patch.setattr(bulk, "canonical", lambda value: value)


def _slices_from_the_wrong_end(patch: Patch) -> None:
    def push(found: Any, wanted: Any, name: str) -> Any:  # noqa: ANN401 - what a document holds
        turned = {**wanted, "$slice": -wanted["$slice"]} if "$slice" in wanted else wanted
        return operators._push(found, turned, name)  # noqa: SLF001 - the right one

    patch.setitem(OPERATORS, "$push", push)


def _overwrites_its_own_id(patch: Patch) -> None:
    patch.setattr(table, "key_of", lambda value: (value, object()))


def _forgets_milliseconds(patch: Patch) -> None:
    patch.setattr(values, "_moment", lambda value: value.astimezone(UTC))


def _looks_at_arrays_as_a_whole(patch: Patch) -> None:
    patch.setattr(queries, "candidates", paths.at)


def _takes_one_for_true(patch: Patch) -> None:
    patch.setattr(queries, "equal", lambda one, other: one == other)


def _nulls_come_last(patch: Patch) -> None:
    patch.setattr(sorting, "NULL", 99)


def _counts_what_it_left_alone(patch: Patch) -> None:
    patch.setattr(done, "_same_types", lambda *_: False)


def _allows_two_under_a_unique_key(patch: Patch) -> None:
    patch.setattr(indexes.Index, "holder", lambda *_: False)


def _never_gives_the_next_batch(patch: Patch) -> None:
    patch.setattr(cursor.SimCursor, "_next_batch", lambda *_: [])


CASES: list[tuple[Callable[[Patch], None], Test, dict[str, Any]]] = [
    (_wrong_places_in_a_bulk, bulks.test_of_a_bulk_those_that_meet_their_own_id_fail_alone_at_their_places, {}),
    (_overwrites_its_own_id, bulks.test_of_a_bulk_those_that_meet_their_own_id_fail_alone_at_their_places, {}),
    (_shared_with_readers, writes.test_what_is_passed_or_returned_is_not_what_is_kept, {}),
    (_shared_with_writers, writes.test_what_is_passed_or_returned_is_not_what_is_kept, {}),
    (_slices_from_the_wrong_end, writes.test_a_push_keeps_the_last_or_the_first, {"kept": -2, "left": [3, 4]}),
    (_counts_what_it_left_alone, bulks.test_a_bulk_counts_what_each_kind_of_write_did, {}),
    (_forgets_milliseconds, reads.test_values_come_back_as_bson_keeps_them, {}),
    (_looks_at_arrays_as_a_whole, reads.test_queries_find_what_they_find, {"with_indexes": False}),
    (_takes_one_for_true, reads.test_queries_find_what_they_find, {"with_indexes": True}),
    (
        _nulls_come_last,
        reads.test_documents_come_in_order_those_without_the_field_among_nulls,
        {"order": reads.ORDERS[0][0], "ids": reads.ORDERS[0][1]},
    ),
    (_allows_two_under_a_unique_key, reads.test_what_is_unique_is_there_once_where_it_is_there, {}),
    (_never_gives_the_next_batch, reads.test_many_documents_come_in_batches, {}),
]


@pytest.mark.parametrize(("wrong", "noticed_by", "given"), CASES, ids=[wrong.__name__ for wrong, _, _ in CASES])
async def test_a_wrong_store_is_noticed(
    monkeypatch: Patch, wrong: Callable[[Patch], None], noticed_by: Test, given: dict[str, Any]
) -> None:
    await noticed_by(simulated(), **given)
    wrong(monkeypatch)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await noticed_by(simulated(), **given)
