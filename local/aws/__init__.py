"""A stand-in for AWS on one machine that refuses what AWS would refuse.

Roles Anywhere, Secrets Manager, STS and IAM behind one HTTPS port: signatures, certificates,
policies and quotas are really checked. A folder for each service it stands in for (`rolesanywhere`,
`secretsmanager`, `iam`, which has STS too), `wire` for what all of them speak, and `control`, which
disturbs it. `environment` says how a client reaches it, `process` runs it, `account` is all of it
behind the port.
"""
