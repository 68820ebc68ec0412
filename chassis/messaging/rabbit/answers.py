"""What a channel was delivered and has to answer, and the fewest frames that do."""

from chassis.messaging.rabbit import frames


class Answers:
    """Deliveries by their tags, which rise; `ack` and `give_back` are kept until they are taken to be sent."""

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._open: dict[int, None] = {}
        self._acked: list[int] = []
        self._given_back: list[int] = []

    def delivered(self, tag: int) -> None:
        """Note one that is to be answered."""
        self._open[tag] = None

    def ack(self, tag: int) -> bool:
        """Be done with one; whether it was the first answer since they were taken. A second to the same is none."""
        return self._answer(tag, self._acked)

    def give_back(self, tag: int) -> bool:
        """Have one delivered again; gives what `ack` does."""
        return self._answer(tag, self._given_back)

    def _answer(self, tag: int, answers: list[int]) -> bool:
        # an answer that the broker doesn't expect costs the channel
        if tag not in self._open:
            return False
        del self._open[tag]
        is_first = not self._acked and not self._given_back
        answers.append(tag)
        return is_first

    def take(self) -> bytes:
        """The frames that answer what was answered since the last time, one for all that nothing open precedes."""
        # first, or an answer to many at once would include them
        answers = [frames.give_back(self._channel, tag) for tag in self._given_back]
        first_open = next(iter(self._open), None)
        together = [tag for tag in self._acked if first_open is None or tag < first_open]
        if together:
            answers.append(frames.ack(self._channel, max(together), multiple=True))
        answers += (
            frames.ack(self._channel, tag, multiple=False)
            for tag in self._acked
            if first_open is not None and tag > first_open
        )
        self._acked.clear()
        self._given_back.clear()
        return b"".join(answers)
