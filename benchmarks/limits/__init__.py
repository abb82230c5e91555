"""How fast a round could be at best: its arithmetic beside the machine's peaks."""
