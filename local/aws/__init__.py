"""A stand-in for AWS on one machine that refuses what AWS would refuse.

Roles Anywhere, Secrets Manager, STS and IAM behind one HTTPS port: signatures, certificates,
policies and quotas are really checked. `environment` says how a client reaches it, `process` runs
it, `control` disturbs it.
"""
