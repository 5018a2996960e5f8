"""Documents: one self-contained HTML file each, drawn with folium; they open without a network."""
