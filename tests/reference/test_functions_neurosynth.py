"""The places of five functions beside 14,371 published studies."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.spatial import cKDTree

from defaultmode.measures.five_functions import node_sets
from given import shared

NEAR_MM, ABOUT = 10.0, 0.1  # a peak is at a place; a study is about a topic by this share of it
MENTALISING, MEMORY, IMAGERY = 8, 33, 41  # of the fifty topics of Neurosynth's abstracts
EXPECTED = {
    "self_reflection": {MENTALISING},
    "autobiographical_memory": {MEMORY, IMAGERY},
    "prospection": {MEMORY, IMAGERY},
    "theory_of_mind": {MENTALISING},
    "moral_judgement": {MENTALISING},
}


@pytest.fixture(scope="module")
def studies():
    """Tree of the peaks of studies in MNI space, the study of each, and topics (n_studies, 50)."""
    base = str(shared("data/neurosynth") / "data-neurosynth_version-7_")
    about = pd.read_csv(f"{base}metadata.tsv.gz", sep="\t", usecols=["id", "space"])
    topics = sp.load_npz(f"{base}vocab-LDA50_source-abstract_type-weight_features.npz").toarray()
    peaks = pd.read_csv(f"{base}coordinates.tsv.gz", sep="\t", usecols=["id", "x", "y", "z"])
    kept = about["space"] == "MNI"
    row = pd.Series(np.arange(kept.sum()), index=about["id"][kept])
    peaks = peaks[peaks["id"].isin(row.index)]
    return cKDTree(peaks[["x", "y", "z"]]), row[peaks["id"]].to_numpy(), topics[kept]


@pytest.mark.parametrize("name", EXPECTED)
def test_studies_of_a_function_report_its_places_most_often(studies, name):
    """How much likelier a study is to report a place if it is about a topic, mean over places.

    Moral judgement is told by the topic of mentalising; the topic that names morals comes later.
    """
    tree, study, topics = studies
    likelier = np.zeros(topics.shape[1])
    foci = node_sets()[name].foci_mm
    for focus in foci:
        reported = np.zeros(len(topics), dtype=bool)
        reported[study[tree.query_ball_point(focus, NEAR_MM)]] = True
        for topic, share in enumerate(topics.T):
            about = share > ABOUT
            likelier[topic] += reported[about].mean() / reported[~about].mean() / len(foci)
    first = set(np.argsort(likelier)[::-1][: len(EXPECTED[name])].tolist())
    assert first == EXPECTED[name]
    assert min(likelier[list(first)]) > 1.9
