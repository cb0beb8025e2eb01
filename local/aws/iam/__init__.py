"""IAM and STS: who signed a request, and what its policies allow."""
