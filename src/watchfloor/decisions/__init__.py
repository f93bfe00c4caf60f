"""Floor 2: request, advice, doubt, resolution, decision. People write, doubt and decide; this only stops."""
