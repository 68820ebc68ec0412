"""Joins the app's modules into one script, with short names for variables: what a phone fetches is small.

Modules stay plain: they are written, read and checked one by one, and joined when the edge starts. A name that is
neither declared in its module nor known of browsers is an error, so that nothing is renamed by mistake.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count, pairwise

from services.edge.web.declared import declared
from services.edge.web.javascript import KEYWORDS, Token, Unreadable
from services.edge.web.modules import Module, Name
from services.edge.web.written import written

_KNOWN = """
AbortController Boolean BroadcastChannel CSS Date Error Event FormData IntersectionObserver Intl JSON Map Math
Notification Number Object Promise Set String Symbol TextDecoder TextDecoderStream TypeError URL URLSearchParams
Uint8Array addEventListener atob caches clearInterval clearTimeout clients crypto decodeURIComponent dispatchEvent
document encodeURIComponent fetch getSelection history indexedDB innerHeight innerWidth location matchMedia navigator
registration removeEventListener requestAnimationFrame scrollTo scrollY setInterval setTimeout skipWaiting
undefined window
"""
GLOBALS = frozenset(_KNOWN.split())
"""What browsers know and the app uses."""


def joined(sources: Mapping[str, str], entry: str) -> str:
    """One script of a module and all that it needs. Raises: Unreadable."""
    return Joined(sources, entry).script()


class Joined:
    """All modules that one needs, and itself, as one script."""

    def __init__(self, sources: Mapping[str, str], entry: str) -> None:
        self.modules: dict[str, Module] = {}
        self._add(entry, sources)
        self._used = Counter(name for module in self.modules.values() for name in self._names(module))
        self._short = dict(zip((name for name, _ in self._used.most_common()), _short_names(), strict=False))

    def _add(self, path: str, sources: Mapping[str, str], waiting: frozenset[str] = frozenset()) -> None:
        if path in self.modules or path in waiting:
            return
        module = Module.of(path, sources[path])
        for one in module.needs:
            self._add(one, sources, waiting | {path})
        self.modules[path] = module

    def _origin(self, name: Name) -> Name:
        module, own = name
        given = self.modules[module].gives.get(own)
        if given is None:
            raise Unreadable(f"{module} gives no {own}")
        return given if given == name else self._origin(given)

    def _names(self, module: Module) -> Iterator[Name]:
        if not module.read:
            yield from (self._origin(name) for name in module.takes.values())
            return
        yield from (name for token, name in self._resolved(module) if name)

    def _resolved(self, module: Module) -> Iterator[tuple[Token, Name | None]]:
        known = set(declared(module.read)) - GLOBALS
        for statement in _statements(module.read):
            # locals are named by rank, so that all statements use the same few names over and over
            ranks = Counter(one.text for one in statement if one.kind in {"name", "short"} and one.text in known)
            local = {text: str(n) for n, (text, _) in enumerate(ranks.most_common())}
            waiting = iter(statement)
            for token in waiting:
                if token.kind == "name" and token.text in module.spaces:
                    # `store.get` is what the module gives as `get`
                    next(waiting)
                    given = next(waiting).text
                    yield replace(token, text=given), self._origin((module.spaces[token.text], given))
                elif token.kind in {"name", "short"}:
                    yield token, self._name(module, token.text, local)
                else:
                    yield token, None

    def _name(self, module: Module, text: str, local: Mapping[str, str]) -> Name | None:
        if text in module.takes:
            return self._origin(module.takes[text])
        if text in module.gives and module.gives[text][0] == module.path:
            return module.gives[text]
        if text in local:
            return "", local[text]
        if text in GLOBALS:
            return None
        raise Unreadable(f"{module.path}: {text} is not known")

    def script(self) -> str:
        """The script."""
        return "".join(self._of(module) if module.read else self._of_vendor(module) for module in self.modules.values())

    def _of_vendor(self, module: Module) -> str:
        given = {name[1]: short for name, short in self._short.items() if name[0] == module.path}
        takes = "".join(f"let {mine}={self._short[self._origin(name)]};" for mine, name in module.takes.items())
        if list(given) == ["default"]:
            return f"let {given['default']}=(()=>{{{takes}{module.source}}})();"
        # what nobody takes is not given
        gives = ",".join(module.own[theirs] for theirs in given)
        return f"let[{','.join(given.values())}]=(()=>{{{takes}{module.source}return[{gives}]}})();"

    def _of(self, module: Module) -> str:
        return written([self._named(token, name) for token, name in self._resolved(module)])

    def _named(self, token: Token, name: Name | None) -> Token:
        if name is None:
            return token
        short = self._short[name]
        text = f"{token.text}:{short}" if token.kind == "short" and short != token.text else short
        return replace(token, text=text)


def _statements(read: list[Token]) -> Iterator[list[Token]]:
    # what is local to one statement of a module isn't seen by the next
    begins = [
        n
        for n, token in enumerate(read)
        if token.depth == 0 and token.kind == "word" and token.text in {"const", "let", "function", "async"}
    ]
    for start, end in pairwise([0, *begins, len(read)]):
        yield read[start:end]


def _short_names() -> Iterator[str]:
    first = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$"
    taken = KEYWORDS | GLOBALS | {"of", "as", "async", "get", "set"}
    for length in count(1):
        yield from (name for name in _names_of(first, length) if name not in taken)


def _names_of(first: str, length: int) -> Iterable[str]:
    if length == 1:
        return first
    return (head + tail for head in _names_of(first, length - 1) for tail in first + "0123456789")
