"""Efficiency supervision (效能监察): flags proposed by rules and decided by persons; projects with their progress."""
