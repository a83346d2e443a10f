//! Northwind: document search in Berlin. Embeds at night, answers by day, grows slowly, and reads far more than it writes.
// tidy: table of data, one kind of usage after the other

use super::chance::Spread;
use super::character::{By, Character, Choice, Growth, Level, NIGHTLY, OFFICE, Stream, Team};

pub(super) const NORTHWIND: Character = Character {
    id: "northwind",
    name: "Northwind Search",
    zone: "Europe/Berlin",
    growth: Growth {
        first: 880,
        last: 1120,
        launch: None,
    },
    teams: &[INGEST, SEARCH, ASSISTANT],
    levels: &[
        Level {
            name: "contracts",
            category: "storage.knowledge",
            team: "ingest",
            project: "contracts",
            class: "vector",
            start_bytes: 82_000_000_000,
            hourly_bytes: 26_000_000,
        },
        Level {
            name: "manuals",
            category: "storage.knowledge",
            team: "ingest",
            project: "manuals",
            class: "vector",
            start_bytes: 31_000_000_000,
            hourly_bytes: 4_000_000,
        },
        Level {
            name: "originals",
            category: "storage.project",
            team: "ingest",
            project: "contracts",
            class: "standard",
            start_bytes: 576_000_000_000,
            hourly_bytes: 126_000_000,
        },
    ],
    tariff: &[("collab.active_users", "0"), ("search.semantic", "0.0005")],
};

/// The stream that the outage hits.
pub(super) const API: &str = "api";

const INGEST: Team = Team {
    name: "ingest",
    users: &["anna", "bernd", "clara", "david"],
    streams: &[
        Stream {
            name: "embed",
            category: "ai.embedding",
            project: "contracts",
            by: By::Machine,
            rhythm: &NIGHTLY,
            peak: 8,
            choices: &[
                Choice {
                    weight: 7,
                    dimensions: &[
                        ("provider", "openai"),
                        ("model", "text-embedding-3-large"),
                        ("action", "index"),
                    ],
                    measures: &[
                        ("requests", Spread(10, 400)),
                        ("input_tokens", Spread(200_000, 6_000_000)),
                    ],
                },
                Choice {
                    weight: 3,
                    dimensions: &[
                        ("provider", "google"),
                        ("model", "gemini-embedding-2"),
                        ("action", "index"),
                    ],
                    measures: &[
                        ("requests", Spread(10, 200)),
                        ("input_tokens", Spread(100_000, 2_000_000)),
                    ],
                },
            ],
        },
        Stream {
            name: "scan",
            category: "ai.vision",
            project: "manuals",
            by: By::User,
            rhythm: &OFFICE,
            peak: 2,
            choices: &[Choice {
                weight: 1,
                dimensions: &[
                    ("provider", "google"),
                    ("model", "gemini-3.8-flash"),
                    ("action", "scan"),
                ],
                measures: &[
                    ("images", Spread(1, 60)),
                    ("input_tokens", Spread(1_200, 90_000)),
                    ("output_tokens", Spread(300, 20_000)),
                ],
            }],
        },
        Stream {
            name: "parse",
            category: "functions.invocation",
            project: "contracts",
            by: By::Machine,
            rhythm: &NIGHTLY,
            peak: 6,
            choices: &[
                Choice {
                    weight: 3,
                    dimensions: &[("function", "parse-pdf")],
                    measures: &[
                        ("requests", Spread(1, 300)),
                        ("duration_ms", Spread(900, 400_000)),
                        ("memory_mb", Spread(512, 2_048)),
                    ],
                },
                Choice {
                    weight: 1,
                    dimensions: &[("function", "split-text")],
                    measures: &[
                        ("requests", Spread(1, 900)),
                        ("duration_ms", Spread(100, 60_000)),
                        ("memory_mb", Spread(128, 512)),
                    ],
                },
            ],
        },
    ],
};

const SEARCH: Team = Team {
    name: "search",
    users: &[
        "emma", "felix", "greta", "hugo", "ida", "jan", "katrin", "lars", "mia", "niklas", "olga", "paul",
    ],
    streams: &[
        Stream {
            name: "semantic",
            category: "search.semantic",
            project: "contracts",
            by: By::User,
            rhythm: &OFFICE,
            peak: 7,
            choices: &[
                Choice {
                    weight: 5,
                    dimensions: &[("index", "contracts")],
                    measures: &[("requests", Spread(1, 40))],
                },
                Choice {
                    weight: 3,
                    dimensions: &[("index", "manuals")],
                    measures: &[("requests", Spread(1, 25))],
                },
                Choice {
                    weight: 2,
                    dimensions: &[("index", "mail")],
                    measures: &[("requests", Spread(1, 60))],
                },
            ],
        },
        Stream {
            name: API,
            category: "api.request",
            project: "contracts",
            by: By::Machine,
            rhythm: &OFFICE,
            peak: 10,
            choices: &[
                Choice {
                    weight: 70,
                    dimensions: &[("endpoint", "/v1/search"), ("method", "POST"), ("status", "200")],
                    measures: &[("requests", Spread(20, 1_500))],
                },
                Choice {
                    weight: 24,
                    dimensions: &[
                        ("endpoint", "/v1/documents"),
                        ("method", "GET"),
                        ("status", "200"),
                    ],
                    measures: &[("requests", Spread(10, 400))],
                },
                Choice {
                    weight: 4,
                    dimensions: &[
                        ("endpoint", "/v1/documents"),
                        ("method", "GET"),
                        ("status", "404"),
                    ],
                    measures: &[("requests", Spread(1, 12))],
                },
                Choice {
                    weight: 2,
                    dimensions: &[("endpoint", "/v1/search"), ("method", "POST"), ("status", "500")],
                    measures: &[("requests", Spread(1, 6))],
                },
            ],
        },
        Stream {
            name: "database",
            category: "database.query",
            project: "contracts",
            by: By::Machine,
            rhythm: &OFFICE,
            peak: 6,
            choices: &[
                Choice {
                    weight: 5,
                    dimensions: &[("type", "vector")],
                    measures: &[
                        ("requests", Spread(100, 9_000)),
                        ("duration_ms", Spread(2_000, 900_000)),
                    ],
                },
                Choice {
                    weight: 4,
                    dimensions: &[("type", "select")],
                    measures: &[
                        ("requests", Spread(100, 20_000)),
                        ("duration_ms", Spread(500, 200_000)),
                    ],
                },
                Choice {
                    weight: 1,
                    dimensions: &[("type", "insert")],
                    measures: &[
                        ("requests", Spread(10, 3_000)),
                        ("duration_ms", Spread(100, 60_000)),
                    ],
                },
            ],
        },
        Stream {
            name: "transfer",
            category: "bandwidth.transfer",
            project: "contracts",
            by: By::Machine,
            rhythm: &OFFICE,
            peak: 2,
            choices: &[
                Choice {
                    weight: 3,
                    dimensions: &[("direction", "egress")],
                    measures: &[("bytes", Spread(40_000_000, 9_000_000_000))],
                },
                Choice {
                    weight: 1,
                    dimensions: &[("direction", "ingress")],
                    measures: &[("bytes", Spread(20_000_000, 3_000_000_000))],
                },
            ],
        },
        Stream {
            name: "presence",
            category: "collab.active_users",
            project: "contracts",
            by: By::User,
            rhythm: &OFFICE,
            peak: 5,
            choices: &[Choice {
                weight: 1,
                dimensions: &[],
                measures: &[],
            }],
        },
    ],
};

const ASSISTANT: Team = Team {
    name: "assistant",
    users: &[
        "robin", "sabine", "timo", "ulla", "vera", "walter", "yasemin", "zoe",
    ],
    streams: &[
        Stream {
            name: "answer",
            category: "ai.completion",
            project: "assistant",
            by: By::User,
            rhythm: &OFFICE,
            peak: 10,
            choices: &[
                Choice {
                    weight: 40,
                    dimensions: &[
                        ("provider", "google"),
                        ("model", "gemini-2.5-pro"),
                        ("action", "answer"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(6_400, 96_000)),
                        ("cache_read_tokens", Spread(12_800, 192_000)),
                        ("output_tokens", Spread(192, 2_560)),
                        ("reasoning_tokens", Spread(128, 4_800)),
                    ],
                },
                Choice {
                    weight: 35,
                    dimensions: &[
                        ("provider", "openai"),
                        ("model", "gpt-5.4-mini"),
                        ("action", "answer"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(4_800, 64_000)),
                        ("cache_read_tokens", Spread(6_400, 96_000)),
                        ("output_tokens", Spread(160, 1_920)),
                    ],
                },
                Choice {
                    weight: 25,
                    dimensions: &[
                        ("provider", "anthropic"),
                        ("model", "claude-haiku-5-5"),
                        ("action", "rank"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(9_600, 128_000)),
                        ("cache_read_tokens", Spread(3_200, 32_000)),
                        ("output_tokens", Spread(32, 320)),
                    ],
                },
            ],
        },
        Stream {
            name: "question",
            category: "ai.embedding",
            project: "assistant",
            by: By::User,
            rhythm: &OFFICE,
            peak: 3,
            choices: &[Choice {
                weight: 1,
                dimensions: &[
                    ("provider", "openai"),
                    ("model", "text-embedding-3-small"),
                    ("action", "question"),
                ],
                measures: &[("input_tokens", Spread(12, 400))],
            }],
        },
    ],
};
