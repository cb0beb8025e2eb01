"""What people and programs ask: endpoints, live push, metrics, the page and its client."""
