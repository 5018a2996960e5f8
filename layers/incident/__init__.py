"""Incidents: how one comes in, where it lies, who should have it, until when."""
