"""State in MongoDB: documents that change and emit events, snapshots, batches, the outbox and migrations."""
