"""The command line. The only place from which the towers are called."""
