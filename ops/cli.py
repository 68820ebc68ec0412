"""The `atendo` command: each subcommand is a module of its own, loaded when it is called."""

from collections.abc import Sequence

from cyclopts import App


def build() -> App:
    """Return the command line. A new command is one line here and one module `ops/<command>.py`."""
    app = App(name="atendo", help="Run and look after Atendo, the customer-service backbone.", version_flags=[])
    app.command("ops.up:up", name="up", help="Run the whole product on this machine, until Ctrl-C.")
    app.command("ops.dead:dead", name="dead", help="List, show, replay and drop dead letters.")
    app.command("ops.reconcile:reconcile", name="reconcile", help="Find what got lost between services; tell it again.")
    app.command("ops.export:export", name="export", help="All that is held about a customer, as JSON.")
    app.command("ops.questions:explain", name="explain", help="Why a customer was, or wasn't, informed.")
    app.command("ops.sending:send", name="send", help="Send again what didn't arrive.")
    app.command("ops.mail_addresses:addresses", name="addresses", help="Addresses that no mail is sent to.")
    app.command("ops.questions:resolve", name="resolve", help="Where a contact would go, without sending it.")
    app.command("ops.tokens:token", name="token", help="Print a customer's token of the run on this machine.")
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with what it returns."""
    build()(arguments)


if __name__ == "__main__":
    main()
