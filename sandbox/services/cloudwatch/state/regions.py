"""The long names of Regions, from botocore's tables, as alarm messages have them (CW-48)."""

from functools import lru_cache

from botocore.session import get_session


@lru_cache
def region_name(region: str) -> str:
    """`US East (N. Virginia)`; the Region's code where botocore's tables have no name."""
    endpoints = get_session().get_component("data_loader").load_data("endpoints")
    for partition in endpoints["partitions"]:
        if found := partition["regions"].get(region):
            return str(found["description"]).replace("Europe (", "EU (")  # CW-50
    return region
