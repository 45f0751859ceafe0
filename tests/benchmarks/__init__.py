"""How fast, and compared with what: `make bench` (see README.md beside this file)."""
