"""Solutions of the exercises of the face chapters, a module a chapter, a function an exercise."""
