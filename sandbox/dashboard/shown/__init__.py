"""What the page shows, as frozen values made from the observed state. Pure."""
