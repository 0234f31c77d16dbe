"""Management controllers of real machines: IPMI and Redfish."""
