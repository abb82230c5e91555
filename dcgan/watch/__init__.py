"""A page that shows trainings while they run, and changes nothing in their folders."""
