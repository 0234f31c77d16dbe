"""The doors of the core: what it needs of the world (and what the world may tell it), in the core's own words."""
