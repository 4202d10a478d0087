"""What every part of a pack is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=0, le=3650)]

Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 31)]

Count = Annotated[int, Field(ge=1, le=1000)]

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]

Sentence = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
