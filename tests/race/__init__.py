"""The shipper beside everybody else who can bring the same files to the same server: `make race`."""
