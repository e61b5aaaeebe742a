"""Numbers that others published, each with where it stands. Nothing here was measured by us."""

from __future__ import annotations

from dataclasses import dataclass

POSTER = (
    "Hossain, Mahmud, Rahman, Interpretable Human Action Recognition: A CNN-GRU Approach with"
    " Grad-CAM Insights, 4th MusIML workshop at ICML 2025"
)


@dataclass(frozen=True)
class Scores:
    """Accuracy and macro averages, 0 to 1, as the poster rounds them."""

    accuracy: float
    precision: float
    recall: float
    f1: float


# The poster's first table: ten classes of UCF101; how clips were split is not said.
POSTER_SCORES = {
    "CNN-GRU": Scores(0.97, 0.97, 0.97, 0.96),
    "Xception": Scores(0.94, 0.95, 0.94, 0.94),
    "DenseNet121": Scores(0.92, 0.95, 0.92, 0.93),
    "InceptionV3": Scores(0.90, 0.91, 0.90, 0.89),
    "MobileNet": Scores(0.88, 0.91, 0.88, 0.88),
    "ResNet50": Scores(0.33, 0.30, 0.33, 0.24),
    "VGG16": Scores(0.07, 0.01, 0.07, 0.01),
    "VGG19": Scores(0.07, 0.00, 0.07, 0.01),
}


@dataclass(frozen=True)
class Quoted:
    """A method of the poster's second table.

    Attributes:
        name: As the poster calls it.
        accuracy: On all 101 classes of UCF101, in per cent, as its authors state it; None where
            their statement was not at hand, and a number from memory is none.
        source: Their paper.
        row: The row of ours that is of its kind, if one is.
    """

    name: str
    accuracy: float | None
    source: str
    row: str | None = None


QUOTED = (
    Quoted("A2-Net", None, "Chen et al., A^2-Nets: Double Attention Networks, NeurIPS 2018"),
    Quoted(
        "I3D-LSTM",
        None,
        "Wang et al., I3D-LSTM: A New Model for Human Action Recognition, IOP Conf. Ser. 2019",
    ),
    Quoted(
        "TS-LSTM", 94.1, "Ma et al., TS-LSTM and Temporal-Inception, arXiv:1703.10667, abstract"
    ),
    Quoted(
        "Two-stream + LSTM",
        88.6,
        "Ng et al., Beyond Short Snippets, CVPR 2015 (arXiv:1503.08909), abstract",
        "Two-stream+LSTM",
    ),
    Quoted(
        "HalluciNet",
        79.83,
        "Parmar, Morris, HalluciNet-ing Spatiotemporal Representations Using a 2D-CNN,"
        " arXiv:1912.04430, as Papers with Code lists it",
    ),
)
