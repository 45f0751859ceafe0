"""One event: bytes in and bytes out."""
