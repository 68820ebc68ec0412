"""A screen that lists all of one kind, and beside the list the form of one of them or of a new one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import JsonValue

from mk.console.desk import Desk, form
from mk.console.pages import go_to
from mk.console.refusals import not_found
from mk.console.register import changes, forms
from mk.console.register.changes import Change, Wording
from mk.console.register.saving import publish
from mk.operators import Role

NEW = "novo"
"""What stands in an address instead of the id of what isn't there yet."""


class Listed(Protocol):
    """What a list has a line of."""

    @property
    def id(self) -> str:
        """Its id in MK."""
        ...


One = TypeVar("One", bound=Listed)


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it is shown: whose it is (`NEW`, an id, or empty for none), what stands in it, what is wrong.

    `changed` is what somebody else saved since it was loaded.
    """

    editing: str = ""
    given: Mapping[str, str] | None = None
    errors: Sequence[tuple[str, str]] = ()
    changed: Sequence[Change] = ()

    @property
    def status(self) -> int:
        """The HTTP status of a page that shows it."""
        return 422 if self.errors else 409 if self.changed else 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[One]):
    """One kind: where its screen is, how it is called, read from a form, and saved as an event."""

    path: str
    name: str
    event: str
    id_field: str
    known: Callable[[], Awaitable[Sequence[One]]]
    read: Callable[[forms.Form], dict[str, JsonValue]]
    given: Callable[[One], Mapping[str, str]]
    empty: Mapping[str, str]
    wording: Wording
    template: str
    shown: Callable[[Sequence[One]], Awaitable[Mapping[str, object]]]
    """What the template needs besides, of those that are known."""

    saving: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held from the look at what is known until the new is: of two who save at once the later one learns of it."""


def editor(desk: Desk, kind: Kind[One]) -> APIRouter:
    """`GET` of a kind's path, and `GET` and `POST` of one of them, or of a new one."""
    router = desk.router(Role.ADMINISTRADOR)

    @router.get(kind.path)
    async def listed(request: Request) -> Response:
        return await _page(desk, kind, request, Typed())

    @router.get(f"{kind.path}/{NEW}")
    async def new(request: Request) -> Response:
        return await _page(desk, kind, request, Typed(NEW, kind.empty))

    @router.post(f"{kind.path}/{NEW}")
    async def create(request: Request) -> Response:
        taken = {one.id for one in await kind.known()} | {NEW}
        given = await form(request)
        return await _save(desk, kind, request, forms.id_for(given.get("nome", ""), taken), editing=NEW)

    @router.get(kind.path + "/{name:path}")
    async def shown(request: Request, name: str) -> Response:
        return await _page(desk, kind, request, Typed(name, kind.given(await _found(kind, name))))

    @router.post(kind.path + "/{name:path}")
    async def save(request: Request, name: str) -> Response:
        async with kind.saving:
            return await _save(desk, kind, request, (await _found(kind, name)).id, editing=name)

    return router


async def _found(kind: Kind[One], name: str) -> One:
    found = next((one for one in await kind.known() if one.id == name), None)
    if found is None:
        raise not_found(f"{kind.name} não encontrado")
    return found


async def _save(desk: Desk, kind: Kind[One], request: Request, name: str, *, editing: str) -> Response:
    checked = forms.Form(await form(request))
    fields = kind.read(checked)
    if checked.errors:
        return await _page(desk, kind, request, Typed(editing, checked.given, checked.errors))
    if editing != NEW and (changed := changes.since(checked.given, kind.given(await _found(kind, name)), kind.wording)):
        return await _page(desk, kind, request, Typed(editing, checked.given, changed=changed))
    await publish(desk, kind.event, {kind.id_field: name, **fields})
    return go_to(kind.path, f"{kind.name} {fields['name']} salvo")


async def _page(desk: Desk, kind: Kind[One], request: Request, typed: Typed) -> Response:
    known = await kind.known()
    editing = next((one for one in known if one.id == typed.editing), None)
    # a form with errors still compares with what it was loaded with
    was_loaded = (typed.given or {}).get(changes.LOADED, "") if typed.errors else ""
    return desk.page(
        request,
        kind.template,
        status=typed.status,
        editing=editing,
        loaded=was_loaded or (changes.loaded(kind.given(editing)) if editing else ""),
        changed=typed.changed,
        is_new=typed.editing == NEW,
        given=typed.given or {},
        errors=list(typed.errors),
        **await kind.shown(known),
    )
