"""Text as people type it: what of it can be seen, and how it is trimmed (R7, R22, contracts.md)."""

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
"""Unicode's general categories of what leaves no mark: controls, format characters, halves of pairs, spaces.

What isn't assigned leaves one: it is an emoji that is younger than this Python, or drawn as a box.
"""

_BLANKS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\U00016fe4\U0001d159")
"""Letters and symbols that are drawn as nothing: Hangul fillers, Khmer inherent vowels, the blank Braille pattern,
the place of an image that was left out, the Khitan filler, the null note head."""

_DRAWN_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Format characters that are drawn all the same: Arabic, Syriac and Kaithi signs around numbers."""

_JOINERS = frozenset("\u200c\u200d")
"""They shape the letter before them, as in Persian and Hindi, where the scripts have no upper and lower case."""

_PLANE = 0x10000
"""The last two places of each plane of Unicode are no characters."""


def is_visible(text: str) -> bool:
    """Whether at least one character of it can be seen."""
    return any(map(_is_seen, text))


def trimmed(text: str) -> str:
    """The text without white space and invisible characters around it; what belongs to its last character stays."""
    start, end = 0, len(text)
    while end and not _is_seen(text[end - 1]):
        end -= 1
    while start < end and not _is_seen(text[start]):
        start += 1
    while 0 < end < len(text) and _belongs_to(text[end - 1], text[end]):
        end += 1
    return text[start:end]


def _is_seen(character: str) -> bool:
    if character.isascii():
        return "!" <= character <= "~"
    if character in _DRAWN_FORMATS:
        return True
    if character in _BLANKS or _is_ignorable(character) or _selects_a_shape(character):
        return False
    return unicodedata.category(character) not in _UNSEEN


def _is_ignorable(character: str) -> bool:
    # the grapheme joiner; places that Unicode keeps for more of its kind; what is no character at all
    return (
        character in "\u034f\u2065"
        or "\ufff0" <= character <= "\ufff8"
        or "\U000e0000" <= character <= "\U000e0fff"
        or "\ufdd0" <= character <= "\ufdef"
        or ord(character) % _PLANE >= _PLANE - 2
    )


def _selects_a_shape(character: str) -> bool:
    # variation selectors, of Mongolian too
    return (
        "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
        or character in "\u180b\u180c\u180d\u180f"
    )


def _belongs_to(before: str, character: str) -> bool:
    if character in _JOINERS:
        return _is_seen(before) and unicodedata.category(before) in {"Lo", "Mn", "Mc"}
    # the tags of a regional flag end an emoji too
    return _selects_a_shape(character) or "\U000e0020" <= character <= "\U000e007f"
