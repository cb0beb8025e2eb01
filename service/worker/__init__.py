"""What stamps: one cycle after the other, each stamp to all sources at once."""
