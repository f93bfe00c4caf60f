"""Floor 2: rules of engagement as code: parse, check, ask, explain, compare. They stop or ask; they never approve."""
