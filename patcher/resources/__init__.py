"""Descriptions of resources: how the GET response becomes the body of a PUT."""
