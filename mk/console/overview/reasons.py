"""Why a message didn't arrive, in the operator's words."""

import re
from datetime import timedelta

from contracts.operating import Undelivered
from mk.console.formats import counted
from mk.console.overview.summary import lasting
from mk.console.reasons import readable

_SMTP = re.compile(r"SMTP (?P<code>\d{3}(?: \d\.\d{1,3}\.\d{1,3})?)")
_NO_SUCH_MAILBOX = re.compile(r"5\.1\.\d+$|^5\d\d$")
_DISABLED = "5.2.1"

_OFF = "address refused"
_UNKNOWN = "resultado desconhecido: pode ter sido entregue"
_REFUSES = {
    "email": "servidor recusou esta mensagem",
    "push": "serviço de avisos recusou",
    "telegram": "Telegram recusou",
}


def why(one: Undelivered) -> str:
    """Why this message didn't arrive."""
    if one.reason == "given up":
        lasted = one.at - (one.first_at or one.at)
        return f"desistimos após {counted(one.attempts, 'tentativa', 'tentativas')}{_within(lasted)}"
    if one.state == "unknown":
        return _UNKNOWN
    if one.reason.startswith(_OFF):
        return f"canal desligado: {why_off(one.reason.removeprefix(_OFF).lstrip(': '))}"
    if smtp := _SMTP.match(one.reason):
        return f"{_REFUSES['email']}: {smtp['code']}"
    known = readable(one.reason, one.channel)
    refuses = _REFUSES.get(one.channel)
    return f"{refuses}: {known}" if refuses and known == one.reason else known


def _within(lasted: timedelta) -> str:
    minutes = round(lasted / timedelta(minutes=1))
    return f" em {lasting(minutes)}" if minutes else ""


def why_off(reason: str) -> str:
    """Why a channel is switched off."""
    smtp = _SMTP.search(reason)
    if smtp is None:
        return readable(reason, "email") or "o endereço foi recusado"
    code = smtp["code"]
    if code.endswith(_DISABLED):
        return f"caixa postal desativada ({code})"
    return f"caixa postal não existe ({code})" if _NO_SUCH_MAILBOX.search(code) else f"endereço recusado ({code})"
