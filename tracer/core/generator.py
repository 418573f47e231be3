"""Generator: where random numbers come from, drawing the same ones as PyTorch's CPU generator.

The engine is the Mersenne Twister in both, seeded the same way, so equal seeds give equal streams of 32-bit numbers.

Source: M. Matsumoto and T. Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998).
"""

from __future__ import annotations

import secrets
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.core.backend import to_device, to_host
from tracer.core.where import user_line
from tracer.errors import ArgumentError, ArgumentTypeError, OptionError, StateError

if TYPE_CHECKING:
    from tracer.core.tensor import Tensor

Words = np.ndarray[Any, np.dtype[np.uint64]]

_N = 624  # words of the engine's state
_DEFAULT_SEED = 67280421310721  # of a Generator nobody seeded; the number is PyTorch's
_HEAD = struct.Struct("<QiiQ")  # seed, words left + 1, whether seeded, next word
_TAIL = struct.Struct("<dddi12x")  # the waiting normal number is the second, and whether there is one the fourth
STATE_BYTES = _HEAD.size + 8 * _N + _TAIL.size


class Generator:
    """A source of random numbers. Equal seeds give equal numbers, here and in PyTorch.

    Args:
        device: numbers are always drawn on the CPU and moved where they are used, so that a seed means the same there.
    """

    def __init__(self, device: Any = "cpu") -> None:
        self.device = to_device(device)
        self._seed: int = _DEFAULT_SEED
        self._engine = np.random.MT19937(0)
        self.waiting_normal: float | None = None
        """The second of a pair of normal numbers, if only the first was asked for."""
        self._reset(_DEFAULT_SEED)

    def manual_seed(self, seed: int) -> Generator:
        """Start over from a seed.

        Args:
            seed: from -2^63 to 2^64 - 1; a negative one counts back from 2^64. The engine sees its lowest 32 bits.
        """
        if not isinstance(seed, int | np.integer):
            raise OptionError(f"manual_seed: got {seed!r}.", hint="A seed is an integer.", where=user_line())
        if not -(2**63) <= seed < 2**64:
            raise ArgumentError(
                f"manual_seed: got {seed}.", hint="A seed lies between -2^63 and 2^64 - 1.", where=user_line()
            )
        self._reset(int(seed) % 2**64)
        return self

    def seed(self) -> int:
        """Start over from a seed nobody can know; returns it, so that it can be written down."""
        self._reset(secrets.randbits(64))
        return self._seed

    def initial_seed(self) -> int:
        """The seed it was last started from."""
        return self._seed

    def words(self, count: int) -> Words:
        """The next `count` 32-bit numbers."""
        if count:
            self._fresh = False
        return np.asarray(self._engine.random_raw(count), np.uint64)

    def long_words(self, count: int) -> Words:
        """The next `count` 64-bit numbers, each of two 32-bit ones, the high half first."""
        pairs = self.words(2 * count)
        return (pairs[0::2] << np.uint64(32)) | pairs[1::2]

    def get_state(self) -> Tensor:
        """`state` as a tensor of bytes."""
        from tracer.core.tensor import Tensor

        made: Tensor = Tensor._wrap(self.state())
        return made

    def set_state(self, new_state: Tensor) -> Generator:
        """Go on from what `get_state` gave, here or in PyTorch.

        Raises:
            ArgumentTypeError: no tensor of bytes.
            StateError: not as many, or not such as a generator writes.
        """
        array = getattr(new_state, "_array", None)
        if array is None or array.dtype != np.uint8:
            raise ArgumentTypeError("set_state: a generator's state is a tensor of uint8.", where=user_line())
        self.restore(to_host(array))
        return self

    def state(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Everything that decides which numbers come next, in the bytes PyTorch writes."""
        engine = self._engine.state["state"]
        position = int(engine["pos"])
        head = _HEAD.pack(self._seed, _N - position + 1, 1, 0 if self._fresh else position)
        waiting = self.waiting_normal
        tail = _TAIL.pack(0.0, 0.0 if waiting is None else waiting, 0.0, waiting is not None)
        return np.frombuffer(head + engine["key"].astype("<u8").tobytes() + tail, np.uint8).copy()

    def restore(self, state: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
        """Go on from what `state` gave, here or in PyTorch.

        Raises:
            StateError: not such bytes.
        """
        if state.shape != (STATE_BYTES,):
            raise StateError(
                f"set_state: got bytes of shape {state.shape}.",
                hint=f"A generator's state is {STATE_BYTES} bytes, as get_state gives them.",
                where=user_line(),
            )
        data = state.tobytes()
        self._seed, left, _, following = _HEAD.unpack_from(data)
        key = np.frombuffer(data, "<u8", _N, _HEAD.size).astype(np.uint32)
        _, waiting, _, valid = _TAIL.unpack_from(data, STATE_BYTES - _TAIL.size)
        if not 1 <= left <= _N:
            raise StateError("set_state: these bytes are no generator's state.", where=user_line())
        self._set(key, _N - left + 1)
        self._fresh = following == 0
        self.waiting_normal = waiting if valid else None

    def _reset(self, seed: int) -> None:
        self._seed = seed
        word = seed & 0xFFFFFFFF
        key = np.empty(_N, np.uint32)
        for place in range(_N):  # Knuth's generator, as in the authors' init_genrand
            key[place] = word
            word = (1812433253 * (word ^ (word >> 30)) + place + 1) & 0xFFFFFFFF
        self._set(key, _N)
        self._fresh = True
        self.waiting_normal = None

    def _set(self, key: np.ndarray[Any, Any], position: int) -> None:
        self._engine.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": position}}


default_generator = Generator()
"""What `rand`, `randn` and the others draw from when no generator is given; unseeded, it differs each run."""
default_generator.seed()
