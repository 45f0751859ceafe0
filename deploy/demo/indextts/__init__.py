"""A stand-in for IndexTTS2 that needs no weights: it hums a text instead of speaking it."""
