"""The `atendo` command: each subcommand is a module of its own, loaded when it is called."""

from collections.abc import Sequence

from cyclopts import App


def build() -> App:
    """Return the command line. A new command is one line here and one module `ops/<command>.py`."""
    app = App(name="atendo", help="Run and look after Atendo, the customer-service backbone.", version_flags=[])
    app.command("ops.up:up", name="up", help="Run the whole product on this machine, until Ctrl-C.")
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with what it returns."""
    build()(arguments)


if __name__ == "__main__":
    main()
