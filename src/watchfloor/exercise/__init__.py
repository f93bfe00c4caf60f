"""A tower: the exercise's ground truth and simulator. It speaks wire formats to real ports, never inside."""
