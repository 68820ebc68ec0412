"""The database's users, for `deploy/mongo/users.js`: one a service, for its own database alone, and one for people."""

import json

from contracts import rights, topology

Roles = list[dict[str, str]]


def database_users() -> dict[str, Roles]:
    """Each user's roles in MongoDB's own form. People read all and write nothing: services alone do (`atendo`)."""
    owners = tuple(topology.LISTENS)
    return {
        **{name: [{"role": "readWrite", "db": name}] for name in owners},
        rights.OPS: [{"role": "read", "db": name} for name in owners],
    }


def written() -> str:
    """The file: one user a line."""
    lines = (f"  {json.dumps(name)}: {json.dumps(roles)}" for name, roles in database_users().items())
    return "{\n" + ",\n".join(lines) + "\n}\n"
