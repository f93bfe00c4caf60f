"""watchfloor: an exercise and review room for multinational air operations.

It can stop a decision; it can never make one. `ARCHITECTURE.md` says which room a line belongs in.
"""

__version__ = "0.1.0"
