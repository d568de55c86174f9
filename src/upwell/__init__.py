"""Tells which research themes are rising."""
