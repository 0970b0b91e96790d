"""bench/RESULTS.md from the rounds in bench/RESULTS.json."""
import os
import platform
import re
import statistics

PEERS = ("llama.cpp", "ik_llama.cpp")


def machine():
    """What this machine says about itself; None for what it does not."""
    cpu, flags = None, ""
    try:
        with open("/proc/cpuinfo") as f:
            text = f.read()
        cpu = re.search(r"model name\s*: (.*)", text).group(1)
        flags = re.search(r"flags\s*: (.*)", text).group(1)
    except (OSError, AttributeError):
        pass
    isa = [f for f in ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8") if f in flags.split()]
    return {"cpu": cpu, "cores": os.cpu_count(), "isa": " ".join(isa), "kernel": platform.release().split("-")[0]}


def median(values):
    return statistics.median(values)


def spread(values):
    """Half of the range, relative to the median; one round says nothing about it."""
    if len(values) == 1:
        return "(one round)"
    return f"± {50 * (max(values) - min(values)) / median(values):.0f} %"


def number(x):
    return f"{x:.3g}" if x < 100 else f"{x:.0f}"


def cell(values):
    return f"{number(median(values))} {spread(values)}" if values else "–"


def factors(row, rounds, peer):
    """How many times faster samebits was, round by round."""
    pairs = [(r["samebits"]["value"], r[peer]["value"]) for r in rounds if "samebits" in r and peer in r]
    return [own / other if row.higher else other / own for own, other in pairs]


MIN_ROUNDS = 3  # fewer do not decide whether a goal is reached


def goal_reached(row, rounds, own):
    """True, False, or None where what the goal compares with was not measured, or too seldom."""
    if len(rounds) < MIN_ROUNDS:
        return None
    verdicts = []
    for part in filter(None, row.goal.split(", ")):
        if found := re.match(r"([\d.]+)x (\S+)", part):
            ratios = factors(row, rounds, found.group(2))
            verdicts.append(median(ratios) >= float(found.group(1)) if ratios else None)
        else:
            sign, limit = re.match(r"(>=|<=|<) ([\d.]+)", part).groups()
            value = median(own)
            verdicts.append(value >= float(limit) if sign == ">=" else value <= float(limit))
    if False in verdicts:
        return False
    return None if None in verdicts or not verdicts else True


def numbers(rounds):
    """What else the contestants answered: perplexity, accuracy, peak memory; they must not differ between rounds."""
    out = []
    for name in ("samebits", *PEERS):
        for key in ("perplexity", "accuracy", "peak_mb"):
            values = sorted({r[name][key] for r in rounds if key in r.get(name, {})})
            if values:
                out.append(f"{name} {key.replace('peak_mb', 'peak MB')} " + " … ".join(f"{v:g}" for v in
                                                                                     {values[0], values[-1]}))
    return "; ".join(out)


def table_line(row, entry):
    rounds = entry["rounds"]
    values = {name: [r[name]["value"] for r in rounds if name in r] for name in ("samebits", *PEERS)}
    if not values["samebits"]:
        reason = entry.get("reasons", {}).get("samebits", "no round was run")
        return f"| {row.title} | not measured: {reason} | | | | | |"
    line = [row.title, f"{cell(values['samebits'])} {row.unit}"]
    for peer in PEERS:
        ratios = factors(row, rounds, peer)
        reason = entry.get("reasons", {}).get(peer, "not given" if peer not in row.commands else "no round was run")
        line.append(f"{cell(values[peer])}: **{number(median(ratios))}×** {spread(ratios)}" if ratios
                    else f"not measured: {reason}")
    verdict = {True: "yes", False: "**no**", None: "–"}[goal_reached(row, rounds, values["samebits"])]
    goal = row.goal.replace("x ", "× ").replace("<=", "≤").replace(">=", "≥")
    return "| " + " | ".join([*line, goal or "–", verdict, numbers(rounds) or "–"]) + " |"


def commands(table, state):
    """The exact commands, one block a row: what was run is what is printed."""
    out = []
    for row in table:
        seen = {}
        for r in state["rows"].get(row.name, {}).get("rounds", []):
            for name, result in r.items():
                seen.setdefault(result["command"], name)
        if seen:
            out.append(f"{row.name}:\n" + "".join(f"  {c}\n" for c in seen))
    return "```\n" + "".join(out) + "```\n"


HEADER = """# Measurements

Written by `bench/peers` from `bench/RESULTS.json`; do not edit. Timings are medians over the rounds of one session on
one machine, ± half the range; in each round the programs run in alternating order on the same file with the same
number of threads. "×": how many times faster samebits is, the median of the rounds' ratios. ik_llama.cpp: the better
of run-time repacking on and off. Speeds of programs whose numbers are wrong mean nothing: perplexity and accuracy stand
beside them. Fewer than three rounds decide nothing: "reached" is then "–". `llama-perplexity --hellaswag` divides
log-likelihoods by the number of tokens, samebits (lm-eval's acc_norm) by that of characters: accuracies are near, not
equal.

Elsewhere: kernels beside the machine's peaks in `RESULTS-kernels.md`, cost against documents, choices, shots and prompt
length in `RESULTS-scaling.md`, where the time goes in rows that miss their goal in `RESULTS-profiles.md`.
"""


def write(path, table, state):
    m = state.get("machine", {})
    out = [HEADER, f"\n- Machine: {m.get('cpu')}, {m.get('cores')} cores, {m.get('isa')}, Linux {m.get('kernel')}\n"]
    out += [f"- {key}: {value}\n" for key, value in sorted(m.items()) if "peak" in key or "bandwidth" in key]
    out += [f"- {key}: {value}\n" for key, value in sorted(state.get("versions", {}).items())]
    for avx2, title in ((False, "Every instruction set of the machine"),
                        (True, "AVX2 only: `--isa avx2` beside peers built without AVX-512")):
        out.append(f"\n## {title}\n\n| work | samebits | llama.cpp | ik_llama.cpp | goal | reached | numbers |\n"
                   "|---|---|---|---|---|---|---|\n")
        chosen = [row for row in table if row.avx2 == avx2]
        out += [table_line(row, state["rows"].get(row.name, {"rounds": []})) + "\n" for row in chosen]
    out.append("\n## Commands\n\n" + commands(table, state))
    with open(path, "w") as f:
        f.write("".join(out))
