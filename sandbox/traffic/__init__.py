"""Client traffic: what users of a service would see, measured at their side. Used by the scenarios through sandbox.client."""
