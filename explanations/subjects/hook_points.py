"""Hook points: names of positions in a model as other tools write them, and their modules.

Names of TransformerLens's kind are read family by family (`blocks.3.hook_resid_post`); any other
name is the path of a module below the base model (`layers.3.mlp`), as sparsify writes it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import torch
from torch import nn

from explanations.subjects.architectures import ARCHITECTURES, Architecture
from explanations.subjects.base import SubjectError
from explanations.subjects.transformers_mlp import TransformersMLP

_NAMED = re.compile(r"blocks\.(\d+)\.(.+)")

Place: TypeAlias = tuple[str, bool]
"""A path below a layer, empty for the layer itself, and whether it is the module's input."""

NAMES: dict[str, Callable[[Architecture], Place | None]] = {
    "hook_resid_pre": lambda family: ("", True),
    "hook_resid_mid": lambda family: (family.middle, True) if family.middle else None,
    "hook_resid_post": lambda family: (family.end, bool(family.end)),
    "hook_mlp_out": lambda family: (family.mlp, False),
    "mlp.hook_post": lambda family: (family.projection, True),
}
"""What follows `blocks.N.`, and where a family has it; None where it has no such place."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HookPoint:
    """A position in a model where vectors are read: a module's input or its output."""

    name: str
    module: nn.Module
    input: bool

    def watch(self, use: Callable[[torch.Tensor], None]) -> Any:
        """Hand each forward pass's vectors [rows, tokens, d] to `use`; return the hook's handle."""

        def before(_module: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> None:
            use(args[0] if args else named["hidden_states"])

        def after(_module: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
            use(output[0] if isinstance(output, tuple) else output)

        if self.input:
            return self.module.register_forward_pre_hook(before, with_kwargs=True)
        return self.module.register_forward_hook(after)


def find_hook_point(host: TransformersMLP, name: str, *, module_input: bool = False) -> HookPoint:
    """Find a hook point of a model.

    A module's path means its output, or with `module_input` its input. Raises `SubjectError` for a
    name that is not known, a layer that is not there, and a place that the family does not have.
    """
    named = _NAMED.fullmatch(name)
    if named:
        return _named(host, name, int(named[1]), named[2])
    below = name.removeprefix(f"{host.model.base_model_prefix}.")
    modules = dict(host.base.named_modules())
    if not below or below not in modules:
        raise _unknown(host, name)
    return HookPoint(name=name, module=modules[below], input=module_input)


def _named(host: TransformersMLP, name: str, layer: int, place: str) -> HookPoint:
    if place not in NAMES:
        raise _unknown(host, name)
    if layer >= host.layers:
        raise SubjectError(
            f"{name} is beyond {host.identity.name}: its layers are 0 to {host.layers - 1}"
        )
    model_type = host.model.config.model_type
    family = ARCHITECTURES[model_type]
    found = NAMES[place](family)
    if found is None:
        raise SubjectError(
            f"{host.identity.name} has no {name}: in a layer of {model_type} attention and MLP "
            f"read the same stream; use blocks.{layer}.hook_resid_pre or hook_resid_post"
        )
    path, is_input = found
    inside = [family.layers, str(layer), *filter(None, path.split("."))]
    module: nn.Module = reduce(getattr, ".".join(inside).split("."), host.base)
    return HookPoint(name=name, module=module, input=is_input)


def _unknown(host: TransformersMLP, name: str) -> SubjectError:
    path = host.identity.hook.removeprefix(f"{host.model.base_model_prefix}.")
    return SubjectError(
        f"{name!r} is not a hook point of {host.identity.name}: give blocks.N.PLACE with PLACE one "
        f"of {', '.join(NAMES)}, or the path of a module such as {path.format(layer=0)}"
    )
