"""The export: weights keep their values within their steps, and foreign models are refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from kb.onnx_export import BLOCK, ExportError, quantise, quantise_blocks, read_shape


def test_rows_stay_within_seven_bits() -> None:
    """Quantised rows keep to -63..63, so that no processor overflows, and half a step from the original."""
    matrix = np.random.default_rng(1).normal(size=(8, 64)).astype(np.float32)
    rows, scales = quantise(matrix)
    assert np.abs(rows).max() == 63
    assert (np.abs(rows * scales[:, None] - matrix) <= scales[:, None] * 0.5001).all()


def test_blocks_have_their_own_scale() -> None:
    """A large value costs only its own block its precision."""
    matrix = np.full((1, 2 * BLOCK), 0.01, np.float32)
    matrix[0, 0] = 100.0
    packed, scales = quantise_blocks(matrix)
    restored = (packed.astype(np.float32) - 128) * scales[..., None]
    assert np.allclose(restored[0, 1], 0.01, rtol=1e-3)
    assert packed.shape == (1, 2, BLOCK)


def test_a_zero_matrix_stays_zero() -> None:
    """No scale is nought, so nothing is divided by it."""
    rows, scales = quantise(np.zeros((2, 4), np.float32))
    assert not rows.any()
    assert (scales > 0).all()


def test_odd_widths_are_refused() -> None:
    """Columns that do not fill their blocks are an error, not silently cut."""
    with pytest.raises(ExportError, match="do not divide"):
        quantise_blocks(np.zeros((2, BLOCK + 1), np.float32))


def test_other_architectures_are_refused(tmp_path: Path) -> None:
    """Only what this module can build is built."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mpnet", "hidden_act": "gelu"}))
    with pytest.raises(ExportError, match="mpnet"):
        read_shape(tmp_path)
