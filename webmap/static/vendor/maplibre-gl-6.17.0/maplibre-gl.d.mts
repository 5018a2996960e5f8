// Types of the vendored file, for the check only: the package of the same version in package.json.
export * from "maplibre-gl";
