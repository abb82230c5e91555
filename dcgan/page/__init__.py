"""One HTML file in which a trained generator runs: no server, nothing from the network."""
