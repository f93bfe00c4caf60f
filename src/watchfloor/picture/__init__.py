"""Floor 2: observations to tracks. Each track says what it rests on and how old that is."""
