"""A request and its reply as they go over the wire, for every service of the stand-in."""
