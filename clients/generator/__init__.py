"""Writes the clients from the description of the HTTP interface."""
