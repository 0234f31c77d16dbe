"""Settings, plug-ins, logging, assembly: the only place that names adapters."""
