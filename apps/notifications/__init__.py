"""Telling people: an outbox of messages with its delivery, and live pushes to open pages."""
