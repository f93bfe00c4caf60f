"""Floor 2: who will come too close to whom, when, and why. It shows; it never proposes a clearance as an order."""
