"""The worker: one cycle after the other, each writing one stamp to all sources concurrently."""
