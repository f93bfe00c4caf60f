"""The doors: HTTP and WebSocket for screens, CoT over TCP for TAK clients."""
