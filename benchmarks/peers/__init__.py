"""The same steps written with other libraries. Each file is run as a process of its own."""
