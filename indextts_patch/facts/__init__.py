"""What one call says: its arguments, its model, its caller, and what it left behind."""
