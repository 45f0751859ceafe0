"""What several verbs share: flags, connections, progress, tables on a terminal."""
