"""A learner's function, run so that nothing it does can harm the check.

It works on copies, may not call what it is to build, is stopped when it
runs too long, and leaves switches and random states as they were.
"""

import contextlib
import copy
import ctypes
import dis
import inspect
import linecache
import pkgutil
import random as python_random
import signal
import sys
import threading
import traceback

import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from helpers.checks._values import Misconception, compare, one_line

# Every way to a gradient by autograd leads through one of these two.
AUTOGRAD = (
    "torch.autograd.graph._engine_run_backward",
    "torch.autograd.forward_ad.make_dual",
)
# The operations behind every spelling of the softmax.
SOFTMAX = ("aten::_softmax", "aten::_log_softmax", "scipy.special.softmax")


class NotDone(Exception):
    """The answer is not written yet; its text says how that shows."""


class LearnersError(Exception):
    """The learner's code raised this error."""


class TooLong(BaseException):
    """The learner's code ran too long; `except Exception` cannot stop it."""


class Guard:
    """The learner's function as the judge calls it."""

    def __init__(self, answer, forbidden, seconds):
        self.answer, self.forbidden = answer, forbidden
        self.seconds = seconds  # for all calls, and what is done with them
        self.alarm = contextlib.ExitStack()  # runs from the first call on
        self.overwritten = None  # the name of an input that it changed
        self.last = None  # what it returned last, for a message

    def __call__(self, *arguments, **options):
        """Call it on copies of the arguments. Returns what it returns.

        Raises LearnersError, NotDone or Misconception.
        """
        if self.seconds:
            self.alarm.enter_context(time_limit(self.seconds))
            self.seconds = None
        given = arguments, options
        copies = copy.deepcopy(given)
        try:
            got = self._call(*copies)
        except LearnersError as error:
            if not _types_differ(error.__cause__):
                raise
            # One who makes float32 tensors beside ours of float64.
            given = _to_float32(given)
            copies = copy.deepcopy(given)
            got = self._call(*copies)
        if self.overwritten is None:
            self._notice(copies, given)
        self.last = got
        if got is None or got is NotImplemented or got is ...:
            if not _does_something(self.answer):
                raise NotDone("returns nothing")
            raise Misconception(
                "it returns nothing here, so a way through it ends without "
                f"`return`; {compare(**self._shown(arguments))}"
            )
        return got

    def _call(self, arguments, options):
        watch = _Watch(self.forbidden)
        try:
            with clean_switches(), watch:
                watch.look_at(self.answer)
                got = self.answer(*arguments, **options)
        except (Misconception, KeyboardInterrupt, TooLong):
            raise
        except BaseException as error:  # sys.exit() too
            if watch.used:
                raise Misconception(watch.used) from None
            if _is_placeholder(error):
                raise NotDone("raises NotImplementedError") from None
            raise LearnersError from error
        if watch.used:  # the refusal was caught, and something else returned
            raise Misconception(watch.used)
        return got

    def _notice(self, copies, given):
        names = self._names(given[0])
        pairs = [*zip(names, copies[0], given[0], strict=False)]
        pairs += [(n, copies[1][n], given[1][n]) for n in given[1]]
        for name, now, before in pairs:
            if not _untouched(now, before):
                self.overwritten = name
                return

    def _names(self, arguments):
        try:
            names = list(inspect.signature(self.answer).parameters)
        except (TypeError, ValueError):
            names = []
        return names + ["what it is given"] * len(arguments)

    def _shown(self, arguments):
        return {
            name: value
            for name, value in zip(
                self._names(arguments), arguments, strict=False
            )
            if not callable(value)
        }


def located(error, answer):
    """One line: where the learner's own code stopped, and why."""
    name, message = type(error).__name__, one_line(error, 200, str)
    if message:
        name += f": {message}"
    code = getattr(inspect.unwrap(answer), "__code__", None)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if code and frame.filename == code.co_filename
    ]
    if not frames:
        return f"Your function cannot be called as the exercise asks. {name}."
    line = frames[-1].lineno
    source = linecache.getline(code.co_filename, line).strip()
    quoted = f" ({source})" if source else ""
    return f"Your code stopped at its line {line}{quoted} with {name}."


@contextlib.contextmanager
def clean_switches():
    """Global switches as every check expects them, and back afterwards.

    New tensors are float64, as those are that an answer is given.
    """
    dtype, limit = torch.get_default_dtype(), sys.getrecursionlimit()
    torch.set_default_dtype(torch.float64)
    try:
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            _on_the_cpu(),
            np.errstate(all="ignore"),
        ):
            yield
    finally:
        torch.set_default_dtype(dtype)
        sys.setrecursionlimit(limit)


def _on_the_cpu():
    if torch.get_default_device().type == "cpu":
        return contextlib.nullcontext()  # the other slows every call
    return torch.device("cpu")


@contextlib.contextmanager
def untouched_random_state():
    states = (
        python_random.getstate(),
        np.random.get_state(),
        torch.get_rng_state(),
    )
    try:
        yield
    finally:
        python_random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


@contextlib.contextmanager
def time_limit(seconds):
    """Raise TooLong in the code inside once the seconds are over.

    By the alarm of the operating system where there is one and this is the
    main thread, as in Jupyter; else by a timer, which has ended on leaving.
    """
    main = threading.current_thread() is threading.main_thread()
    alarm = main and hasattr(signal, "setitimer")
    limit = _by_alarm if alarm else _by_timer
    with limit(seconds):
        yield


@contextlib.contextmanager
def _by_alarm(seconds):
    def too_long(_, frame):
        if not _importing(frame):
            raise TooLong

    before = signal.signal(signal.SIGALRM, too_long)
    # Again and again: a bare `except` in an endless loop catches one.
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _by_timer(seconds):
    ended, thread = threading.Event(), threading.get_ident()

    def wait():
        late = ended.wait(seconds)
        while not late:
            if _importing(sys._current_frames().get(thread)):
                late = ended.wait(0.2)
                continue
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread), ctypes.py_object(TooLong)
            )
            late = ended.wait(0.2)

    timer = threading.Thread(target=wait, daemon=True)
    timer.start()
    try:
        yield
    finally:
        ended.set()
        timer.join()


def _importing(frame):
    """Whether a module is half imported, and would stay so if stopped."""
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


class _Watch:
    """Refuses what is forbidden, whatever name it is called by.

    Functions and methods of torch are seen as they are called, operations
    ("aten::_softmax") as they are computed, functions written in Python as
    their code begins to run.
    """

    def __init__(self, forbidden):
        self.used = None
        self.operations = {name for name in forbidden if "::" in name}
        self.codes, self.functions = {}, {}
        for name in set(forbidden) - self.operations:
            function = pkgutil.resolve_name(name)
            self.functions[function] = name
            code = getattr(inspect.unwrap(function), "__code__", None)
            if code:
                self.codes[code] = name
        self.stack = contextlib.ExitStack()

    def refuse(self, name):
        name = name.rpartition("::")[2].lstrip("_")
        name = name.removesuffix(".__init__")
        self.used = f"write it yourself, without `{name}`"
        if name in AUTOGRAD:
            self.used = (
                "write the formula yourself: this exercise is without autograd"
            )
        raise Misconception(self.used)

    def look_at(self, answer):
        """Refuse what is itself forbidden, however it is called."""
        for function, name in self.functions.items():
            if answer is function:
                self.refuse(name)

    def __enter__(self):
        if self.codes:
            self.stack.callback(sys.setprofile, sys.getprofile())
            sys.setprofile(self._calls)
        if self.functions:
            self.stack.enter_context(_Functions(self))
        if self.operations:
            self.stack.enter_context(_Operations(self))

    def __exit__(self, *error):
        self.stack.close()

    def _calls(self, frame, event, _):
        if event == "call" and frame.f_code in self.codes:
            self.refuse(self.codes[frame.f_code])


class _Functions(TorchFunctionMode):
    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in self.watch.functions:
            self.watch.refuse(self.watch.functions[function])
        return function(*args, **(kwargs or {}))


class _Operations(TorchDispatchMode):
    @classmethod
    def _should_skip_dynamo(cls):
        return False  # the compiler plays no part, and takes seconds to load

    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function._schema.name
        if name in self.watch.operations:
            self.watch.refuse(name)
        return function(*args, **(kwargs or {}))


def _untouched(now, before):
    """Whether numbers that were handed out are still what they were.

    Models and optimizers are for changing; tensors, arrays, lists and
    dictionaries belong to the caller.
    """
    if isinstance(before, torch.Tensor) and type(before) is torch.Tensor:
        return (
            isinstance(now, torch.Tensor)
            and now.shape == before.shape
            and torch.equal(
                torch.nan_to_num(now.detach()), torch.nan_to_num(before)
            )
        )
    if isinstance(before, np.ndarray):
        return np.array_equal(now, before)
    if isinstance(before, list | tuple):
        return len(now) == len(before) and all(map(_untouched, now, before))
    if isinstance(before, dict):
        return list(now) == list(before) and all(
            _untouched(now[key], value) for key, value in before.items()
        )
    if isinstance(before, int | float | str):
        return now == before or now != now
    data = getattr(before, "data", None)  # an engine.Tensor
    if isinstance(data, np.ndarray):
        return _untouched(now.data, data)
    return True


def _does_something(answer):
    """Whether a function is more than a stub: it computes or returns."""
    code = getattr(inspect.unwrap(answer), "__code__", None)
    if code is None:
        return True
    work = "CALL", "BINARY", "STORE", "COMPARE", "FOR_ITER", "UNARY"
    return any(
        step.opname.startswith(work)
        or (step.opname.startswith("LOAD_CONST") and step.argval is not None)
        for step in dis.get_instructions(code)
    )


def _types_differ(error):
    """Whether torch refused to mix float32 and float64."""
    text = one_line(error, 500, str)
    return isinstance(error, RuntimeError) and (
        "dtype" in text or "scalar type" in text
    )


def _to_float32(value):
    if isinstance(value, torch.Tensor) and value.dtype == torch.float64:
        return value.detach().float().requires_grad_(value.requires_grad)
    if isinstance(value, list | tuple):
        return type(value)(map(_to_float32, value))
    if isinstance(value, dict):
        return {key: _to_float32(item) for key, item in value.items()}
    return value


def _is_placeholder(error):
    """Whether the answer itself says `raise NotImplementedError`.

    torch raises it too, for types that a function cannot take.
    """
    if not isinstance(error, NotImplementedError):
        return False
    last = traceback.extract_tb(error.__traceback__)[-1]
    return (last.line or "").startswith("raise ")
