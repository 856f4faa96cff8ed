"""What explainers, simulators and scorers have in common: a name, a version and settings. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from explanations.methods.requests import Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a method with their defaults; each method has a subclass of its own."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Return a stored configuration as settings; what it leaves out has its default.

        What is no field is left to others, such as the name of the language model.
        """
        names = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in config.items() if name in names})


@dataclass(frozen=True, kw_only=True)
class BuiltInMethod:
    """A registered method.

    Raise `version` whenever the same settings would give other results, a reworded prompt included:
    stored methods keep their version, so old results stay apart. `choices` are the values of
    settings that have only a few. A setting in `optional` is stored only where it differs from its
    default, so that methods stored before there was such a setting stay the same.
    """

    name: str
    version: int
    settings: type[Settings] = Settings
    needs: frozenset[Need] = frozenset()
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()

    @property
    def default_config(self) -> dict[str, Any]:
        """Return every setting with its default."""
        return asdict(self.settings())
