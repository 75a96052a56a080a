"""Tasks: asked for, placed, described, stopped, and what each is told of itself."""
