"""Comparing each proposed version of a pack's rules with the one in force, in a process of its own.

Without the extra `analysis` nothing is compared, and then no rules change in this room.
"""

import asyncio
import json
import secrets
import sys
from typing import Any

from watchfloor.app.drafting import version_named
from watchfloor.app.media import MediaKeeper
from watchfloor.app.rulebook import rule_set_of, version_text
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import InputError, InvariantError, UnavailableError
from watchfloor.base.labels import Label
from watchfloor.messages.delegation import RulesCompared
from watchfloor.messages.keeping import MediaKind
from watchfloor.messages.pack import DoctrineSet, Pack
from watchfloor.messages.rulebook import RuleVersion

COMPARE_WITHIN_S = 60


class Comparing:
    """Compares a version when somebody who may change rules asks for it."""

    def __init__(self, writer: Writer, keeper: MediaKeeper, pack: Pack, label: Label) -> None:
        self._writer, self._keeper, self._pack, self._label = writer, keeper, pack, label
        self._one_at_a_time = asyncio.Lock()
        self._reports: dict[str, bytes] = {}

    async def compare(self, version: str) -> tuple[RulesCompared, list[dict[str, Any]]]:
        """The comparison of a version with the rules in force, which then stands on record, and its classes.

        **Raises**: InputError, when there is no such version, or it is in force; UnavailableError, when it cannot be
        compared, with the reason.
        """
        async with self._one_at_a_time:
            doctrine = self._writer.state.board.doctrine
            proposed = version_named(self._pack, self._writer.state.board, version)
            digest = rule_set_of(proposed).digest()
            if doctrine is None or digest == doctrine.rules_digest:
                raise InputError(f"version `{version}` is in force", field="version")
            known = self._writer.state.board.authority.compared.get(digest)
            if known is None or known.report_digest not in self._reports:
                known = await self._compare(doctrine, proposed, digest)
            lines = [json.loads(line) for line in self._reports[known.report_digest].splitlines()]
            return known, lines[:-1]

    async def _compare(self, doctrine: DoctrineSet, proposed: RuleVersion, digest: str) -> RulesCompared:
        """Compare the record's own text of what is in force with a version, both handed over in full."""
        version = proposed.version
        words = ("rules", "compare", "--texts", "-", "--json", "--", doctrine.rules_version, version)
        texts = f"[{doctrine.rules_text},{version_text(proposed)}]".encode()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "watchfloor.edge.cli.main",
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            report, errors = await asyncio.wait_for(process.communicate(texts), COMPARE_WITHIN_S)
        except TimeoutError as error:
            process.kill()
            await process.wait()
            sentence = f"version `{version}` cannot be compared within {COMPARE_WITHIN_S} s, so it cannot take effect"
            raise UnavailableError(sentence) from error
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode != 0:
            reason = (errors or report).decode(errors="replace").strip()[:300]
            raise UnavailableError(f"version `{version}` cannot be compared, so it cannot take effect: {reason}")
        lines = [json.loads(line) for line in report.splitlines()]
        if (lines[-1]["old_digest"], lines[-1]["new_digest"]) != (doctrine.rules_digest, digest):
            raise InvariantError("the comparison is of other rules than those that were handed over")
        compared = RulesCompared(
            old_digest=doctrine.rules_digest,
            new_version=version,
            new_digest=digest,
            changed=tuple(lines[-1]["changed"]),
            class_count=len(lines) - 1,
            possible_count=sum(line["class"] == "newly possible" for line in lines[:-1]),
            report_digest=await self._keeper.keep(report, MediaKind.DOCUMENT, "rules-compared", 0, 0),
            label=self._label,
        )
        self._reports[compared.report_digest] = report
        if self._writer.state.board.authority.compared.get(digest) != compared:
            await self._writer.enter(Input("room", f"compared-{secrets.token_hex(8)}", compared))
        return compared
