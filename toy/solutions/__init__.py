"""Solutions of the exercises of the toy chapters, a module a chapter, a function an exercise."""
