"""What the notifier is made of: `parts.py` knows the parts, `composition.py` who is made of them and listens."""

from chassis.clock import Clock, utc_now
from chassis.service import Service, run
from services.notifier import errors
from services.notifier.composition import compose
from services.notifier.migrations import STEPS
from services.notifier.parts import Parts
from services.notifier.settings import Settings


def build(settings: Settings | None = None, *, parts: Parts | None = None, clock: Clock = utc_now) -> Service:
    """One replica of the notifier; what is given in `parts` is used."""
    settings = settings or Settings()
    service = Service("notifier", settings, clock=clock)
    service.migrates(STEPS)
    service.permanent(*errors.PERMANENT)
    service.outage(*errors.OUTAGES)
    notifier = compose(service, settings, parts or Parts())
    notifier.deciding.listen(service)
    notifier.push.listen(service)
    notifier.delivering.listen(service)
    # last: the chat knows what happens to a question before it is decided about
    notifier.chat.listen()
    return service


if __name__ == "__main__":
    run(build)
