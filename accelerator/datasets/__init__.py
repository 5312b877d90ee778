"""Labelled images: the digits that come with scikit-learn, and files that a user has."""

from accelerator.datasets.errors import DatasetError
from accelerator.datasets.loading import DATASETS, PARTS, Dataset, load_dataset

__all__ = ["DATASETS", "PARTS", "Dataset", "DatasetError", "load_dataset"]
