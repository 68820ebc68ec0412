"""Reads one module of the app: what it takes from others, what it gives, and the rest."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.edge.web.declared import declared
from services.edge.web.javascript import Token, tokens

VENDOR = "vendor/"

_IMPORT = re.compile(r"^import (?:\* as (\w+)|(\w+)|\{([^}]*)\}) from '([^']+)';\n", re.MULTILINE)
_EXPORT_FROM = re.compile(r"^export \{([^}]*)\} from '([^']+)';\n", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{([^}]*)\};\n", re.MULTILINE)
_EXPORT_DEFAULT = re.compile(r"^export default (?=(?:async )?function (\w+))", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|async|function)", re.MULTILINE)
_VENDORS_EXPORT = re.compile(r"export\s*(?:\{([^}]*)\}|default )\s*;?")
_VENDORS_IMPORT = re.compile(r"""import\{([^}]*)\}from"([^"]+)";""")

Name = tuple[str, str]
"""A module and a name of its own there; what is local to functions belongs to no module."""


def _pairs(listed: str) -> Iterator[tuple[str, str]]:
    # `a, b as c` are (a, a) and (b, c)
    for one in filter(None, (part.strip() for part in listed.split(","))):
        first, _, second = one.partition(" as ")
        yield first, second or first


@dataclass
class Module:
    """One module: what it takes from others by its own name for it, what it gives, and the rest as tokens."""

    path: str
    takes: dict[str, Name] = field(default_factory=dict)
    spaces: dict[str, str] = field(default_factory=dict)
    gives: dict[str, Name] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    """What a vendor's module itself calls what it gives."""
    needs: list[str] = field(default_factory=list)
    read: list[Token] = field(default_factory=list)
    source: str = ""

    @classmethod
    def of(cls, path: str, source: str) -> "Module":
        """Read one. Raises: Unreadable."""
        module = cls(path)
        vendors = path.startswith(VENDOR)
        module.source = module._vendored(source) if vendors else module._parted(source)
        if not vendors:
            module.read = tokens(module.source)
            module.gives |= {name: (path, name) for name in declared(module.read, most_depth=0)}
        return module

    def _at(self, address: str) -> str:
        found = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), address))
        self.needs.append(found)
        return found

    def _parted(self, source: str) -> str:
        def imported(found: re.Match[str]) -> str:
            space, default, listed, address = found.groups()
            module = self._at(address)
            if space:
                self.spaces[space] = module
            elif default:
                self.takes[default] = (module, "default")
            else:
                self.takes |= {mine: (module, theirs) for theirs, mine in _pairs(listed)}
            return ""

        def passed_on(found: re.Match[str]) -> str:
            module = self._at(found[2])
            self.gives |= {mine: (module, theirs) for theirs, mine in _pairs(found[1])}
            return ""

        def listed(found: re.Match[str]) -> str:
            self.gives |= {theirs: self.takes[mine] for mine, theirs in _pairs(found[1])}
            return ""

        def default(found: re.Match[str]) -> str:
            self.gives["default"] = (self.path, found[1])
            return ""

        source = _EXPORT_FROM.sub(passed_on, _IMPORT.sub(imported, source))
        source = _EXPORT_DEFAULT.sub(default, _EXPORT_LIST.sub(listed, source))
        return _EXPORT.sub("", source)

    def _vendored(self, source: str) -> str:
        def imported(found: re.Match[str]) -> str:
            module = self._at(found[2])
            self.takes |= {mine: (module, theirs) for theirs, mine in _pairs(found[1])}
            return ""

        def exported(found: re.Match[str]) -> str:
            if found[1] is None:
                self.gives["default"] = (self.path, "default")
                return "return "
            self.own = {theirs: mine for mine, theirs in _pairs(found[1])}
            self.gives |= {theirs: (self.path, theirs) for theirs in self.own}
            return ""

        return _VENDORS_EXPORT.sub(exported, _VENDORS_IMPORT.sub(imported, source)).strip()
