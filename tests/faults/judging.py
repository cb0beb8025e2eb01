"""The rule by which a fault's row is judged, in the test suite and in the soak alike."""

from tests.faults.row import TELL_S, Row

# A fault of the whole AWS also disturbs the identity, which is the root cause if it is read first.
ROOT_CAUSES = {"secrets_manager": "The AWS identity"}


def failures(row: Row) -> list[str]:
    """Return what a row shows that must not be, one sentence each; empty if it is right.

    No poll is 503 for a store that takes writes, and none is 200 for one that does not, two
    intervals allowed. Every other store is undisturbed, and the sentences name the one with the
    fault.
    """
    fault = row.fault
    found = _of_writable(row) if fault.writable else _of_unwritable(row)
    late = [poll for poll in row.red(row.after) if poll[0] >= row.heal_s]
    found += [f"not green again: {poll}" for poll in late]
    if not any(fault.words in sentence for _, _, sentence in row.during):
        found.append(f"no sentence has the words {fault.words!r}")
    if not row.delay_ms and not row.late:
        found.append("no cycle shows how the other stores fared")
    found += row.failed
    found += [f"blames another: {sentence}" for sentence in row.blamed]
    return [f"{fault.store} {fault.name}: {each}" for each in found]


def _of_writable(row: Row) -> list[str]:
    return [f"red although it takes writes: {poll}" for poll in row.red(row.during + row.after)]


def _of_unwritable(row: Row) -> list[str]:
    green = [poll for poll in row.during if poll[0] >= TELL_S and poll[1] == 200]
    found = [f"green although it takes no writes: {poll}" for poll in green]
    title = row.titles[row.fault.store]
    names = {title, ROOT_CAUSES.get(row.fault.store, title)}
    if not any(name in sentence for _, _, sentence in row.during for name in names):
        found.append(f"no sentence names {title}")
    return found
