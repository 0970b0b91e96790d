"""HellaSwag tasks for llama-perplexity and, the same ones, for samebits.

llama-perplexity reads six lines a task and draws tasks without replacement with std::mt19937(1) and libstdc++'s
uniform_int_distribution (Lemire's multiplication: the high word of a product); `draw` gives the same order.
"""
import hashlib
import json
import os
import random

TASKS = 200


def mt19937(seed):
    """CPython's generator in the state of std::mt19937(seed): 32 bits a call."""
    words = [seed]
    for i in range(1, 624):
        words.append((1812433253 * (words[-1] ^ (words[-1] >> 30)) + i) & 0xFFFFFFFF)
    generator = random.Random()
    generator.setstate((3, (*words, 624), None))
    return lambda: generator.getrandbits(32)


def below(bits, n):
    product = bits() * n
    while product & 0xFFFFFFFF < (1 << 32) % n:  # a biased low word is drawn again
        product = bits() * n
    return product >> 32


def draw(tasks, count):
    bits, left = mt19937(1), list(tasks)
    return [left.pop(below(bits, len(left))) for _ in range(count)]


def write_task(folder, name, tasks):
    lines = []
    for context, label, *endings in tasks:
        lines.append(json.dumps({"context": context, "label": int(label), "endings": endings}) + "\n")
    data = "".join(lines).encode()
    with open(os.path.join(folder, name + ".jsonl"), "wb") as f:
        f.write(data)
    task = {
        "format": "samebits-task/1", "id": name, "version": "1.0", "about": "HellaSwag tasks of llama-perplexity.",
        "language": "en", "tags": [], "seed": 1234,
        "data": {"licence": "MIT", "source": "https://github.com/rowanz/hellaswag", "evaluate": "validation",
                 "files": {"validation": {"file": name + ".jsonl", "sha256": hashlib.sha256(data).hexdigest()}}},
        "request": "multiple_choice",
        "prompt": {"doc_to_text": "{{context}}", "doc_to_target": "{{label}}", "doc_to_choice": "endings"},
        "metrics": [{"metric": "acc"}, {"metric": "acc_norm"}],
    }
    with open(os.path.join(folder, name + ".json"), "w") as f:
        json.dump(task, f)


def prepare(source, folder):
    """hellaswag_{first,drawn}: .txt for llama-perplexity, .json and .jsonl for samebits."""
    with open(source, encoding="utf-8") as f:
        lines = f.read().split("\n")
    tasks = [lines[i:i + 6] for i in range(0, len(lines) // 6 * 6, 6)]
    for kind, text, ours in (("first", tasks[:TASKS], tasks[:TASKS]), ("drawn", tasks, draw(tasks, TASKS))):
        with open(os.path.join(folder, f"hellaswag_{kind}.txt"), "w", encoding="utf-8") as f:
            f.write("\n".join(line for task in text for line in task))
        write_task(folder, f"hellaswag_{kind}", ours)
