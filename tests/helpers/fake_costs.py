"""Made-up costs of two models, and a published table of them."""

from reports.paper.transcription import Paper
from tpr.cost.conventions import PRODUCTS

TABLE = {
    "1f": {
        "title": "Computation",
        "rows": {
            "base": {"label": "B", "run": "b", "AP": 30.0, "GFLOPs_avg": 10.0, "params": 4.0},
            "tpr": {
                "label": "+T",
                "run": "b+t",
                "to": "base",
                "AP": 31.0,
                "added_GFLOPs_avg": 3.0,
                "added_params": 2.0,
            },
        },
    }
}
PAPER = Paper(TABLE, {}, [])
BASE = {
    "params": {"backbone": 4_000_000},
    "macs": {"backbone": {PRODUCTS: 10_000_000_000}, "basis": {PRODUCTS: 1_000_000_000}},
    "dead": ["basis"],
    "gated": {},
    "gates": {},
    "gated_norm": 0,
}
ROUTED = {
    "params": BASE["params"] | {"temporal module.a": 2_500_000},
    "macs": BASE["macs"] | {"temporal module.a": {PRODUCTS: 5_000_000_000}},
    "dead": ["basis"],
    "gated": {"p3": 3_000_000_000, "p4": 1_000_000_000},
    "gates": {"inner": 4_000_000_000},
    "gated_norm": 0,
}
COSTS = {"b": BASE, "b+t": ROUTED}
