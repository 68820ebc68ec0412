"""Finds the names that a module declares: by `const`, `let`, `function`, as parameters, and in patterns."""

from collections.abc import Iterator

from services.edge.web.javascript import Token


def declared(read: list[Token], *, most_depth: int = 1000) -> Iterator[str]:
    """The names, some of them more than once; at a depth of 0 those that all of the module can see."""
    for n, token in enumerate(read):
        if token.depth > most_depth or token.kind == "key":
            continue
        if token.text in {"const", "let"}:
            yield from _declarators(read, n)
        elif token.text == "function" and read[n + 1].kind == "name":
            yield read[n + 1].text
    if most_depth:
        yield from _parameters(read)


def _declarators(read: list[Token], n: int) -> Iterator[str]:
    depth, expected = read[n].depth, True
    while (n := n + 1) < len(read):
        token = read[n]
        if token.depth == depth and (token.text in {";", "of"} and token.kind in {"mark", "word"}):
            return
        if token.depth < depth:
            return
        if token.depth == depth and token.text == ",":
            expected = True
        elif expected and token.kind == "name":
            yield token.text
            expected = False
        elif expected and token.text in {"{", "["}:
            yield from _within(read, n)
            expected = False


def _within(read: list[Token], n: int) -> Iterator[str]:
    depth = read[n].depth
    while (n := n + 1) < len(read) and read[n].depth > depth:
        if read[n].kind in {"name", "short"}:
            yield read[n].text


def _parameters(read: list[Token]) -> Iterator[str]:
    for n, token in enumerate(read):
        if token.text == "=>" and read[n - 1].kind == "name":
            yield read[n - 1].text
        elif token.text == "=>":
            start = next(m for m in range(n - 2, -1, -1) if read[m].text == "(" and read[m].depth == token.depth)
            yield from _within(read, start)
        elif token.text == "function" or (token.text == "catch" and token.kind == "word"):
            start = next(m for m in range(n + 1, len(read)) if read[m].text in {"(", "{"})
            if read[start].text == "(":
                yield from _within(read, start)
