"""Floor 2: foreign formats to messages and back. A codec is `step(state, bytes) -> (state, messages)`."""
