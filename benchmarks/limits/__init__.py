"""The operations and bytes of a round, and the limits of the machine."""
