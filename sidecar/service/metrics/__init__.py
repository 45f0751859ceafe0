"""What the shipper says of itself and of the speech, for Prometheus, the log and people."""
