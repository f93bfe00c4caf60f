"""Connections to others: witnesses, and later the line's transport."""
