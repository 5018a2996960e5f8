"""Processes of one installation: settings, private database, supervisor, backup."""
