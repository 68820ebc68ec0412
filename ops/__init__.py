"""What SREs and newcomers run: the `atendo` command and the one-machine product."""
