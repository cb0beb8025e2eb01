"""What runs in the cloud: api, worker, migrate and check, one module per source."""
