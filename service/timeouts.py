"""Time limits of all drivers, in seconds."""

CONNECT_TIMEOUT_S = 3.0  # below every deadline, so that there is time for a retry
ANSWER_TIMEOUT_S = 5.0  # of one request to any store
