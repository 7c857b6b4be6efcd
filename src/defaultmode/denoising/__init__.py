"""Denoising: what is removed from a recording before it is measured, with presets as data.

A **Preset** names the confounds to remove and the limits of censoring; **Choices** hold the band
and the minima; `denoise` applies both to a Recording, `denoise_all` several presets that share
their steps; `presets_for` says which presets it can bear.
"""

from defaultmode.denoising.applicable import presets_for
from defaultmode.denoising.choices import Choices
from defaultmode.denoising.denoise import denoise, denoise_all
from defaultmode.denoising.presets import Preset, all_presets

__all__ = ["Choices", "Preset", "all_presets", "denoise", "denoise_all", "presets_for"]
