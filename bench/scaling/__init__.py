"""Adds replicas of one service at a time, under a load whose cost is waiting, and shows what that brings."""
