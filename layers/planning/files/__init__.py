"""Plans and files: a draft from a file of QGIS or CAD, a plan as GeoPackage, a plan on one sheet of paper."""
