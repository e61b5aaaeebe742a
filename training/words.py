"""The words of Fisher vectors: what places that move look like, learned without labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from training.config import Config, Fisher
from training.data.bank import Bank
from training.data.batches import training_views
from training.data.index import Clip
from training.fisher import WordWeights

# Of all places this share is too still to learn words from.
STILL = 0.6
PLACES = 60  # of each view of each clip
EXAMPLES = 50_000  # that the words are fitted to; the axes see all
ROUNDS = 50  # of expectation-maximisation
LEAST_VARIANCE = 1e-4


def learn_words(config: Config, bank: Bank, clips: Sequence[Clip]) -> WordWeights:
    """Principal axes of the descriptors, and a mixture of Gaussians along them.

    Args:
        config: Of a network of Fisher vectors.
        bank: Holds the descriptors and energies of the clips.
        clips: To learn from.
    """
    network = config.network
    assert isinstance(network, Fisher)  # noqa: S101 - for the type checker
    rng = np.random.default_rng(config.seed)
    views = [(clip, view) for clip in clips for view in training_views(config, clip)]
    tapes = [bank.load(*view).features for view in views]
    still = np.concatenate([np.ravel(energy)[::20] for _, energy in tapes])
    limit = np.quantile(still.astype(np.float32), STILL)
    chosen = []
    for descriptors, energy in tapes:
        moving = np.flatnonzero(np.ravel(energy) > limit)
        some = np.sort(rng.permutation(moving)[:PLACES])
        chosen.append(descriptors.reshape(-1, descriptors.shape[-1])[some].astype(np.float32))
    examples = np.concatenate(chosen)
    axes = PCA(network.axes, random_state=config.seed).fit(examples)
    along = axes.transform(examples)[rng.permutation(len(examples))[:EXAMPLES]]
    mixture = GaussianMixture(
        network.words,
        covariance_type="diag",
        max_iter=ROUNDS,
        reg_covar=LEAST_VARIANCE,
        random_state=config.seed,
    ).fit(along)
    found = (
        axes.mean_,
        axes.components_.T,
        mixture.means_,
        np.sqrt(mixture.covariances_),
        mixture.weights_,
        limit,
    )
    return WordWeights(*(np.asarray(values, np.float32) for values in found))
