"""What a round multiplies and moves, beside what the machine can do."""
