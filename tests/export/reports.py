"""What `training explain` and `training reject` print, for the tests of what takes it."""

EXPLANATIONS = {
    "kind": "explanations",
    "protocol": "group-wise",
    "windows": 10,
    "looked_at": 19,
    "maps": {
        "grad-cam": {"deletion": 0.43, "insertion": 0.62},
        "random": {"deletion": 0.53, "insertion": 0.53},
        "centre": {"deletion": 0.42, "insertion": 0.6},
    },
    "better_than": {
        "random": {"deletion": 0.9, "insertion": 0.8},
        "centre": {"deletion": 0.4, "insertion": 0.7},
    },
    "randomised": {"head": 0.11, "all": 0.02},
    "second_class": -0.05,
    "seconds": 15.3,
    "provider": "cpu",
}
# With HiResCAM, too.
BOTH = {
    **EXPLANATIONS,
    "maps": {**EXPLANATIONS["maps"], "hires-cam": {"deletion": 0.31, "insertion": 0.72}},
    "hires-cam": {
        "better_than": {
            "random": {"deletion": 1.0, "insertion": 0.95},
            "centre": {"deletion": 0.65, "insertion": 0.75},
        },
        "randomised": {"head": 0.07, "all": 0.01},
        "second_class": 0.33,
    },
}
REJECTION = {
    "kind": "rejection",
    "protocol": "group-wise",
    "threshold": 0.4,  # that of `tests.export.conftest`
    "idle": {"windows": 400, "named": 100},
    "others": None,
    "kept": {"windows": 200, "kept": 190},
    "seconds": 3.0,
    "provider": "cpu",
}
