"""The log and the tape as data: leaves, trees, proofs, notes, checkpoints, blocks. No files, no clock."""
