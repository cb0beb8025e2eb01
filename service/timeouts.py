"""How long any driver may take, in seconds."""

CONNECT_TIMEOUT_S = 3.0  # below every deadline, so that a retry still fits
ANSWER_TIMEOUT_S = 5.0  # of one request to any store
