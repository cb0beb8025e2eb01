"""S3 of the stand-in: buckets and objects, kept by moto."""
