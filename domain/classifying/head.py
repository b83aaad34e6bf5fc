"""The trained head: two linear layers over a text's embedding and features, one for the task, one for the difficulty."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHIPPED: Final = Path(__file__).with_name("weights.npz")


@dataclass(frozen=True, slots=True)
class Head:
    """Weights over inputs of n numbers that are first brought to mean 0 and deviation 1.

    `mean`, `scale`: (n,); `task_weights`: (n, tasks), `task_bias`: (tasks,); `difficulty_weights`: (n,), `difficulty_bias`: ().
    `names` are the tasks in the order of the weights, then the features in theirs, so that a change of either is noticed.
    """

    mean: "Floats"
    scale: "Floats"
    task_weights: "Floats"
    task_bias: "Floats"
    difficulty_weights: "Floats"
    difficulty_bias: "Floats"
    tasks: tuple[str, ...]
    features: tuple[str, ...]

    @classmethod
    def read(cls, path: Path = SHIPPED) -> "Head":
        """Read the weights. Raises OSError where the file cannot be read, KeyError where it holds something else."""
        import numpy as np

        with np.load(path, allow_pickle=False) as stored:
            arrays = {
                name: stored[name].astype(np.float64)
                for name in ("mean", "scale", "task_weights", "task_bias", "difficulty_weights", "difficulty_bias")
            }
            return cls(
                **arrays,
                tasks=tuple(str(name) for name in stored["tasks"]),
                features=tuple(str(name) for name in stored["features"]),
            )

    def write(self, path: Path = SHIPPED) -> None:
        """Store the weights as 32-bit floats (about 20 kB)."""
        import numpy as np

        np.savez_compressed(
            path,
            mean=self.mean.astype(np.float32),
            scale=self.scale.astype(np.float32),
            task_weights=self.task_weights.astype(np.float32),
            task_bias=self.task_bias.astype(np.float32),
            difficulty_weights=self.difficulty_weights.astype(np.float32),
            difficulty_bias=self.difficulty_bias.astype(np.float32),
            tasks=np.array(self.tasks),
            features=np.array(self.features),
        )

    def probabilities(self, inputs: "Floats") -> "Floats":
        """How likely each task is; (rows, n) to (rows, tasks)."""
        import numpy as np

        scores = self._standard(inputs) @ self.task_weights + self.task_bias
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: Floats = raised / raised.sum(axis=1, keepdims=True)
        return shares

    def difficulties(self, inputs: "Floats") -> "Floats":
        """How hard each row is, from 0 to 1; (rows, n) to (rows,)."""
        import numpy as np

        raw = self._standard(inputs) @ self.difficulty_weights + self.difficulty_bias
        bounded: Floats = np.clip(raw, 0.0, 1.0)
        return bounded

    def _standard(self, inputs: "Floats") -> "Floats":
        standard: Floats = (inputs - self.mean) / self.scale
        return standard
