"""Solutions to the exercises of chapters 7 to 13: a module for each, a function an exercise."""
