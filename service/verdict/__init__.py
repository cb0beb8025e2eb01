"""The verdict: the readings of every source, their ages, and the diagnosis."""
