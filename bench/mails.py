"""Finds out which contact each mail is of, and whether every contact got its two: no fewer, no more (R11)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy

from bench.smtp import Mail

_MARKER = re.compile(r"bench-[0-9a-f]{8}-\d{6}")


def marker(run: str, number: int) -> str:
    """Return the words that tell one contact of a run from all others; `run` is eight hexadecimal digits."""
    return f"bench-{run}-{number:06}"


def marker_of(mail: Mail) -> str | None:
    """Return the marker in a mail's readable text, whatever the encoding; None where there is none."""
    body = message_from_bytes(mail.content(), policy=policy.default).get_body(("plain", "html"))
    found = _MARKER.search(body.get_content()) if body else None
    return found[0] if found else None


class Unsound(Exception):
    """A contact was refused, lost or doubled: figures of such a run are worth nothing."""


@dataclass(slots=True)
class Tally:
    """What became of the mails of some contacts; `done` is when the second of a contact's two mails was handed over."""

    done: dict[str, float] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    strangers: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost and nothing doubled."""
        return not (self.lost or self.doubled or self.strangers)

    @property
    def text(self) -> str:
        """What is wrong, for people."""
        return (
            f"{len(self.lost)} contacts without both mails, {len(self.doubled)} with more than two, "
            f"{self.strangers} mails of no contact"
        )


def tally(mails: Iterable[Mail], contacts: Iterable[str], *, sector: str) -> Tally:
    """Match mails with the contacts of these markers; one mail must go to the address `sector`, one to a customer."""
    came: dict[str, dict[bool, list[float]]] = {one: {True: [], False: []} for one in contacts}
    result = Tally()
    for mail in mails:
        of_contact = came.get(marker_of(mail) or "")
        if of_contact is None:
            result.strangers += 1
        else:
            of_contact[sector in mail.recipients].append(mail.at)
    for contact, times in came.items():
        fewest, most = sorted(len(of_kind) for of_kind in times.values())
        if fewest == 0:
            result.lost.append(contact)
        elif most == 1:
            result.done[contact] = max(at for of_kind in times.values() for at in of_kind)
        if most > 1:
            result.doubled.append(contact)
    return result


def handed_over(mails: Iterable[Mail], contacts: Iterable[str], *, sector: str) -> dict[str, float]:
    """Return when the second mail of each contact came. Raises: Unsound, unless each got its two and nothing else."""
    found = tally(mails, contacts, sector=sector)
    if not found.is_sound:
        raise Unsound(found.text)
    return found.done
