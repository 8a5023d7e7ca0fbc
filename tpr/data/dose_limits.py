"""Doses that videos can be rendered at, apart from the code that renders them."""

# of a dose of each factor, the least and the most
DOSES: dict[str, tuple[float, float]] = {
    "speed": (0, 4),
    "scale": (1, 4),
    "overlap": (0, 1),
    "occlusion": (0, 4),
    "degradation": (0, 4),
    "distance": (0.1, 4),
}
