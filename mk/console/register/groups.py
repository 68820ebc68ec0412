"""Grupo de Pessoas: what a group defines counts before the sector (R9)."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter

from mk.console.desk import Desk
from mk.console.register import forms
from mk.console.register.changes import Wording
from mk.console.register.editing import Kind, editor
from mk.domain.register import Group
from mk.ports import Sought

PATH = "/configuracao/grupos"

COUNTED_UP_TO = 10_000
"""More customers of one group are as good as this many."""


def groups(desk: Desk) -> APIRouter:
    """`GET /configuracao/grupos`, and one of them to change, or a new one."""
    register = desk.stores.register

    async def shown(known: Sequence[Group]) -> Mapping[str, object]:
        most = COUNTED_UP_TO
        counts = {one.id: await register.count_customers(Sought(group_id=one.id), limit=most + 1) for one in known}
        return {"groups": known, "counts": counts, "most": most}

    return editor(
        desk,
        Kind(
            path=PATH,
            name="Grupo",
            event="PersonGroupSaved.v1",
            id_field="person_group_id",
            known=register.groups,
            read=forms.group,
            given=_given,
            empty={},
            wording=Wording({"nome": "Nome", "processo": "Processo", "classificacao": "Classificação"}.get),
            template="grupos.html",
            shown=shown,
        ),
    )


def _given(group: Group) -> Mapping[str, str]:
    return {"nome": group.name, "processo": group.process or "", "classificacao": group.classification or ""}
