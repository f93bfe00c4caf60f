"""The line to a party that is not trusted: chained messages, what became of each, and the log that both can prove."""
