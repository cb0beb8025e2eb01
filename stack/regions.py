"""The data centres of App Platform's regions."""

# App Platform's region, and the data centre in which its VPC and clusters must be, so that traffic
# between them stays private [App Platform's availability page; pairs are the provider's Region
# enum]. Which of New York's data centres serves `nyc` is unproved.
CLUSTER_REGIONS = {
    "ams": "ams3",
    "atl": "atl1",
    "blr": "blr1",
    "fra": "fra1",
    "lon": "lon1",
    "nyc": "nyc3",
    "sfo": "sfo3",
    "sgp": "sgp1",
    "syd": "syd1",
    "tor": "tor1",
}
