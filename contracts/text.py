"""Text as people type it: what of it can be seen, and how it is trimmed (R7, R22, contracts.md)."""

import unicodedata

_BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as nothing: Hangul fillers, Khmer inherent vowels, the blank Braille pattern."""

_JOINERS = frozenset("\u034f\u180b\u180c\u180d\u180f")
"""Marks without a shape of their own: the grapheme joiner and Mongolian variation selectors."""

_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zs", "Zl", "Zp"})
"""Unicode's general categories of what leaves no mark: controls, format characters, spaces, what isn't assigned."""


def is_visible(text: str) -> bool:
    """Whether at least one character of it can be seen."""
    return any(map(_is_seen, text))


def trimmed(text: str) -> str:
    """The text without white space and invisible characters around it; what ends an emoji stays."""
    end = len(text)
    while end and not _is_seen(text[end - 1]) and not (_ends_emoji(text[end - 1]) and is_visible(text[: end - 1])):
        end -= 1
    start = 0
    while start < end and not _is_seen(text[start]):
        start += 1
    return text[start:end]


def _is_seen(character: str) -> bool:
    if character.isascii():
        return "!" <= character <= "~"
    if character in _BLANK_LETTERS or character in _JOINERS or _is_variation_selector(character):
        return False
    return unicodedata.category(character) not in _UNSEEN


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _ends_emoji(character: str) -> bool:
    # a variation selector, or the tags of a regional flag
    return _is_variation_selector(character) or "\U000e0020" <= character <= "\U000e007f"
