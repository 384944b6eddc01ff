"""A parser for Dockerfiles: stages, instructions, and the settings of the image. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from ecr_fargate_constructs._rules.dockerfile_variables import expanded, platform_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FROM = re.compile(r"(?:--platform=(?P<platform>\S+)\s+)?(?P<image>\S+)(?:\s+AS\s+(?P<name>\S+))?", re.IGNORECASE)
_ARGUMENT = re.compile(r"(?:^|(?<=\s))(?P<name>\w+)(?:=(?P<value>\"[^\"]*\"|'[^']*'|\S*))?(?=\s|$)")
_HEREDOC = re.compile(r"(?:^|\s)\d*<<-?(?P<quote>[\"']?)(?P<end>[^\s<\"']+)(?P=quote)(?=\s|$)")
"""Only at the beginning of a word, as in BuildKit: ``$((1<<2))`` is not a here-document."""

_ESCAPE = re.compile(
    r"(?:[ \t]*#[ \t]*\w+[ \t]*=[^\n]*\n)*?[ \t]*#[ \t]*escape[ \t]*=[ \t]*(?P<sign>[`\\])", re.IGNORECASE
)
_FLAG = re.compile(r"--(?P<name>[\w-]+)(?:=(?P<value>\S*))?\s*")
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_MOST_PORTS = 2**17  # twice as many as exist, in case a Dockerfile repeats ranges endlessly
_ASSIGNMENT = re.compile(r"(?P<name>\w+)=(?P<value>\"[^\"]*\"|'[^']*'|\S*)")


INSTRUCTIONS = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip
"""All instructions. Source: Docker's "Dockerfile reference"."""


class Instruction(NamedTuple):
    """An instruction.

    Attributes:
        name: Its name in upper case.
        value: The text after the name, with its lines joined.
        line: Number of its first line.
    """

    name: str
    value: str
    line: int

    @property
    def words(self) -> tuple[str, ...] | None:
        """The words of a CMD or ENTRYPOINT in exec form; None for the shell form."""
        if not self.value.startswith("["):
            return None
        try:
            words = json.loads(self.value)
        except (ValueError, RecursionError):
            return None
        return tuple(map(str, words)) if isinstance(words, list) else None

    @property
    def assignments(self) -> tuple[tuple[str, str], ...]:
        """The names and values of an ENV."""
        first, *rest = self.value.split(None, 1)
        pairs = _ASSIGNMENT.findall(self.value) if "=" in first else [(first, "".join(rest))]
        return tuple((name, value.strip().strip("\"'")) for name, value in pairs)

    @property
    def sources(self) -> tuple[str, ...]:
        """The stages and images that a COPY or RUN reads from; builders replace no variables there."""
        names, flag = [], _FLAG.match(self.value)
        while flag is not None:
            value = flag["value"] or ""
            if (self.name, flag["name"]) == ("COPY", "from"):
                names.append(value)
            elif (self.name, flag["name"]) == ("RUN", "mount"):
                names += [part.removeprefix("from=") for part in value.split(",") if part.startswith("from=")]
            flag = _FLAG.match(self.value, flag.end())
        return tuple(name for name in names if "$" not in name)

    @property
    def text(self) -> str:
        """The command as one line, in either form."""
        return " ".join(self.words) if self.words is not None else self.value


class Stage(NamedTuple):
    """A stage of the build.

    Attributes:
        source: Its FROM.
        image: Its base image, with arguments filled in.
        written: Its base image as the FROM writes it.
        name: Its name in lower case; empty if it has none.
        platform: The platform that its FROM pins, such as ``linux/arm64``; None if it pins none, or names a variable
            of BuildKit, whose value differs from build to build.
        instructions: The instructions after its FROM.
    """

    source: Instruction
    image: str
    written: str
    name: str
    platform: str | None
    instructions: tuple[Instruction, ...] = ()


@dataclass(frozen=True)
class ImageSettings:
    """The settings in a Dockerfile that containers inherit; those of its base image are unknown.

    Attributes:
        user: User (and group) that it runs as; None if the Dockerfile does not set it, or sets it by a variable.
        volumes: Directories whose owner and mode apply to a volume that is mounted there.
        ports: TCP ports that it exposes; empty if the Dockerfile does not set them, or sets them by a variable.
    """

    user: str | None = None
    volumes: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


class Dockerfile(NamedTuple):
    """A Dockerfile.

    Attributes:
        stages: Its stages, in order.
    """

    stages: tuple[Stage, ...]
    before: Instruction | None = None
    """The first instruction before FROM other than ARG, if there is one: no builder accepts it."""

    @classmethod
    def parse(cls, text: str, arguments: Mapping[str, str], platform: str | None = None) -> Dockerfile:
        """Parse a Dockerfile.

        Args:
            text: The Dockerfile.
            arguments: The given build arguments.
            platform: The platform to build for, such as ``linux/arm64``; default, x86-64.
        """
        given = platform_variables(platform)
        values = {**given, **{name: arguments[name] for name in given if name in arguments}}
        stages: list[Stage] = []
        inside: list[list[Instruction]] = []
        before: Instruction | None = None
        for instruction in _instructions(text):
            if instruction.name == "ARG" and not stages:
                for argument in _ARGUMENT.finditer(instruction.value):
                    name = argument["name"]
                    if name in arguments:
                        values[name] = arguments[name]
                    elif argument["value"] is not None:
                        values[name] = expanded(argument["value"].strip("\"'"), values)
                    else:
                        values.setdefault(name, "")
            elif instruction.name == "FROM":
                source = _FROM.match(instruction.value)
                if source is not None:
                    written, pin = source["image"].strip("\"'"), source["platform"] or ""
                    image = expanded(written, values)
                    # FROM --platform=$BUILDPLATFORM pins nothing: it depends on where the build runs.
                    pinned = None if any(each in pin for each in given) else expanded(pin, values) or None
                    stages.append(Stage(instruction, image, written, (source["name"] or "").lower(), pinned))
                    inside.append([])
            elif stages:
                inside[-1].append(instruction)
            else:
                before = before or instruction
        complete = (stage._replace(instructions=tuple(each)) for stage, each in zip(stages, inside, strict=True))
        return cls(tuple(complete), before)

    @property
    def images(self) -> dict[str, str]:
        """The images that a build reads, base images and those of ``COPY --from``, by the names that the file writes.

        Without its own stages and ``scratch``.
        """
        images: dict[str, str] = {}
        own = {"scratch", ""}
        for stage in self.stages:
            if stage.image.lower() not in own:
                images[stage.written] = stage.image
            read = (name for instruction in stage.instructions for name in instruction.sources)
            images.update({name: name for name in read if name.lower() not in own and not name.isdecimal()})
            own.add(stage.name)
        return images

    def chain(self, target: str | None = None) -> tuple[Stage, ...]:
        """Return the stages that the image of ``target`` (default, the last stage) consists of, its base first."""
        if not self.stages:
            return ()
        name = (target or "").lower()
        matches = [index for index, stage in enumerate(self.stages) if name in {stage.name, str(index)}]
        current = matches[-1] if target and matches else len(self.stages) - 1
        chain: list[Stage] = []
        while True:
            stage = self.stages[current]
            chain.insert(0, stage)
            below = [index for index in range(current) if self.stages[index].name == stage.image.lower()]
            if not below or not stage.image:
                return tuple(chain)
            current = below[-1]

    def last(self, name: str, target: str | None = None) -> Instruction | None:
        """Return the effective instruction of this name for an image; None if its own stages have none."""
        instructions = [each for stage in self.chain(target) for each in stage.instructions if each.name == name]
        return instructions[-1] if instructions else None

    def ports(self, target: str | None = None) -> tuple[int, ...]:
        """Return the TCP ports that an image exposes, except those set by a variable."""
        values = [each.value for stage in self.chain(target) for each in stage.instructions if each.name == "EXPOSE"]
        words = [word.lower().removesuffix("/tcp") for value in values for word in value.split()]
        ranges = [match for word in dict.fromkeys(words) if (match := _PORTS.fullmatch(word)) is not None]
        ports = (port for each in ranges for port in range(int(each[1]), int(each[2] or each[1]) + 1))
        return tuple(dict.fromkeys(islice(ports, _MOST_PORTS)))

    def settings(self, target: str | None = None) -> ImageSettings:
        """Return the image's settings for its containers."""
        user = self.last("USER", target)
        volumes = [each for stage in self.chain(target) for each in stage.instructions if each.name == "VOLUME"]
        paths = [path for each in volumes for path in each.words or each.value.split()]
        exposed = [each for stage in self.chain(target) for each in stage.instructions if each.name == "EXPOSE"]
        return ImageSettings(
            user=user.value if user is not None and "$" not in user.value else None,
            volumes=tuple(path.strip("\"'") for path in paths),
            ports=() if any("$" in each.value for each in exposed) else self.ports(target),
        )

    def environment(self, target: str | None = None) -> dict[str, str]:
        """Return the variables that an image sets."""
        variables: dict[str, str] = {}
        for stage in self.chain(target):
            for each in stage.instructions:
                if each.name == "ENV":
                    variables.update(each.assignments)
        return variables


def _instructions(text: str) -> Iterator[Instruction]:
    text = text.removeprefix("\ufeff")  # a byte-order mark, which builders skip
    directive = _ESCAPE.match(text)
    sign = "\\" if directive is None else directive["sign"]
    lines = [line.strip() for line in text.split("\n")]
    place = 0
    while place < len(lines):
        first, joined = place, lines[place]
        place += 1
        if not joined or joined.startswith("#"):
            continue
        while joined.endswith(sign):
            joined = joined[:-1].rstrip()
            while place < len(lines) and (not lines[place] or lines[place].startswith("#")):
                place += 1  # comments and blank lines do not end an instruction
            if place < len(lines):
                joined = f"{joined} {lines[place]}"
                place += 1
        name, *rest = joined.split(None, 1)
        value = "".join(rest)
        if name.upper() in {"RUN", "COPY", "ADD"}:
            for heredoc in _HEREDOC.finditer(value):
                if heredoc["end"] in lines[place:]:  # otherwise it only looks like a here-document
                    place = lines.index(heredoc["end"], place) + 1
        yield Instruction(name.upper(), value, first + 1)
