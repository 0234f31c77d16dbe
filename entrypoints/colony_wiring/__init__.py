"""Settings, plug-in discovery, logging and assembly: the only place that names adapters."""
