"""A tower: the auditor's tool. From the files alone, without the system that wrote them."""
