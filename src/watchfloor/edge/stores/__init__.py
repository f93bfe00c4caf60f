"""Files: the data folder, the record in SQLite, the tape's blocks, packs on disk."""
