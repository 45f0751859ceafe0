"""Events on disk: published atomically, under a name of their own, whatever happens to the process."""
