"""The API process: endpoints, live push, metrics, the page and its generated client."""
