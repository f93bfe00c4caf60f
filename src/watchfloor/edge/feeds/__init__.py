"""Feeds: where bytes of real or simulated sources come in."""
