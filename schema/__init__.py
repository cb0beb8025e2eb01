"""The shared types: tables, stored documents, responses and the freshness rule."""
