"""How long to wait before a part that died is started again."""

from datetime import timedelta

FIRST = timedelta(seconds=0.5)
LONGEST = timedelta(seconds=30)
# A part that was up for so long has proved itself: its next death is a new story.
PROVEN = timedelta(minutes=1)


def next_pause(previous: timedelta | None, *, was_ready_for: timedelta) -> timedelta:
    """Return the pause before the next start: doubled each time, from half a second to half a minute."""
    if previous is None or was_ready_for >= PROVEN:
        return FIRST
    return min(previous * 2, LONGEST)
