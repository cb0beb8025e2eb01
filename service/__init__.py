"""The service that runs in the cloud: the commands api, worker, migrate, check and alerts."""
