"""A seeded studio of clips, some of them spoiled, and how many of those the doubts find."""
