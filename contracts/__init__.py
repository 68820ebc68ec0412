"""The one shared vocabulary: messages, requests and the names of exchanges, queues and keys."""
