"""``python -m tests.harness``: try to break the library; a table of what became of it."""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from tests.harness.proof import FAULTS
from tests.harness.runner import PARTS, find, run_part

_RECORD = Path(".harness")
_MOST_SHOWN = 40
# How many batches a fault that was put back is looked for.
_MOST_BATCHES = 60


def main(arguments=None):
    """Run the parts asked for; return 1 if any case ended wrongly."""
    given = _parser().parse_args(arguments)
    if given.prove:
        return prove()
    tallies = {}
    for name in given.parts or PARTS:
        record = given.record / f"{name}-{given.size:g}.jsonl"
        if given.fresh:
            record.unlink(missing_ok=True)
        tallies[name] = run_part(name, given.size, given.jobs, record)
    print_table(tallies)
    for name, tally in tallies.items():
        print_failures(name, tally.failures)
    return int(any(tally.failures for tally in tallies.values()))


def prove():
    """Put faults back, one at a time; return 1 if two or more are not found."""
    n_missed = 0
    print(f"{'fault put back':<40} {'part':<8} found by")
    for fault, (part, _) in FAULTS.items():
        tally = find(fault, part, _MOST_BATCHES)
        first = tally.failures[0] if tally.failures else None
        n_missed += first is None
        how = f"{first['outcome']}: {first['detail'].strip().splitlines()[-1:]}" if first else "-"
        print(f"{fault:<40} {part:<8} {tally.n_cases:>5,} cases: {how}"[:160], flush=True)
    print(f"{len(FAULTS) - n_missed} of {len(FAULTS)} faults were found")
    return int(n_missed > 1)


def print_table(tallies):
    """Print how many cases of each part ended in what."""
    print(f"\n{'part':<8} {'outcome':<44} {'cases':>8}")
    for name, tally in tallies.items():
        for (outcome, is_right), n in sorted(tally.counts.items(), key=lambda item: -item[1]):
            print(f"{name:<8} {outcome if is_right else f'WRONG: {outcome}':<44} {n:>8,}")
        minutes = tally.seconds / 60
        print(
            f"{name:<8} all: {tally.n_cases:,} cases, {len(tally.failures):,} failures, "
            f"{minutes:.1f} minutes of workers\n"
        )


def print_failures(name, failures):
    """Print the failures of a part, those of one kind once, with what repeats them."""
    alike = defaultdict(list)
    for failure in failures:
        last = (failure["detail"].strip().splitlines() or [""])[-1]
        alike[failure["outcome"], last].append(failure)
    for (outcome, detail), found in list(alike.items())[:_MOST_SHOWN]:
        first = min(found, key=lambda failure: len(failure["reproduction"]))
        print(f"# {name}, {len(found)} times: {outcome}: {detail}")
        print(first["reproduction"], end="\n\n")
    if len(alike) > _MOST_SHOWN:
        print(f"# {name}: and {len(alike) - _MOST_SHOWN} more kinds, in the record")


def _parser():
    parser = argparse.ArgumentParser(prog="python -m tests.harness", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--size", type=float, default=1.0, help="share of the cases")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes")
    parser.add_argument("--fresh", action="store_true", help="do not go on from the record")
    parser.add_argument("--prove", action="store_true", help="put known faults back; find them")
    parser.add_argument("--record", type=Path, default=_RECORD, help="folder of the records")
    return parser


if __name__ == "__main__":
    sys.exit(main())
