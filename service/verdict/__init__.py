"""What is known of every source, how old it is, and what is wrong in one sentence."""
