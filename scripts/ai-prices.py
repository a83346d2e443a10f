#!/usr/bin/env python3
"""Writes and checks the default price files of tollgate-engine.

    ai-prices.py PACKAGE [--snapshot YYYY-MM-DD]    write prices-ai.json
    ai-prices.py --check [PACKAGE]                  check the default files

PACKAGE is an unpacked genai-prices wheel. Its data module is read as a syntax
tree and never run, so nothing needs to be installed and every amount stays the
decimal it was written as. The same package and snapshot give the same bytes.

With --check, no two prices may tie and every component must name a measure of
its category; given PACKAGE, prices-ai.json must also be what it regenerates to.

Deliberately not here: batch, flex, priority and fast variants, speech priced by
the hour or character, and any arithmetic on prices.
"""

import argparse
import ast
import datetime
import json
import re
import sys
from decimal import Decimal
from pathlib import Path

DEFAULTS = Path(__file__).resolve().parent.parent / "crates/tollgate-engine/defaults"
AI_FILE = DEFAULTS / "prices-ai.json"

# Early on purpose: the source gives a date only where a price changed, and
# imported or sample history must be priced too.
SINCE_ALWAYS = "2020-01-01T00:00:00Z"

# Our provider name -> the source's.
PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "google": "google", "xai": "x-ai"}

# Every model id that gets a price. Each must be matched by the source's own rules.
COMPLETION = {
    "openai": """
        gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-4 gpt-4-0613 gpt-4-turbo gpt-4-turbo-2024-04-09
        gpt-4o gpt-4o-2024-05-13 gpt-4o-2024-08-06 gpt-4o-2024-11-20 gpt-4o-mini
        gpt-4o-mini-2024-07-18 chatgpt-4o-latest gpt-4.1 gpt-4.1-2025-04-14 gpt-4.1-mini
        gpt-4.1-mini-2025-04-14 gpt-4.1-nano gpt-4.1-nano-2025-04-14
        o1 o1-2024-12-17 o1-mini o1-pro o3 o3-2025-04-16 o3-mini o3-mini-2025-01-31 o3-pro
        o3-deep-research o4-mini o4-mini-2025-04-16 o4-mini-deep-research codex-mini-latest
        gpt-5 gpt-5-2025-08-07 gpt-5-chat-latest gpt-5-codex gpt-5-mini gpt-5-mini-2025-08-07
        gpt-5-nano gpt-5-nano-2025-08-07 gpt-5-pro gpt-5.1 gpt-5.1-2025-11-13
        gpt-5.1-chat-latest gpt-5.1-codex gpt-5.1-codex-max gpt-5.1-codex-mini gpt-5.2
        gpt-5.2-2025-12-11 gpt-5.2-chat-latest gpt-5.2-codex gpt-5.2-pro gpt-5.3-chat-latest
        gpt-5.3-codex gpt-5.4 gpt-5.4-2026-03-05 gpt-5.4-mini gpt-5.4-mini-2026-03-17
        gpt-5.4-nano gpt-5.4-nano-2026-03-17 gpt-5.4-pro gpt-5.5 gpt-5.5-2026-04-23 gpt-5.5-pro
        gpt-5.6 gpt-5.6-luna gpt-5.6-sol gpt-5.6-terra gpt-6-astra gpt-6-luna gpt-6-sol
        gpt-6.1-sol gpt-6.1-terra chat-latest gpt-audio gpt-audio-mini
        gpt-image-1 gpt-image-1-mini gpt-image-2 gpt-image-2.5-flare gpt-image-2.5-sunburst""",
    "anthropic": """
        claude-3-haiku-20240307 claude-3-sonnet-20240229 claude-3-opus-20240229
        claude-3-5-haiku-20241022 claude-3-5-haiku-latest claude-3-5-sonnet-20240620
        claude-3-5-sonnet-20241022 claude-3-5-sonnet-latest claude-3-7-sonnet-20250219
        claude-3-7-sonnet-latest claude-sonnet-4-0 claude-sonnet-4-20250514 claude-opus-4-0
        claude-opus-4-20250514 claude-opus-4-1 claude-opus-4-1-20250805 claude-sonnet-4-5
        claude-sonnet-4-5-20250929 claude-haiku-4-5 claude-haiku-4-5-20251001 claude-opus-4-5
        claude-opus-4-5-20251101 claude-sonnet-4-6 claude-opus-4-6 claude-opus-4-7
        claude-opus-4-8 claude-sonnet-5 claude-opus-5 claude-haiku-5-5 claude-sonnet-5-5
        claude-opus-5-5 claude-fable-5 claude-fable-5-1 claude-fable-5-2 claude-mythos-5-2""",
    "google": """
        gemini-1.5-flash gemini-1.5-pro gemini-2.0-flash gemini-2.0-flash-001
        gemini-2.0-flash-lite gemini-2.5-flash gemini-2.5-flash-lite gemini-2.5-pro
        gemini-3-flash-preview gemini-3-pro-preview gemini-3.1-flash-lite
        gemini-3.1-pro-preview gemini-3.5-flash gemini-3.5-flash-lite gemini-3.6-flash
        gemini-3.7-flash gemini-3.8-flash gemini-4-argon gemini-flash-latest
        gemini-flash-lite-latest gemini-pro-latest""",
    "xai": """
        grok-2-1212 grok-2-vision-1212 grok-3 grok-3-latest grok-3-fast grok-3-mini
        grok-3-mini-fast grok-4 grok-4-0709 grok-4-latest grok-4-fast-non-reasoning
        grok-4-fast-reasoning grok-4-1-fast-non-reasoning grok-4-1-fast-reasoning grok-4.20
        grok-4.20-0309-non-reasoning grok-4.20-0309-reasoning grok-4.3 grok-4.5 grok-4.6
        grok-4.7 grok-latest grok-build-0.1 grok-code-fast-1""",
}
EMBEDDING = {
    "openai": "text-embedding-3-large text-embedding-3-small text-embedding-ada-002",
    "google": "gemini-embedding-001 gemini-embedding-2",
}
# Models that are sent images to look at; those tokens are part of the input.
VISION = {
    "openai": "gpt-4o gpt-4o-mini gpt-4.1 gpt-4.1-mini gpt-5 gpt-5-mini gpt-5.4 gpt-6.1-sol",
    "anthropic": "claude-3-5-sonnet-latest claude-sonnet-4-5 claude-haiku-4-5 claude-opus-4-5"
    " claude-sonnet-5-5 claude-opus-5-5",
    "google": "gemini-2.5-flash gemini-2.5-pro gemini-3.1-pro-preview gemini-3.8-flash",
    "xai": "grok-2-vision-1212 grok-4.3 grok-4.7",
}
CATALOG = {"ai.completion": COMPLETION, "ai.embedding": EMBEDDING, "ai.vision": VISION}

# Our measure -> the source's price keys, the first present wins; a cache write
# without a price for its lifetime has the general one, as in the source.
PRICE_KEYS = {
    "input_tokens": ["input_mtok"],
    "cache_read_tokens": ["cache_read_mtok"],
    "cache_write_5m_tokens": ["cache_write_5m_mtok", "cache_write_mtok"],
    "cache_write_1h_tokens": ["cache_write_1h_mtok", "cache_write_mtok"],
    "audio_input_tokens": ["input_audio_mtok"],
    "image_input_tokens": ["input_image_mtok"],
    "output_tokens": ["output_mtok"],
    "reasoning_tokens": ["output_reasoning_mtok"],
    "audio_output_tokens": ["output_audio_mtok"],
    "web_searches": ["web_searches_kcount"],
}
# Price keys that no measure stands for; the notes say what follows from each.
LEFT_OUT = {"storage_searches_kcount", "cache_audio_read_mtok", "cache_image_read_mtok", "input_video_mtok"}

NOTES = [
    "Standard tier only: batch, flex, priority, fast and regional surcharges are not here.",
    "Where the source has no date, effective_from is 2020-01-01, so that imported and sample history is priced; a price of that date is the oldest known, not one that was in force then.",
    "A '-latest' or undated id has the prices of the model it names in the snapshot, over its whole history.",
    "Long context: above the threshold on total input, cache included, the whole request moves to the second price. xAI's threshold is inclusive, hence 199999.",
    "Anthropic's 1-hour cache writes are the source's figures (2 x input). OpenAI's cache writes have one price for both lifetimes; its 12-hour retention is not modelled.",
    "reasoning_tokens have no component of their own: they cost what output costs. A part of the input without a component costs what input costs.",
    "Cached audio and cached images cost what cached text costs, because there is no measure for them; gemini-embedding-2 has its text price. Both are too low where a model charges more.",
    "File searches are not measured and not priced. Realtime sessions, speech by the hour or character, video, and models whose output images cost more than their output text are left out: unpriced, rather than wrong.",
    "ai.vision: images cost nothing on top when their tokens are stated; an event with images alone stays unpriced.",
    "grok-code-fast-1 is known to be stale in the source.",
]


class Refusal(Exception):
    """Says what in the input or in a default file is wrong."""


# --- reading the package ----------------------------------------------------


def literal(node):
    """Turns the syntax tree of the data module into plain values; a constructor
    becomes a dictionary of its arguments with its name under "is"."""
    match node:
        case ast.Constant():
            return node.value
        case ast.List() | ast.Tuple():
            return [literal(item) for item in node.elts]
        case ast.Dict():
            return {literal(key): literal(value) for key, value in zip(node.keys, node.values)}
        case ast.Attribute():
            return ast.unparse(node)
        case ast.Call():
            name, arguments = ast.unparse(node.func), [literal(item) for item in node.args]
            if name == "Decimal":
                return Decimal(arguments[0])
            if name == "datetime.date":
                return datetime.date(*arguments)
            return {"is": name, "arguments": arguments} | {k.arg: literal(k.value) for k in node.keywords}
    raise Refusal(f"line {node.lineno} of the data module holds an unknown expression")


def read_package(package):
    """Returns the version and the providers by id."""
    tree = ast.parse((package / "genai_prices/data.py").read_text(encoding="utf-8"))
    lists = [s.value for s in tree.body if isinstance(s, ast.AnnAssign) and s.target.id == "providers"]
    metadata = next(package.glob("genai_prices-*.dist-info/METADATA")).read_text(encoding="utf-8")
    version = re.search(r"^Version: (\S+)$", metadata, re.MULTILINE)[1]
    return version, {provider["id"]: provider for provider in literal(lists[0])}


def matches(rule, model_id):
    """Applies one of the source's matching rules, which ignore case."""
    kind = rule["is"].removeprefix("Clause")
    if kind in ("Or", "And"):
        parts = (rule.get("or_") or rule.get("and_") or rule["arguments"][0])
        return (any if kind == "Or" else all)(matches(part, model_id) for part in parts)
    pattern = next(value for key, value in rule.items() if key not in ("is", "arguments"))
    match kind:
        case "Equals":
            return model_id == pattern.lower()
        case "StartsWith":
            return model_id.startswith(pattern.lower())
        case "EndsWith":
            return model_id.endswith(pattern.lower())
        case "Contains":
            return pattern.lower() in model_id
        case "Regex":
            return re.search(pattern, model_id) is not None
    raise Refusal(f"unknown matching rule {rule['is']}")


# --- writing prices ---------------------------------------------------------


def component(model, price):
    """A flat price is one component; a tiered one a list, highest threshold first."""
    if isinstance(price, Decimal):
        return {"model": model, "amount": format(price, "f")}
    tiers = sorted(price["tiers"], key=lambda tier: tier["start"], reverse=True)
    above = [
        {"model": model, "amount": format(t["price"], "f"), "when": {"total_input_tokens": {"above": t["start"]}}}
        for t in tiers
    ]
    return above + [{"model": model, "amount": format(price["base"], "f")}]


def components(row_name, category, measures, prices):
    """Components of one price; refuses a price key that would silently be lost."""
    prices = {key: value for key, value in prices.items() if key not in ("is", "arguments")}
    lost = prices.keys() - LEFT_OUT - {key for keys in PRICE_KEYS.values() for key in keys}
    if lost:
        raise Refusal(f"{row_name}: no measure for {', '.join(sorted(lost))}")
    if row_name.startswith("anthropic/") and "cache_write_mtok" in prices and "cache_write_1h_mtok" not in prices:
        raise Refusal(f"{row_name}: no price for one-hour cache writes, which cost more than others")
    found = {}
    if category == "ai.vision":
        found["images"] = {"model": "per_unit", "amount": "0", "when": {"input_tokens": {"above": 0}}}
    for measure, keys in PRICE_KEYS.items():
        key = next((key for key in keys if key in prices), None)
        if key and measure in measures:
            found[measure] = component("per_thousand" if key.endswith("_kcount") else "per_million", prices[key])
    return found


def rows_of_model(category, measures, provider, model_id, source):
    """One price for each date on which the source changes it."""
    found = next((model for model in source["models"] if matches(model["match"], model_id)), None)
    name = f"{provider}/{model_id}"
    if found is None:
        raise Refusal(f"{name}: the source has no such model")
    dated = found["prices"] if isinstance(found["prices"], list) else [{"prices": found["prices"]}]
    for entry in dated:
        constraint = entry.get("constraint")
        if constraint and constraint["is"] != "StartDateConstraint":
            raise Refusal(f"{name}: a price by {constraint['is']} has no counterpart")
        since = f"{constraint['start_date'].isoformat()}T00:00:00Z" if constraint else SINCE_ALWAYS
        yield {
            "category": category,
            "match": {"provider": provider, "model": model_id},
            "currency": "USD",
            "effective_from": since,
            "components": components(name, category, measures, entry["prices"]),
        }


def render(package, snapshot):
    """Returns the text of prices-ai.json: one price a line, in the order of the catalog."""
    version, sources = read_package(package)
    categories = {category["name"]: category for category in read_json(DEFAULTS / "categories.json")}
    rows = [
        row
        for category, by_provider in CATALOG.items()
        for provider, ids in by_provider.items()
        for model_id in ids.split()
        for row in rows_of_model(
            category, categories[category]["measures"], provider, model_id, sources[PROVIDERS[provider]]
        )
    ]
    head = {"snapshot": snapshot, "source": f"genai-prices {version} (MIT), https://pypi.org/project/genai-prices/"}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    lines += ['  "notes": [', ",\n".join(f"    {json.dumps(note)}" for note in NOTES), "  ],"]
    lines += ['  "prices": [', ",\n".join(f"    {json.dumps(row)}" for row in rows), "  ]"]
    return "\n".join(["{", *lines, "}", ""])


# --- checking the default files ---------------------------------------------


def refuse_float(text):
    raise Refusal(f"{text} is a number with a fraction; amounts are decimal strings")


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"), parse_float=refuse_float)


def problems_of_category(category):
    """Names every reference within a category that leads nowhere."""
    measures = category["measures"]
    if category["primary"] is not None and category["primary"] not in measures:
        yield f"{category['name']}: primary {category['primary']} is no measure"
    if "requests" in measures and category["primary"] != "requests":
        yield f"{category['name']}: requests is listed without being primary"
    for name, measure in measures.items():
        if measure["kind"] not in ("counter", "gauge", "unique"):
            yield f"{category['name']}: {name} has unknown kind {measure['kind']}"
        if "parent" in measure and measure["parent"] not in measures:
            yield f"{category['name']}: parent of {name} is no measure"
        if (measure["kind"] == "unique") != ("of" in measure):
            yield f"{category['name']}: {name} must say what it is unique of, exactly if it is unique"


def problems_of_price(where, row, categories):
    """Names every component of a price that its category cannot hold."""
    category = categories.get(row["category"])
    if category is None:
        yield f"{where}: no category {row['category']}"
        return
    for measure, alternatives in row["components"].items():
        if measure not in category["measures"]:
            yield f"{where}: {measure} is no measure of {row['category']}"
        for one in alternatives if isinstance(alternatives, list) else [alternatives]:
            if not isinstance(one["amount"], str) or not re.fullmatch(r"\d+(\.\d+)?", one["amount"]):
                yield f"{where}: amount {one['amount']!r} of {measure} is no decimal"
            for subject in one.get("when", {}):
                if subject != "total_input_tokens" and subject not in category["measures"]:
                    yield f"{where}: {measure} depends on {subject}, which is no measure"
    if not row["components"]:
        yield f"{where}: no component"


def problems_of_defaults():
    """Checks all default files together, since a tie may span two of them."""
    categories = read_json(DEFAULTS / "categories.json")
    by_name = {category["name"]: category for category in categories}
    if len(by_name) != len(categories):
        yield "categories.json: a name occurs twice"
    for category in categories:
        yield from problems_of_category(category)
    seen = {}
    for path in (AI_FILE, DEFAULTS / "prices-platform.json"):
        for number, row in enumerate(read_json(path)["prices"]):
            where = f"{path.name} #{number} {row['category']} {' '.join(row['match'].values())}".rstrip()
            yield from problems_of_price(where, row, by_name)
            identity = (row["category"], frozenset(row["match"].items()), row["effective_from"])
            if identity in seen:
                yield f"{where}: ties with {seen[identity]}"
            seen[identity] = where


def check(package):
    """Returns the problems found, none if all is well."""
    problems = list(problems_of_defaults())
    if package:
        text = AI_FILE.read_text(encoding="utf-8")
        if render(package, json.loads(text)["snapshot"]) != text:
            problems.append(f"{AI_FILE.name} is not what {package} gives")
    return problems


def write(package, snapshot):
    """Writes prices-ai.json; another version of the source needs its own date."""
    if snapshot is None:
        written = read_json(AI_FILE)
        if f" {read_package(package)[0]} " not in written["source"]:
            raise Refusal("the source has another version: say --snapshot with the day it was fetched")
        snapshot = written["snapshot"]
    AI_FILE.write_text(render(package, datetime.date.fromisoformat(snapshot).isoformat()), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, nargs="?", metavar="PACKAGE")
    parser.add_argument("--snapshot", metavar="YYYY-MM-DD", help="day on which PACKAGE was fetched")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if not arguments.check and arguments.package is None:
        parser.error("PACKAGE is needed to write")
    try:
        if not arguments.check:
            write(arguments.package, arguments.snapshot)
        problems = check(arguments.package)
    except (Refusal, OSError) as failure:
        problems = [str(failure)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
