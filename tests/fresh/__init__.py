"""A stranger's machine: a bare Debian in which the README's commands are run word by word (`make fresh`)."""
