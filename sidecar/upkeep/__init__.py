"""What people run to keep folders and tables consistent: backfill, verify, replay, rebuild, prune, forget and more.

Each works beside a running shipper: what they write is event files, or the same idempotent upserts.
"""
