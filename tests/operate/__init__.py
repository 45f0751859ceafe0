"""What people operate it with: deploy/ and the commands for people, on real servers."""
