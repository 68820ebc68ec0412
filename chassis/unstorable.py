"""Which errors say that no document can hold what was to be kept: no retry cures them."""

from bson.errors import InvalidDocument
from pymongo.errors import WriteError

_NEVER = (InvalidDocument, UnicodeError, OverflowError)
"""A NUL in a key, text that isn't Unicode, more than 16 MiB, an integer of more than 64 bits."""

_TOO_LARGE = frozenset({10334, 17280, 17419, 17420})
"""MongoDB's codes for a document that outgrows 16 MiB, or a key that outgrows its index, while it is changed."""


def is_unstorable(error: Exception) -> bool:
    """Whether it is the content that can't be kept, whoever tries and however often."""
    return isinstance(error, _NEVER) or (isinstance(error, WriteError) and error.code in _TOO_LARGE)
