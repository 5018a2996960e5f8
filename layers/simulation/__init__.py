"""A believable day of a demo town: reports as its own year has them, worked on by its own accounts through the services."""
