"""What people do to keep the folders and the tables true to each other: backfill, verify, replay, rebuild, prune.

Each works beside a running shipper: what they write is event files, or the same idempotent upserts.
"""
