"""Writes tokens as short as they can be without another meaning.

It counts on what the modules keep to: statements end with semicolons, templates with line ends are htm's markup.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.edge.web.javascript import Token

_SHORTER = {"const": "let", "true": "!0", "false": "!1"}
_START = Token("mark", ";")

_LINE_END = re.compile(r"\n\s+")
_BESIDE_TAGS = re.compile(r"(?<=>)\n(?=<|\$\{)|^\}\n(?=<|\$\{)")
_CLOSING = re.compile(r"</[a-z]\w*>")
_QUOTED = re.compile(r'(?<= )([a-z-]+)="([\w-]+)"(?=[ >])')


def written(read: Sequence[Token]) -> str:
    """The tokens as text."""
    parts: list[str] = []
    before = _START
    for token in _declared_together(_without_the_needless([_shorter(one) for one in _closed(read)])):
        parts += [_between(before, token), token.text]
        before = token
    return "".join(parts)


def _closed(read: Sequence[Token]) -> Iterator[Token]:
    # `</${Name}>` closes the innermost element as `</>` does
    waiting = iter(read)
    for token in waiting:
        whole = token
        while whole.kind == "template" and whole.text.endswith("</${"):
            next(waiting)
            whole = replace(whole, text=whole.text[:-2] + next(waiting).text[1:])
        yield whole


def _shorter(token: Token) -> Token:
    if token.kind == "word":
        return replace(token, text=_SHORTER.get(token.text, token.text))
    if token.kind == "template":
        # htm trims line ends beside tags, closes the innermost element whatever is named, and needs few quotes
        text = _BESIDE_TAGS.sub(lambda found: found[0].strip(), _LINE_END.sub("\n", token.text))
        return replace(token, text=_QUOTED.sub(r"\1=\2", _CLOSING.sub("</>", text)).replace(" />", "/>"))
    return token


def _without_the_needless(read: list[Token]) -> Iterator[Token]:
    texts = [token.text if token.kind in {"mark", "word"} else "" for token in read] + ["", "", ""]
    for n, token in enumerate(read):
        ends_a_list = texts[n] == "," and texts[n + 1] in {")", "]", "}"}
        ends_a_block = texts[n] == ";" and texts[n + 1] == "}"
        one_parameter = read[n - 1].kind == "name" if n else False
        opens_one = texts[n] == "(" and texts[n + 2 : n + 4] == [")", "=>"] and read[n + 1].kind == "name"
        closes_one = texts[n] == ")" and texts[n + 1] == "=>" and one_parameter and texts[n - 2] == "("
        if not (ends_a_list or ends_a_block or opens_one or closes_one):
            yield token


def _declared_together(read: Iterator[Token]) -> Iterator[Token]:
    # `let a=1;let b=2` is `let a=1,b=2`
    begun: dict[int, str] = {}
    held: Token | None = None
    for token in read:
        if held is not None:
            together = begun.pop(held.depth, "") == "let" and token.text == "let"
            yield replace(held, text=",") if together else held
            held = None
            if together:
                begun[token.depth] = "let"
                continue
        if token.kind == "mark" and token.text == ";":
            held = token
            continue
        begun.setdefault(token.depth, token.text)
        begun.pop(token.depth + 1, None)
        yield token
    if held is not None:
        yield held


def _between(before: Token, token: Token) -> str:
    last, first = before.text[-1], token.text[0]
    if (_is_in_a_name(last) and _is_in_a_name(first)) or (last == first and last in "+-/"):
        return "\n" if token.after_line_end else " "
    ends = before.kind != "mark" or before.text in {")", "]", "}"}
    return "\n" if token.after_line_end and ends and token.kind != "mark" else ""


def _is_in_a_name(character: str) -> bool:
    return character.isalnum() or character in "_$"
