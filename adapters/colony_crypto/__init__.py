"""Certificates, keys and sealed secrets."""
