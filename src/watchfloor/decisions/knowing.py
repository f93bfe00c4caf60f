"""What somebody may know: nobody acts on what they may not see, nor marks an item so that they could not see it."""

from watchfloor.base.labels import Audience, Label, combine, releasable
from watchfloor.decisions.board import Board
from watchfloor.messages.acts import Actor


def knows(actor: Actor, label: Label) -> bool:
    """Whether somebody in this seat may see an item with this label."""
    return releasable(label, Audience((actor.nation,), actor.level, actor.need_to_know))


def is_as_narrow(label: Label, other: Label) -> bool:
    """Whether nobody sees an item with the first label who may not see one with the other."""
    return combine((label, other)) == label


def objection_to_label(board: Board, label: Label, actor: Actor) -> str | None:
    """Why this actor cannot mark an item so, or None."""
    nations = board.doctrine.nations if board.doctrine is not None else ()
    if not set(label.nations) <= set(nations) or actor.nation not in label.nations:
        return "the label must name nations of the room, the own among them"
    if not knows(actor, label):
        return "the label is above this seat's level, or of a group that this seat is not in"
    return None
