"""Floor 0: units, instants, geodesy, labels and errors. Pure; knows nothing of messages or machines."""
