"""Writes in pt-BR what is wrong with a request's fields, without repeating what was sent (R28)."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.problems import FieldError

_TEXTS = {
    "missing": "Campo obrigatório.",
    "string_type": "Deve ser um texto.",
    "string_too_short": "Campo obrigatório.",
    "string_too_long": "Use no máximo {max_length} caracteres.",
    "string_pattern_mismatch": "Há caracteres que não podem ser usados aqui.",
    "string_unicode": "Há caracteres que não podem ser usados aqui.",
    "int_type": "Deve ser um número inteiro.",
    "int_parsing": "Deve ser um número inteiro.",
    "int_from_float": "Deve ser um número inteiro.",
    "greater_than_equal": "O menor valor é {ge}.",
    "less_than_equal": "O maior valor é {le}.",
    "bool_type": "Deve ser verdadeiro ou falso.",
    "enum": "Valores possíveis: {expected}.",
    "literal_error": "Valores possíveis: {expected}.",
    "json_invalid": "O corpo não é um JSON válido.",
    "model_attributes_type": "O corpo deve ser um objeto JSON.",
    "model_type": "O corpo deve ser um objeto JSON.",
    "dict_type": "O corpo deve ser um objeto JSON.",
}
_OTHERWISE = "Valor inválido."


def field_errors(mistakes: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Pydantic's errors as the customer reads them; `field` is the name or JSON path of what to mend."""
    return [FieldError(field=_field(one), message=_message(one)) for one in mistakes]


def _field(mistake: Mapping[str, Any]) -> str:
    where, *path = mistake["loc"]
    # the position in an unreadable body is no field
    return str(where) if mistake["type"] == "json_invalid" else ".".join(map(str, path)) or str(where)


def _message(mistake: Mapping[str, Any]) -> str:
    text = _TEXTS.get(mistake["type"], _OTHERWISE)
    context = {name: str(value).replace(" or ", " ou ") for name, value in mistake.get("ctx", {}).items()}
    return text.format(**context)
