"""The rows of the table of bench/peers: what is run for each contestant, and how its figure is read.

A row's commands are lists of alternatives: the best of a round counts (ik_llama.cpp with and without run-time repack).
"""
import dataclasses
import json
import os
import re

MODELS = {"smollm2": "smollm2-135m-instruct.gguf", "gemma3": "gemma-3-270m.gguf"}
TITLES = {"smollm2": "SmolLM2 135M Q4_1", "gemma3": "Gemma 3 270M Q4_K_M"}
KV_BYTES_PER_TOKEN = {"smollm2": 2 * 2 * 30 * 3 * 64, "gemma3": 2 * 2 * 18 * 1 * 256}  # binary16 keys and values


@dataclasses.dataclass
class Row:
    name: str           # for --only
    title: str
    unit: str           # "tok/s", "s", "ms" or "ratio"
    goal: str           # of issue 4: "5.5x llama.cpp, 1.35x ik_llama.cpp", "<= 8 s", or empty
    commands: dict      # contestant -> [argv, …]
    read: object        # (contestant, stdout and stderr, seconds, first output seconds, peak bytes) -> {"value": …}
    avx2: bool = False

    @property
    def higher(self):
        return self.unit == "tok/s"


def read_bench(contestant, text, *_):
    rows = json.loads(text[text.index("["):text.rindex("]") + 1])
    out = {"value": rows[-1]["avg_ts"]}
    if "build_commit" in rows[-1]:
        out["version"] = f"commit {rows[-1]['build_commit']}, build {rows[-1]['build_number']}"
    return out


def read_batched_bench(contestant, text, *_):
    if contestant == "samebits":
        return read_bench(contestant, text)
    cells = [line.split("|") for line in text.splitlines() if re.match(r"^\|\s*\d+ \|", line)]
    return {"value": float(cells[-1][8])}  # | PP | TG | B | N_KV | T_PP | S_PP | T_TG | S_TG | …


def read_perplexity(contestant, text, seconds, *_):
    found = re.search(r"perplexity (\d+\.\d+)|PPL = (\d+\.\d+)", text)
    return {"value": seconds, "perplexity": float(found.group(1) or found.group(2))}


def read_accuracy(contestant, text, seconds, *_):
    if contestant == "samebits":
        metrics = next(iter(json.loads(text[text.index('{"'):])["results"].values()))
        return {"value": seconds, "accuracy": metrics.get("acc_norm", metrics["acc"])["value"]}
    return {"value": seconds, "accuracy": float(re.findall(r"^\d+\s+(\d+\.\d+)%?", text, re.M)[-1]) / 100}


def read_seconds(contestant, text, seconds, *_):
    return {"value": seconds}


def read_first_output(contestant, text, seconds, first, peak):
    return {"value": 1000 * first}


def memory_reader(allowed_bytes):
    return lambda contestant, text, seconds, first, peak: {"value": peak / allowed_bytes, "peak_mb": round(peak / 1e6)}


class Table:
    """Builds the rows from the paths of the command line."""

    def __init__(self, paths):
        self.p = paths
        self.scratch = paths.scratch

    def peers(self, tool, arguments, avx2=False, repack=("-rtr", "1"), plain=()):
        """Commands of the peers whose folder was given; `repack` and `plain` are ik_llama.cpp's two ways."""
        llama, ik = (self.p.llama_avx2, self.p.ik_avx2) if avx2 else (self.p.llama, self.p.ik)
        out = {}
        if llama:
            out["llama.cpp"] = [[os.path.join(llama, tool), *arguments]]
        if ik:
            out["ik_llama.cpp"] = [[os.path.join(ik, tool), *arguments, *plain],
                                   [os.path.join(ik, tool), *arguments, *repack]]
        return out

    def own(self, *arguments, avx2=False):
        return {"samebits": [[self.p.samebits, *arguments, *(["--isa", "avx2"] if avx2 else [])]]}

    def speed(self, name, title, model, prompt, gen, threads, goal, avx2=False):
        own = self.own("model", "bench", "-m", model, "-p", str(prompt), "-n", str(gen), "-j", str(threads), "-r", "1",
                       "--json", avx2=avx2)
        peers = self.peers("llama-bench", ["-m", model, "-p", str(prompt), "-n", str(gen), "-t", str(threads), "-r",
                                           "1", "-o", "json"], avx2)
        return Row(name, title, "tok/s", goal, own | peers, read_bench, avx2)

    def model_rows(self, avx2):
        goals = {("smollm2", "pp512"): "5.5x llama.cpp, 1.35x ik_llama.cpp",
                 ("smollm2", "tg64"): "2.5x llama.cpp, 1.3x ik_llama.cpp",
                 ("gemma3", "pp512"): "3x llama.cpp, 1.5x ik_llama.cpp",
                 ("gemma3", "tg64"): "1.8x llama.cpp"}
        for (model, work), goal in goals.items():
            for threads in (1, 2):
                sizes = (512, 0) if work == "pp512" else (0, 64)
                yield self.speed(f"{model}-{work}-{threads}t" + "-avx2" * avx2,
                                 f"{TITLES[model]}, {work}, {threads} thread{'s' * (threads > 1)}",
                                 os.path.join(self.p.models, MODELS[model]), *sizes, threads,
                                 "2x llama.cpp, 1.1x ik_llama.cpp" if avx2 else goal, avx2)

    def big_rows(self, avx2):
        suffix = "-avx2" * avx2
        peer_goal = "2x llama.cpp, 1.1x ik_llama.cpp"
        for type_name in ("Q4_0", "Q4_K_M", "Q8_0"):
            yield self.speed(f"1b-pp512-{type_name}" + suffix, f"Llama-3.2-1B shape {type_name}, pp512, 1 thread",
                             self.big("1b", type_name), 512, 0, 1, peer_goal if avx2 else ">= 150 tok/s", avx2)
        yield self.speed("1b-tg64-Q4_0" + suffix, "Llama-3.2-1B shape Q4_0, tg64, 1 thread", self.big("1b", "Q4_0"), 0,
                         64, 1, peer_goal if avx2 else ">= 38 tok/s", avx2)
        yield Row("1b-32-sequences" + suffix, "same, 32 sequences decoded together, 2 threads", "tok/s",
                  peer_goal if avx2 else ">= 200 tok/s",
                  self.own("model", "bench", "-m", self.big("1b", "Q4_0"), "-p", "0", "-n", "32", "--sequences", "32",
                           "-j", "2", "-r", "1", "--json", avx2=avx2) |
                  self.peers("llama-batched-bench", ["-m", self.big("1b", "Q4_0"), "-c", "2048", "-b", "2048", "-ub",
                                                     "512", "-npp", "1", "-ntg", "32", "-npl", "32", "-t", "2"], avx2,
                             repack=("-rtr",)),
                  read_batched_bench, avx2)
        for type_name in ("Q4_0", "Q4_K_M"):
            for work, sizes in (("pp128", (128, 0)), ("tg16", (0, 16))):
                yield self.speed(f"7b-{work}-{type_name}" + suffix, f"7B shape {type_name}, {work}, 2 threads",
                                 self.big("7b", type_name), *sizes, 2, peer_goal if avx2 else "", avx2)

    def big(self, shape, type_name):
        return os.path.join(self.p.big, f"{shape}-{type_name}.gguf")

    def run(self, task, *arguments, avx2=False):
        return self.own("run", "-m", self.smollm2, "-t", task, *arguments, "-j", "2", "--json", "-o",
                        os.path.join(self.scratch, "bundle"), avx2=avx2)

    @property
    def smollm2(self):
        return os.path.join(self.p.models, MODELS["smollm2"])

    def evaluation_rows(self, avx2):
        suffix = "-avx2" * avx2
        peer_goal = "2x llama.cpp, 1.1x ik_llama.cpp"
        for kind, title, goal in (("first", "first 200 tasks (the file cut to its first 1,200 lines)", "<= 8 s"),
                                  ("drawn", "200 tasks as llama-perplexity draws them from the whole file", "<= 15 s")):
            text = os.path.join(self.scratch, f"hellaswag_{kind}.txt")
            yield Row(f"hellaswag-{kind}" + suffix, f"HellaSwag, SmolLM2 Q4_1, {title}, 2 threads", "s",
                      peer_goal if avx2 else goal,
                      self.run(f"hellaswag_{kind}", "--include-path", self.scratch, "--data", self.scratch, avx2=avx2) |
                      self.peers("llama-perplexity", ["-m", self.smollm2, "-f", text, "--hellaswag",
                                                      "--hellaswag-tasks", "200", "-t", "2"], avx2, repack=("-rtr",)),
                      read_accuracy, avx2)
        wiki = os.path.join(self.p.data, "wikitext-2-raw", "wiki.test.raw")
        yield Row("wikitext" + suffix, "WikiText-2 perplexity, SmolLM2 Q4_1, 40 chunks of 512, 2 threads", "s",
                  peer_goal if avx2 else "<= 14 s",
                  {"samebits": [[self.p.perplexity, self.smollm2, wiki, "40", "2", *(["avx2"] if avx2 else [])]]} |
                  self.peers("llama-perplexity", ["-m", self.smollm2, "-f", wiki, "--chunks", "40", "-c", "512", "-t",
                                                  "2"], avx2, repack=("-rtr",)),
                  read_perplexity, avx2)

    def harness_rows(self):
        for name, title, goal, arguments in (
                ("mmlu", "MMLU 5-shot, one subject (abstract_algebra, 100 documents), 2 threads", "<= 4 s",
                 ("mmlu_abstract_algebra", "--num-fewshot", "5")),
                ("arc_easy", "arc_easy, 100 documents, 2 threads", "<= 2.5 s", ("arc_easy", "--limit", "100")),
                ("hellaswag-100", "hellaswag, 100 documents, 2 threads", "<= 4 s", ("hellaswag", "--limit", "100"))):
            yield Row(name, title, "s", goal, self.run(*arguments), read_accuracy)

    def resource_rows(self):
        for model, title in TITLES.items():
            path = os.path.join(self.p.models, MODELS[model])
            allowed = os.path.getsize(path) + 512 * KV_BYTES_PER_TOKEN[model]
            yield Row(f"memory-{model}", f"peak memory ÷ (file + KV), {title}, pp512", "ratio", "<= 1.25",
                      self.own("model", "bench", "-m", path, "-p", "512", "-n", "0", "-r", "1", "-j", "2", "--json") |
                      self.peers("llama-bench", ["-m", path, "-p", "512", "-n", "0", "-r", "1", "-t", "2", "-o",
                                                 "json"]),
                      memory_reader(allowed))
        yield Row("version", "`samebits --version`", "ms", "< 20 ms", self.own("--version"), read_first_output)
        yield Row("first-output", "first output of `samebits run`", "ms", "< 300 ms",
                  self.run("arc_easy", "--limit", "1"), read_first_output)

    def rows(self):
        for avx2 in (False, True):
            yield from self.model_rows(avx2)
            yield from self.evaluation_rows(avx2)
            yield from self.big_rows(avx2)
            if not avx2:
                yield from self.harness_rows()
                yield from self.resource_rows()
