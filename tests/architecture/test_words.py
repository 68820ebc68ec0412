"""One thing has one word, the field's own: no name of code speaks of telling, saying, hearing, words or letters."""

import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CLEANED = ("contracts", "chassis", "services", "mk", "ops", "bench")
"""The folders whose names are held to it; see the table of words in docs/architecture.md."""

_OLD = re.compile(
    r"(tell|tells|telling|teller|tellers|told|say|says|saying|said|words?|letters?|hear|hears|heard|hearing)"
)

_ALLOWED = {
    # what the field itself calls so
    "DeadLetter",
    "DeadLetters",
    "dead_letter",
    "dead_letters",
    # fields as they are stored
    "told",
}

_DEAD_LETTER = re.compile(r"(^|_)dead_letters?(_|$)")


@pytest.mark.parametrize("folder", CLEANED)
def test_names_of_code_and_of_files_are_standard_words(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in sorted({path.stem, *_names(path)})
        if _is_old(name)
    ]

    assert found == []


@pytest.mark.parametrize("name", ["is_told", "Teller", "say_raw", "last_words", "_Told", "letterPage", "Letters"])
def test_an_old_word_anywhere_in_a_name_is_found(name: str) -> None:
    assert _is_old(name)


@pytest.mark.parametrize("name", ["password", "keywords", "essay", "DeadLetter", "dead_letter_queue", "swords", "ears"])
def test_a_longer_word_that_contains_one_is_none(name: str) -> None:
    assert not _is_old(name)


def _names(path: Path) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            yield token.string


def _is_old(name: str) -> bool:
    if name in _ALLOWED or name.startswith("test_"):
        return False
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    parts = _DEAD_LETTER.sub("_", parts)
    return any(_OLD.fullmatch(part) for part in parts.split("_"))
