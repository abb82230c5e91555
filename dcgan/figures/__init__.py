"""Contact sheets and the figures of the chapters on faces."""
