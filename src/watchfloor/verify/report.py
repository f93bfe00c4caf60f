"""What verification found, in words and as data."""

from msgspec import Struct

MISSING_MEDIUM = "the medium is missing, and nobody has said why"


class Problem(Struct, frozen=True):
    """Something that does not hold: where, and in which entry, if it is one."""

    where: str
    sentence: str
    seq: int | None = None


class Report(Struct):
    """The result of checking a folder. It holds when `problems` is empty.

    `notes` say what a reader should know although it breaks nothing: an open block, a missing roster.
    """

    entry_count: int = 0
    root: str = ""
    checkpoint_count: int = 0
    signed_act_count: int = 0
    decision_count: int = 0
    block_count: int = 0
    frame_count: int = 0
    media_count: int = 0
    byte_count: int = 0
    sealed: bool = False
    origin: str = ""
    context: str = ""
    witnessed_size: int = 0
    withheld_count: int = 0
    withheld_seqs: frozenset[int] = frozenset()
    unchecked_count: int = 0
    problems: list[Problem] = []
    notes: list[str] = []

    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def lacks_only_media(self) -> bool:
        """Whether all that is wrong are missing media; then a room may start, to record that and ask for the reason."""
        return all(problem.sentence == MISSING_MEDIUM for problem in self.problems)

    def first_bad_entry(self) -> int | None:
        """The lowest entry that a problem names."""
        named = [problem.seq for problem in self.problems if problem.seq is not None]
        return min(named) if named else None

    def lack(self, where: str, sentence: str, seq: int, *, after: int | None = None) -> None:
        """Note that something is missing: a problem, or, where a withheld entry may hold it, only not to be checked.

        **Args**: `after`: it would stand behind this entry; else before `seq`.
        """
        if any(withheld < seq if after is None else withheld > after for withheld in self.withheld_seqs):
            self.unchecked_count += 1
            self.notes.append(f"entry {seq} cannot be checked, as entries are withheld: {sentence}")
        else:
            self.add(where, sentence, seq)

    def add(self, where: str, sentence: str, seq: int | None = None) -> None:
        """Note a problem."""
        self.problems.append(Problem(where, sentence, seq))
