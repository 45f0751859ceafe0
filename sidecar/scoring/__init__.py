"""Judging a take by its sound: measures of one WAV file. Needs the extra "score"; nothing here knows a database."""
