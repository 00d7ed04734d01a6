"""Telling the world: what workflows ask for and only activities may do."""
