"""Why a message didn't arrive, in the operator's words."""

import re
from datetime import timedelta

from contracts.operating import Undelivered
from mk.console.formats import counted
from mk.console.overview.summary import lasting
from mk.console.reasons import readable

_SMTP = re.compile(r"SMTP (?P<code>\d{3}(?: \d\.\d{1,3}\.\d{1,3})?)")
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
    if smtp := _SMTP.match(one.reason):
        return f"{_REFUSES['email']}: {smtp['code']}"
    known = readable(one.reason, one.channel)
    refuses = _REFUSES.get(one.channel)
    return f"{refuses}: {known}" if refuses and known == one.reason else known


def _within(lasted: timedelta) -> str:
    minutes = round(lasted / timedelta(minutes=1))
    return f" em {lasting(minutes)}" if minutes else ""
