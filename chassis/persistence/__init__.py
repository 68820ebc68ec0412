"""State in MongoDB: documents that change and emit events, snapshots, batches, the outbox and migrations."""

from chassis.imports import without

# PyMongo loads 10 MB of it on the way to finding that pyOpenSSL isn't there
with without("cryptography"):
    import pymongo as pymongo
