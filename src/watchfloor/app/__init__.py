"""Floor 3: where capabilities meet. Clock, the one writer, ports, wiring, replay, screens."""
