"""TAK clients: their ports and connections, their certificates, and the packages by which they are given."""
