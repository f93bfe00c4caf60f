"""Floor 1: our vocabulary. Frozen, versioned structs for every fact that crosses a border."""
