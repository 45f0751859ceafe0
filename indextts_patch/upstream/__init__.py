"""What is known of other people's programs, as data: engines, and the hosts that call them."""
