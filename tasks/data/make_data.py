#!/usr/bin/env python3
"""Turns the public source files of the shipped test sets into tasks/data/<set>/<split>.jsonl.zst.

    make_data.py SOURCE_FOLDER [OUTPUT_FOLDER]

Every input is checked against the sha256 below, so the output is decided by this file alone. The records get the
field names, types and label encodings of the Hugging Face data sets, so that lm-evaluation-harness templates apply
unmodified. The task files in tasks/packs pin the sha256 of the *uncompressed* output, which this script prints:
another compressor may be used without changing a pin. Needs Python 3.9 and the zstd program.
"""

import collections
import csv
import gzip
import hashlib
import io
import json
import pathlib
import subprocess
import sys

INPUTS = {
    "arc/ARC-Challenge-Dev.jsonl": "55224364abd2477f66a9a57c5cbef109fb71d83019aa5e37aec0e7ab757746ca",
    "arc/ARC-Challenge-Test.jsonl": "9fa8ffb3e3a1f88cb302d53dd95aae81e39209ad9bcf974376b319d8fd35717c",
    "arc/ARC-Easy-Dev.jsonl": "f4364b808a68df6bf500ce1070fb0105d40cacd2391c210deb00ff83ba75d1f4",
    "arc/ARC-Easy-Test.jsonl": "ce32a0774b4beb1977d2c6b16dda5dd2b24fdc9c7f506882c452678676bd09be",
    "blimp/adjunct_island.jsonl": "ecc71c452516de03deeb9262b4203e45220dc52727327a08eef07c79c01eac8b",
    "blimp/anaphor_gender_agreement.jsonl": "fd7d6e47196fa1310a251d3aa88ae9a62bb64d3cec35fc02617229d5799767e1",
    "blimp/anaphor_number_agreement.jsonl": "05c16b8bfe4feb5b3552dc2c53d1742ce0c91d9a1c896684335bdddd4373cc9b",
    "blimp/animate_subject_passive.jsonl": "245e91961cf597150244c3945c6d0033e691b27ba6cf298c62920d355426e70c",
    "blimp/determiner_noun_agreement_1.jsonl": "f48065fd760d0fd1a895012860d38bdf3c2ac115cd221e521684cc430c0f1855",
    "blimp/ellipsis_n_bar_1.jsonl": "3cc0bcf91631a4476ce573ea9dbf9627d52efbe071c26019e2c2448b68769d09",
    "blimp/existential_there_quantifiers_1.jsonl": "4bd0f6dee3c1824b51b0dafb9fce2b00933e8053fcd4a7b99b6202e1b8b49f9e",
    "blimp/irregular_past_participle_verbs.jsonl": "75a990117c1a403d3b479e0fbe170f6919c2408def738ffcea8c62b49b70a555",
    "blimp/npi_present_1.jsonl": "9aa85dc5c2b0d85ea51f21db50d6d327ab5b45d1669e386d54b1360d3ac954af",
    "blimp/principle_A_c_command.jsonl": "74c8111666542c797dee1c38c9e432b0b65751dfa0faa51874a990f2cbfc76fc",
    "blimp/regular_plural_subject_verb_agreement_1.jsonl": "1a18d94062c8e792c0a200a3b00dff0e051a92bb084c05e9b5e5c73bee32a620",
    "blimp/wh_island.jsonl": "77824ca8c0008fb7a204e785ca2dcee1b2803f666bb545bd95cb8a51e04f1a4c",
    "gsm8k/test.jsonl": "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14",
    "lambada/lambada_test.jsonl": "4aa8d02cd17c719165fc8a7887fddd641f43fcafa4b1c806ca8abc31fabdb226",
    "lm-eval-oracle/hf/boolq/validation.jsonl.gz": "58a0e84872492ec72a6bc53ad54da488a9702e9b0e920c0cc0e409acdd7effab",
    "lm-eval-oracle/hf/hellaswag/validation.jsonl.gz": "0c8b89807ed7403888d958548e502989a448eddec273ce4974ce6d51f541e73d",
    "lm-eval-oracle/hf/wikitext/test.jsonl.gz": "f5ac4b8e998051b6d5d2ac5a8396db6443e05c075b31eab51e4e45a21e4106b6",
    "openbookqa/test.jsonl": "feb2bd9bfa6161dca4c44ce90e51e8cdada83eb5061407fcdc5005e44aaf2313",
    "piqa/valid-labels.lst": "b4192dc3a2a0363d9d60ccf79800cbbe2f32ebb17726efdde6970e0b8131bceb",
    "piqa/valid.jsonl": "93503cc97c679e459b065c3d13e848282e44b2a25213985bed3e5d458abef72d",
    "winogrande/winogrande_xl_validation.jsonl": "69f3d7f3a900d775339b04c7de672609c40fca573e50f594f2ae66d8782505be",
    "xstest/xstest_prompts.csv": "11783fb294ed017473ee53c207d71f2161c7672c8d0b037501e78387f801cb5a",
}
MMLU_INPUTS_SHA256 = "cd3f3d9d7312276ea6ec422ee3dded1d569764e669034b4be593a8a8323962a6"  # over "<sha256>  <path>" lines of mmlu/{dev,test}/*.csv, sorted by path


def read(source, path):
    """Bytes of an input whose sha256 is listed above."""
    data = (source / path).read_bytes()
    if hashlib.sha256(data).hexdigest() != INPUTS[path]:
        sys.exit(f"{path}: sha256 differs from the one this script was written for")
    return gzip.decompress(data) if path.endswith(".gz") else data


def json_lines(source, path):
    return [json.loads(line) for line in read(source, path).decode("utf-8").splitlines() if line.strip()]


def arc(source, path, stem="question"):
    """ARC and OpenBookQA: {question: {stem, choices: [{text, label}]}} becomes parallel lists."""
    for doc in json_lines(source, path):
        choices = doc["question"]["choices"]
        yield {
            "id": doc["id"],
            stem: doc["question"]["stem"],
            "choices": {"text": [c["text"] for c in choices], "label": [c["label"] for c in choices]},
            "answerKey": doc["answerKey"],
        }


def piqa(source):
    labels = read(source, "piqa/valid-labels.lst").decode().split()
    for doc, label in zip(json_lines(source, "piqa/valid.jsonl"), labels, strict=True):
        yield {"goal": doc["goal"], "sol1": doc["sol1"], "sol2": doc["sol2"], "label": int(label)}


def mmlu(source, split):
    """57 files, one a subject, become one; the task files select by `subject`."""
    for path in sorted((source / "mmlu" / split).glob("*.csv")):
        subject = path.name.removesuffix(f"_{split}.csv")
        for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")):
            choices = [row[f"choice{i}"] for i in range(4)]
            yield {"question": row["question"], "subject": subject, "choices": choices, "answer": int(row["answer"])}


def check_mmlu(source):
    paths = sorted((source / "mmlu").glob("*/*.csv"))
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(source).as_posix()}\n" for p in paths]
    if hashlib.sha256("".join(lines).encode()).hexdigest() != MMLU_INPUTS_SHA256:
        sys.exit("mmlu: the csv files differ from those this script was written for")


def blimp(source):
    fields = ["sentence_good", "sentence_bad", "field", "linguistics_term", "UID", "simple_LM_method"]
    fields += ["one_prefix_method", "two_prefix_method", "lexically_identical"]
    for path in sorted(p for p in INPUTS if p.startswith("blimp/")):
        for doc in json_lines(source, path):
            yield {**{name: doc[name] for name in fields}, "pair_id": int(doc["pairID"])}


def xstest(source):
    """50 safe and 50 unsafe prompts: the first of every type, then the second of every type, and so on, types in
    the order of the file, until a label has 50. Safe and unsafe alternate so that a limit sees both."""
    rows = list(csv.DictReader(io.StringIO(read(source, "xstest/xstest_prompts.csv").decode("utf-8"), newline="")))
    seen, order = collections.Counter(), {}
    ranked = []
    for row in rows:
        ranked.append((seen[row["type"]], order.setdefault(row["type"], len(order)), row))
        seen[row["type"]] += 1
    taken = collections.Counter()
    for _, _, row in sorted(ranked, key=lambda r: r[:2]):
        if taken[row["label"]] < 50:
            taken[row["label"]] += 1
            yield {"id": int(row["id"]), **{k: row[k] for k in ("prompt", "type", "label", "focus")}}


def main():
    source = pathlib.Path(sys.argv[1])
    output = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent)
    check_mmlu(source)
    sets = {
        "arc/easy.test": arc(source, "arc/ARC-Easy-Test.jsonl"),
        "arc/easy.validation": arc(source, "arc/ARC-Easy-Dev.jsonl"),
        "arc/challenge.test": arc(source, "arc/ARC-Challenge-Test.jsonl"),
        "arc/challenge.validation": arc(source, "arc/ARC-Challenge-Dev.jsonl"),
        "blimp/train": blimp(source),
        "boolq/validation": json_lines(source, "lm-eval-oracle/hf/boolq/validation.jsonl.gz"),
        "gsm8k/test": json_lines(source, "gsm8k/test.jsonl"),
        "hellaswag/validation": json_lines(source, "lm-eval-oracle/hf/hellaswag/validation.jsonl.gz"),
        "lambada/test": json_lines(source, "lambada/lambada_test.jsonl"),
        "mmlu/dev": mmlu(source, "dev"),
        "mmlu/test": mmlu(source, "test"),
        "openbookqa/test": arc(source, "openbookqa/test.jsonl", stem="question_stem"),
        "piqa/validation": piqa(source),
        "wikitext/test": json_lines(source, "lm-eval-oracle/hf/wikitext/test.jsonl.gz"),
        "winogrande/validation": json_lines(source, "winogrande/winogrande_xl_validation.jsonl"),
        "xstest/smoke": xstest(source),
    }
    for name, docs in sets.items():
        lines = [json.dumps(doc, ensure_ascii=False, separators=(",", ":")) + "\n" for doc in docs]
        text = "".join(lines).encode("utf-8")
        path = output / f"{name}.jsonl.zst"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(subprocess.run(["zstd", "-19", "-q", "-c"], input=text, capture_output=True, check=True).stdout)
        print(f"{hashlib.sha256(text).hexdigest()}  {name}.jsonl  {len(lines)} records  {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
