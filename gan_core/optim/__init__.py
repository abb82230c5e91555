"""How a gradient changes the parameters: optimizers, and schedules of their learning rates."""
