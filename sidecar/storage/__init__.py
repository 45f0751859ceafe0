"""The tables, described once, and the databases that hold them."""
