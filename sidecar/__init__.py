"""Ships IndexTTS event files into MySQL or SQLite."""

__version__ = "0.1.0"
