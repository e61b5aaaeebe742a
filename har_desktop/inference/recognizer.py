"""The engine: frames in, recognitions out.

Every frame is encoded once. Its features are remembered by time; the head sees those that lie
nearest to t, t-d, ..., t-9d. The answer equals that of the whole window computed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from time import perf_counter

from har_desktop.frame import Frame, Image
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.encoders import Features
from har_desktop.inference.history import History, Moment
from har_desktop.inference.letterbox import as_seen
from har_desktop.inference.manifest import Manifest
from har_desktop.inference.model import TOP, Answer, Model, softmax
from har_desktop.inference.movement import movement, sketch
from har_desktop.inference.recognition import Recognition, Timings, Window
from har_desktop.inference.session import Provider, ProviderReport


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What is seen of a frame, perhaps not yet, and the window that ends with it.

    Attributes:
        frame: The frame.
        previous: The times of the pictures before that motion is told by, the last one first.
        features: What the encoders make of it; None where no picture lies before it that its motion
            is told by.
        moments: The filled places of the window, oldest first.
        preparing: Seconds that it took to scale the frame and to find those before it.
        remembering: Seconds that it took to remember it and to find the window's places.
    """

    frame: Frame
    previous: tuple[float, ...]
    features: Future[Features] | None
    moments: Sequence[Moment]
    preparing: float
    remembering: float


class Recognizer:
    """Recognises what happens in the frames of one source at a time, in one thread at a time.

    With motion, only frames with a picture one interval before them fill the window, so it is
    full after 10 intervals, else after 9 (for a window of ten). While it fills, the head rests.

    Attributes:
        manifest: The bundle's manifest.
        provider: Where the graphs run, and why there.
    """

    def __init__(self, bundle: Bundle, provider: Provider = "auto", explain: int = TOP) -> None:
        """Open the bundle's graphs.

        Args:
            bundle: As loaded.
            provider: Where to run them.
            explain: See `explain`.

        Raises:
            BundleError: A graph is broken, breaks its contract or computes nonsense.
        """
        self.manifest: Manifest = bundle.manifest
        self.explain = explain
        self._model = Model(bundle, provider)
        self.provider: ProviderReport = self._model.provider
        self._history = History(self.manifest.window, self.manifest.input.differences)

    @property
    def explain(self) -> int:
        """Index of the class that the heat-maps explain; -1 for the most probable one."""
        return self._explain

    @explain.setter
    def explain(self, index: int) -> None:
        if not TOP <= index < len(self.manifest.classes):
            raise ValueError(f"there is no class {index} among {len(self.manifest.classes)}")
        self._explain = index

    def clear(self) -> None:
        """Forget all frames, and any interruption: a new source begins."""
        self._history.clear()
        self._model.resume()

    def interrupt(self) -> None:
        """Let calls fail with a GraphError until `clear`; one that runs, as soon as it can.

        Any thread may ask.
        """
        self._model.interrupt()

    def push(self, frame: Frame) -> Recognition:
        """Recognise what is going on at the time of this frame.

        A frame whose time is not later than that of the frame before (a seek), that comes after
        a gap or that has another size starts anew.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        return self.answer(self._look(frame, self._encode))

    def look(self, frame: Frame) -> Look:
        """The first half of `push`, but that it does not wait for the encoders.

        So the next frames may be looked at before this one is answered, in order. Before `push`,
        `clear` and what recognises given pictures, all of them are to be done. Where an encoder
        fails, all windows that the frame is part of do, until `clear`.
        """
        return self._look(frame, self._model.begin)

    def _look(
        self, frame: Frame, encode: Callable[[Image, Sequence[Image]], Future[Features]]
    ) -> Look:
        began = perf_counter()
        picture = self.picture(frame)
        self._history.admit(frame.time, frame.size)
        self._history.see(frame.time, picture)
        motion = self.manifest.input.motion
        past = self._history.previous(frame.time) if motion else []
        prepared = perf_counter()
        features = None
        if past or not motion:
            features = encode(picture, [one.picture for one in past])
        encoded = perf_counter()
        if features is not None:
            self._history.add(frame.time, picture, features)
        moments = self._history.window(frame.time)
        previous = tuple(one.time for one in past)
        remembering = perf_counter() - encoded
        return Look(frame, previous, features, moments, prepared - began, remembering)

    def see(self, frame: Frame) -> None:
        """Remember a frame that is not looked at: motion may be told by it.

        As of `push`, it may begin anew.
        """
        self._history.admit(frame.time, frame.size)
        if self.manifest.input.motion:
            self._history.see(frame.time, self.picture(frame))

    def answer(self, look: Look) -> Recognition:
        """The second half of `push`.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        encoding = 0.0 if look.features is None else look.features.result().seconds
        began = perf_counter()
        window = None
        if len(look.moments) == self.manifest.window.length:
            window = self.answer_moments(look.moments)
        answering = look.remembering + perf_counter() - began
        timings = Timings(look.preparing, encoding, answering)
        return Recognition(look.frame, len(look.moments), window, timings, look.previous)

    def recognize_window(
        self,
        images: Sequence[Image],
        previous: Sequence[Sequence[Image]] | None,
        times: Sequence[float],
    ) -> Window:
        """Recognise a window of given pictures, whatever their times. Leaves the stream alone.

        Args:
            images: One picture per place, oldest first: (height, width, 3) uint8 **RGB**,
                letterboxed to the encoder's input size.
            previous: For a network with motion, the pictures before each of them as of
                `Model.encode` (the same picture where there is no motion to show). Else they are
                not looked at.
            times: Seconds of each picture, given back in the answer.

        Raises:
            ValueError: There are not as many pictures as places, or as `Model.encode` wants.
            GraphError: ONNX Runtime failed.
        """
        length, seen = self.manifest.window.length, self.manifest.input
        if not seen.motion:
            previous = [()] * length
        if previous is None or {len(images), len(previous), len(times)} != {length}:
            raise ValueError(f"a window takes {length} images, previous ones and times")
        if seen.motion and {len(before) for before in previous} != {seen.differences}:
            raise ValueError(f"each image takes {seen.differences} previous ones")
        # A picture that stands in several places is held there, and nothing moves in between.
        sketches = {id(image): sketch(image) for image in images}
        return self.answer_moments(
            [
                Moment(time, image, self._encode(image, before), sketches[id(image)])
                for time, image, before in zip(times, images, previous, strict=True)
            ]
        )

    def moment(self, image: Image, previous: Sequence[Image], time: float) -> Moment:
        """A place of windows, to be answered by `answer_moments`; all as of `recognize_window`.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        return Moment(time, image, self._encode(image, previous), sketch(image))

    def recognize_stretch(self, pictures: Sequence[Image], times: Sequence[float]) -> Window:
        """Recognise a window of given pictures that lie `spacing_s` of the manifest apart.

        Args:
            pictures: As many as `pictures` of the manifest says, oldest first, as of
                `recognize_window`. With motion, the first ones only precede the window's.
            times: Seconds of each.

        Raises:
            ValueError: They are not as many.
            GraphError: ONNX Runtime failed.
        """
        if {len(pictures), len(times)} != {self.manifest.pictures}:
            raise ValueError(f"a window takes {self.manifest.pictures} pictures and times")
        if not self.manifest.input.motion:
            return self.recognize_window(pictures, None, times)
        step, pictures = self.manifest.input.differences, list(pictures)
        previous = [
            pictures[start : start + step][::-1] for start in range(0, len(times) - 1, step)
        ]
        return self.recognize_window(pictures[step::step], previous, times[step::step])

    def picture(self, frame: Frame) -> Image:
        """The frame as the encoder sees it, (height, width, 3) uint8 RGB, read-only.

        Any thread may ask.
        """
        room = self.manifest.input.height, self.manifest.input.width
        picture = as_seen(frame.image, room)
        picture.flags.writeable = False  # windows share it
        return picture

    def answer_moments(self, moments: Sequence[Moment]) -> Window:
        """Recognise a window of as many moments as it has places, oldest first.

        Where a picture is held, it is the same moment.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        answer = self._model.answer([one.features.result() for one in moments], self._explain)
        return Window(
            logits=answer.logits,
            probabilities=softmax(answer.logits, self.manifest.calibration.temperature),
            heatmaps=answer.heatmaps,
            images=tuple(moment.picture for moment in moments),
            times=tuple(moment.time for moment in moments),
            explained=answer.explained,
            evident=self._evident(answer, moments),
            hires_heatmaps=answer.hires_heatmaps,
        )

    def _encode(self, picture: Image, previous: Sequence[Image]) -> Future[Features]:
        """Features that are there already.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        features = Future[Features]()
        features.set_result(self._model.encode(picture, previous))
        return features

    def _evident(self, answer: Answer, moments: Sequence[Moment]) -> bool:
        limits = self.manifest.calibration
        if limits.least_movement is not None:
            moved = movement([moment.sketch for moment in moments])
            if moved < limits.least_movement:
                return False
        return limits.least_evidence is None or bool(answer.logits.max() >= limits.least_evidence)
