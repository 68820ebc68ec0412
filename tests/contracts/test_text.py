"""What can be seen and what is trimmed, of whatever people and their keyboards send (R7, R22)."""

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.text import is_visible, trimmed

UNSEEN = " \t\n\x0b\x1c\x85\xa0\xad\u1680\u2003\u2028\u3000\u200b\u200e\u200f\u202e\u2060\u2069\ufeff\u061c\u180e\u2061"
BLANK = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\u034f\U0001d159"
SELECTORS = "\ufe00\ufe0e\ufe0f\U000e0100\u180b"

around = st.text(alphabet=UNSEEN + BLANK, max_size=5)
texts = st.text(max_size=40) | st.text(alphabet=UNSEEN + BLANK + SELECTORS + "\u200d\u200ca✨é", max_size=20)

WHOLE = {
    "emoji with a selector": "❤️",
    "keycap": "1️⃣",
    "family": "👨‍👩‍👧‍👦",
    "skin and gender": "🙋🏽‍♀️",
    "flag": "🇧🇷",
    "flag of a region": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "rainbow flag": "🏳️‍🌈",
    "emoji younger than this Python": "\U0001fadf",
    "private use": "\uf8ff",
    "Arabic": "الإنترنت لا يعمل",
    "Arabic sign before a number": "\u0600\u0661\u0662",
    "Persian with a joiner at its end": "\u0647\u200d",
    "Persian with a non-joiner within": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Hindi half form at the end": "क्\u200d",
    "Thai with two marks": "ที่",
    "Hebrew with points": "שָׁלוֹם",
    "accent of its own": "e\u0301",
    "ideograph with a selector": "葛\U000e0100",
    "Mongolian with a selector": "ᠠ\u180b",
    "Hangul in parts": "\u1112\u1161\u11ab",
    "one letter": "a",
    "a point": ".",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
@given(before=around, after=around)
def test_r7_what_can_be_seen_stays_whole_and_loses_what_stands_around_it(text: str, before: str, after: str) -> None:
    assert is_visible(text)
    assert trimmed(before + text + after) == text


@given(st.text(alphabet=UNSEEN + BLANK + SELECTORS + "\u200c\u200d\U000e0067\U000e007f"))
@example("\u200b")
@example("\u3164")
@example("\u2800")
def test_r7_what_cannot_be_seen_is_nothing(text: str) -> None:
    assert not is_visible(text)
    assert trimmed(text) == ""


@given(texts)
def test_trimming_takes_from_the_ends_alone_and_nothing_that_can_be_seen(text: str) -> None:
    left = trimmed(text)

    start = text.index(left)
    before, after = text[:start], text[start + len(left) :]
    assert not is_visible(before)
    assert not is_visible(after)
    assert is_visible(left) == is_visible(text) == bool(left)


@given(texts)
def test_what_is_trimmed_is_trimmed(text: str) -> None:
    assert trimmed(trimmed(text)) == trimmed(text)


@given(st.characters(categories=["L", "N", "P", "S"]))
def test_a_letter_a_digit_a_point_or_a_symbol_is_seen_unless_it_is_known_as_blank(character: str) -> None:
    assert is_visible(character) == (character not in BLANK + "\U00016fe4")


@given(st.characters(categories=["Cc", "Zs", "Zl", "Zp"]))
def test_a_control_or_a_space_is_never_seen(character: str) -> None:
    assert not is_visible(character)


def test_what_is_no_character_is_never_seen() -> None:
    none = [chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF)] + ["\ufdd0", "\ufdef"]

    assert {unicodedata.category(one) for one in none} == {"Cn"}
    assert [one for one in none if is_visible(one)] == []


@pytest.mark.parametrize("text", ["a \ufe0f", "a\u200d", "❤️\u200d", "a \U000e0067"])
def test_a_selector_a_joiner_or_a_tag_that_belongs_to_nothing_goes(text: str) -> None:
    assert trimmed(text) in {"a", "❤️"}


@pytest.mark.parametrize("character", ["\ufe0f", "\u200b", "\U000e0067"])
def test_a_text_as_long_as_a_message_may_be_is_trimmed_at_once(character: str) -> None:
    began = time.process_time()

    trimmed("a " + character * 200_000)

    assert time.process_time() - began < 2
