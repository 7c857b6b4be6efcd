"""How well a cohort's response is predicted, and by what; never what a named person will do."""

from defaultmode.prediction.calibration import Bin, calibration_bins
from defaultmode.prediction.cohort import Cohort, cohort
from defaultmode.prediction.estimators import find_estimator
from defaultmode.prediction.evaluation import BASE_RATES, CITES, added, evaluate, leading_score
from defaultmode.prediction.learning import Point, learning_curve
from defaultmode.prediction.nested import (
    Model,
    OutOfFold,
    check_not_separated,
    predict_unseen,
    splits_of,
)
from defaultmode.prediction.null import (
    NullReport,
    Trials,
    null_data_sets,
    permutation_p,
    run_trials,
)
from defaultmode.prediction.sample_size import sample_size
from defaultmode.prediction.splits import N_FOLDS, check_comparable, check_enough, leaves_sites_out
from defaultmode.prediction.steps import (
    harmonise,
    impute_median,
    only,
    regress_confounds,
    select_best,
    standardise,
)
from defaultmode.prediction.tripod import tripod_rows
from defaultmode.prediction.usefulness import Benefit, decision_curve

__all__ = [
    "BASE_RATES",
    "CITES",
    "N_FOLDS",
    "Benefit",
    "Bin",
    "Cohort",
    "Model",
    "NullReport",
    "OutOfFold",
    "Point",
    "Trials",
    "added",
    "calibration_bins",
    "check_comparable",
    "check_enough",
    "check_not_separated",
    "cohort",
    "decision_curve",
    "evaluate",
    "find_estimator",
    "harmonise",
    "impute_median",
    "leading_score",
    "learning_curve",
    "leaves_sites_out",
    "null_data_sets",
    "only",
    "permutation_p",
    "predict_unseen",
    "regress_confounds",
    "run_trials",
    "sample_size",
    "select_best",
    "splits_of",
    "standardise",
    "tripod_rows",
]
