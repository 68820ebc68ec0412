"""`atendo token`: a customer's token of the embedded run, for tests and demos."""

import sys

from ops.addresses import NotRunningError, address, var_folder


def token(customer: str) -> int:
    """Print a token for a customer of the run on this machine."""
    from mk.tokens import issue  # noqa: PLC0415 - cryptography is slow to load

    try:
        print(issue(customer, folder=var_folder() / "secrets", issuer=address("MK_URL")))
    except (NotRunningError, FileNotFoundError) as problem:
        print(f"atendo: {problem}", file=sys.stderr)
        return 1
    return 0
