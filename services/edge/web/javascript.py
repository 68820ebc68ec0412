"""Reads the app's modules as tokens: as much of JavaScript as they use, and an error for what can't be read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

_KEYWORDS = """
await break case catch const continue default delete do else export extends false finally for function if import
in instanceof let new null return static super switch this throw true try typeof var void while yield
"""
KEYWORDS = frozenset(_KEYWORDS.split())
_BEFORE_BLOCKS = frozenset(["else", "try", "finally", "do", "catch", "=>"])
_PLACES_BEFORE_REGEX = """
return typeof case in of delete void throw new await else do instanceof
"""
_BEFORE_REGEX = frozenset(_PLACES_BEFORE_REGEX.split())
_BEGINNINGS, _ENDS = frozenset("([{"), frozenset(")]}")

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<number>\.?\d[\w.]*)
    |(?P<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    |(?P<mark>=>|\.\.\.|\?\.(?!\d)|(?:>>>|\*\*|&&|\|\||\?\?|<<|>>|[-+*/%&|^])=|[=!]==?|[<>]=|\+\+|--|&&|\|\||\?\?
        |\*\*|>>>|<<|>>|[-+*/%&|^!~<>=?:;,.()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
_CHUNK = re.compile(r"[`}](?:\\.|[^`\\$]|\$(?!\{))*(?:`|\$\{)", re.DOTALL)


class Unreadable(ValueError):
    """A module has something that isn't read here; says what."""


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a module: `kind` is name, key, short, word, number, string, mark, regex or template.

    A `name` is a variable, a `key` a property, a `short` one that is both, as in `{ a }`, a `word` is a keyword.
    `depth` counts the brackets around it.
    """

    kind: str
    text: str
    depth: int = 0
    after_line_end: bool = False


_NOTHING = Token("mark", ";")


def tokens(source: str) -> list[Token]:
    """A module's tokens, without comments. Raises: Unreadable."""
    read = list(_read(source))
    return list(_with_kinds(read))


def _read(source: str) -> Iterator[Token]:
    at, last, line_end = 0, _NOTHING, False
    open_: list[str] = []
    while at < len(source):
        kind, text = _next(source, at, last=last, in_template=open_[-1:] == ["${"])
        at += len(text)
        if kind == "space":
            line_end |= "\n" in text
            continue
        _close(kind, text, open_)
        last = Token(kind, text, len(open_), line_end)
        _open(kind, text, open_)
        line_end = False
        yield last
    if open_:
        raise Unreadable(f"{open_[-1]} is never closed")


def _next(source: str, at: int, *, last: Token, in_template: bool) -> tuple[str, str]:
    if source[at] == "`" or (source[at] == "}" and in_template):
        return "template", _matched(_CHUNK, source, at)
    if source[at] == "/" and source[at + 1] not in "/*" and _expects_value(last):
        return "regex", _matched(_REGEX, source, at)
    found = _TOKEN.match(source, at)
    if found is None or found.lastgroup is None:
        raise Unreadable(source[at : at + 40])
    kind, text = found.lastgroup, found.group()
    return ("word" if kind == "name" and text in KEYWORDS else kind), text


def _matched(pattern: re.Pattern[str], source: str, at: int) -> str:
    found = pattern.match(source, at)
    if found is None:
        raise Unreadable(source[at : at + 40])
    return found.group()


def _expects_value(last: Token) -> bool:
    return last.text in _BEFORE_REGEX or (last.kind == "mark" and last.text not in _ENDS)


def _close(kind: str, text: str, open_: list[str]) -> None:
    if (kind == "template" and text[0] == "}") or (kind == "mark" and text in _ENDS):
        open_.pop()


def _open(kind: str, text: str, open_: list[str]) -> None:
    if kind == "template" and text.endswith("${"):
        open_.append("${")
    elif kind == "mark" and text in _BEGINNINGS:
        open_.append(text)


def _with_kinds(read: list[Token]) -> Iterator[Token]:
    # what stands around each name: "for (", a block, an object or pattern, or anything else
    around: list[str] = []
    for n, token in enumerate(read):
        before = read[n - 1] if n else _NOTHING
        after = read[n + 1] if n + 1 < len(read) else _NOTHING
        _close(token.kind, token.text, around)
        kind = _kind_of_name(token, before, after, around[-1] if around else "") if token.kind == "name" else token.kind
        yield replace(token, kind=kind)
        opened = len(around)
        _open(token.kind, token.text, around)
        if len(around) > opened:
            around[-1] = _surrounding(token, before)


def _surrounding(token: Token, before: Token) -> str:
    if token.text == "(":
        return "for" if before.text == "for" else "("
    if token.text == "{":
        is_block = before.text in _BEFORE_BLOCKS or (before.kind == "mark" and before.text in {";", ")", "{", "}"})
        return "block" if is_block else "object"
    return token.text


def _kind_of_name(token: Token, before: Token, after: Token, around: str) -> str:
    if token.text == "of" and around == "for" and (before.kind == "name" or before.text in {"]", "}"}):
        return "word"
    if token.text == "async" and (after.text in {"function", "("} or after.kind == "name"):
        return "word"
    if before.text in {".", "?."}:
        return "key"
    if around == "object" and before.text in {"{", ","}:
        if after.text in {":", "("}:
            return "key"
        if after.text in {",", "}", "="}:
            return "short"
    return "name"
