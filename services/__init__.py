"""The five services: one folder each, all of one shape; none imports another."""
