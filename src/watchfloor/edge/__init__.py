"""Floor 4: sockets, files, HTTP, the command line. Everything that touches the world."""
