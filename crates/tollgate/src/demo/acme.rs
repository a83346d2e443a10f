//! Acme: an AI code editor in California. Office hours, steady growth, and most of its money goes to coding agents.
// tidy: table of data, one kind of usage after the other

use super::chance::Spread;
use super::character::{By, Character, Choice, Growth, Level, OFFICE, Stream, Team};

pub(super) const ACME: Character = Character {
    id: "acme",
    name: "Acme Editor",
    zone: "America/Los_Angeles",
    growth: Growth {
        first: 550,
        last: 1450,
        launch: None,
    },
    teams: &[EDITOR, AGENTS, PLATFORM],
    levels: &[
        Level {
            name: "workspaces",
            category: "storage.project",
            team: "editor",
            project: "editor",
            class: "ssd",
            start_bytes: 140_000_000_000,
            hourly_bytes: 45_000_000,
        },
        Level {
            name: "artifacts",
            category: "storage.project",
            team: "platform",
            project: "builds",
            class: "standard",
            start_bytes: 260_000_000_000,
            hourly_bytes: 65_000_000,
        },
        Level {
            name: "index",
            category: "storage.knowledge",
            team: "editor",
            project: "editor",
            class: "ssd",
            start_bytes: 24_000_000_000,
            hourly_bytes: 9_000_000,
        },
    ],
    tariff: &[
        ("api.github", "0"),
        ("collab.active_users", "0"),
        ("mcp.execution", "0.0008"),
        ("search.code", "0.0002"),
    ],
};

const EDITOR: Team = Team {
    name: "editor",
    users: &[
        "ada", "ben", "chloe", "dmitri", "elif", "farah", "gus", "hana", "ivan", "jonas", "kaia", "liam",
        "mei", "noor",
    ],
    streams: &[
        // One event stands for a minute of typing, so it has more than one request.
        Stream {
            name: "autocomplete",
            category: "ai.completion",
            project: "editor",
            by: By::User,
            rhythm: &OFFICE,
            peak: 9,
            choices: &[
                Choice {
                    weight: 65,
                    dimensions: &[
                        ("provider", "xai"),
                        ("model", "grok-code-fast-1"),
                        ("action", "autocomplete"),
                    ],
                    measures: &[
                        ("requests", Spread(3, 60)),
                        ("input_tokens", Spread(3_000, 60_000)),
                        ("cache_read_tokens", Spread(10_000, 240_000)),
                        ("output_tokens", Spread(200, 4_000)),
                    ],
                },
                Choice {
                    weight: 35,
                    dimensions: &[
                        ("provider", "openai"),
                        ("model", "gpt-5.4-nano"),
                        ("action", "autocomplete"),
                    ],
                    measures: &[
                        ("requests", Spread(3, 60)),
                        ("input_tokens", Spread(3_000, 50_000)),
                        ("cache_read_tokens", Spread(8_000, 200_000)),
                        ("output_tokens", Spread(200, 3_000)),
                    ],
                },
            ],
        },
        Stream {
            name: "chat",
            category: "ai.completion",
            project: "editor",
            by: By::User,
            rhythm: &OFFICE,
            peak: 8,
            choices: &[
                Choice {
                    weight: 50,
                    dimensions: &[
                        ("provider", "anthropic"),
                        ("model", "claude-sonnet-5-5"),
                        ("action", "chat"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(1_200, 18_000)),
                        ("cache_read_tokens", Spread(4_000, 120_000)),
                        ("cache_write_5m_tokens", Spread(400, 8_000)),
                        ("output_tokens", Spread(300, 5_200)),
                    ],
                },
                Choice {
                    weight: 25,
                    dimensions: &[
                        ("provider", "openai"),
                        ("model", "gpt-6.1-sol"),
                        ("action", "chat"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(1_200, 24_000)),
                        ("cache_read_tokens", Spread(2_000, 100_000)),
                        ("output_tokens", Spread(240, 3_600)),
                        ("reasoning_tokens", Spread(120, 12_000)),
                    ],
                },
                Choice {
                    weight: 15,
                    dimensions: &[
                        ("provider", "google"),
                        ("model", "gemini-3.8-flash"),
                        ("action", "chat"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(1_800, 40_000)),
                        ("output_tokens", Spread(300, 4_000)),
                    ],
                },
                Choice {
                    weight: 10,
                    dimensions: &[
                        ("provider", "anthropic"),
                        ("model", "claude-haiku-5-5"),
                        ("action", "title"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(400, 4_000)),
                        ("output_tokens", Spread(16, 120)),
                    ],
                },
            ],
        },
        Stream {
            name: "presence",
            category: "collab.active_users",
            project: "editor",
            by: By::User,
            rhythm: &OFFICE,
            peak: 5,
            choices: &[Choice {
                weight: 1,
                dimensions: &[],
                measures: &[],
            }],
        },
        Stream {
            name: "code-search",
            category: "search.code",
            project: "editor",
            by: By::User,
            rhythm: &OFFICE,
            peak: 3,
            choices: &[
                Choice {
                    weight: 3,
                    dimensions: &[("index", "workspace")],
                    measures: &[("requests", Spread(1, 30))],
                },
                Choice {
                    weight: 1,
                    dimensions: &[("index", "dependencies")],
                    measures: &[("requests", Spread(1, 12))],
                },
            ],
        },
    ],
};

const AGENTS: Team = Team {
    name: "agents",
    users: &["omar", "priya", "quinn", "rosa", "sven", "tara", "uma", "viktor"],
    streams: &[
        Stream {
            name: "agent",
            category: "ai.completion",
            project: "agents",
            by: By::Session,
            rhythm: &OFFICE,
            peak: 7,
            choices: &[
                Choice {
                    weight: 55,
                    dimensions: &[
                        ("provider", "anthropic"),
                        ("model", "claude-opus-5-5"),
                        ("action", "agent"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(3_750, 75_000)),
                        ("cache_read_tokens", Spread(25_000, 400_000)),
                        ("cache_write_1h_tokens", Spread(1_000, 20_000)),
                        ("output_tokens", Spread(1_000, 15_000)),
                    ],
                },
                Choice {
                    weight: 45,
                    dimensions: &[
                        ("provider", "openai"),
                        ("model", "gpt-5.3-codex"),
                        ("action", "agent"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(5_000, 100_000)),
                        ("cache_read_tokens", Spread(20_000, 300_000)),
                        ("output_tokens", Spread(750, 12_500)),
                        ("reasoning_tokens", Spread(500, 22_500)),
                    ],
                },
            ],
        },
        Stream {
            name: "review",
            category: "ai.completion",
            project: "review",
            by: By::User,
            rhythm: &OFFICE,
            peak: 2,
            choices: &[Choice {
                weight: 1,
                dimensions: &[
                    ("provider", "anthropic"),
                    ("model", "claude-sonnet-5-5"),
                    ("action", "review"),
                ],
                measures: &[
                    ("input_tokens", Spread(3_000, 60_000)),
                    ("cache_read_tokens", Spread(1_000, 20_000)),
                    ("output_tokens", Spread(300, 4_000)),
                ],
            }],
        },
        Stream {
            name: "sandbox",
            category: "compute.agent",
            project: "agents",
            by: By::User,
            rhythm: &OFFICE,
            peak: 4,
            choices: &[
                Choice {
                    weight: 4,
                    dimensions: &[("machine", "4-cpu")],
                    measures: &[("seconds", Spread(20, 1_800))],
                },
                Choice {
                    weight: 1,
                    dimensions: &[("machine", "16-cpu")],
                    measures: &[("seconds", Spread(60, 5_400))],
                },
            ],
        },
        Stream {
            name: "tools",
            category: "mcp.execution",
            project: "agents",
            by: By::User,
            rhythm: &OFFICE,
            peak: 3,
            choices: &[
                Choice {
                    weight: 5,
                    dimensions: &[("tool", "read_file"), ("server", "workspace")],
                    measures: &[("requests", Spread(1, 60)), ("seconds", Spread(1, 30))],
                },
                Choice {
                    weight: 3,
                    dimensions: &[("tool", "run_tests"), ("server", "workspace")],
                    measures: &[("requests", Spread(1, 6)), ("seconds", Spread(5, 600))],
                },
                Choice {
                    weight: 2,
                    dimensions: &[("tool", "search"), ("server", "web")],
                    measures: &[("requests", Spread(1, 10)), ("seconds", Spread(1, 40))],
                },
            ],
        },
        Stream {
            name: "github",
            category: "api.github",
            project: "review",
            by: By::Machine,
            rhythm: &OFFICE,
            peak: 2,
            choices: &[
                Choice {
                    weight: 3,
                    dimensions: &[("endpoint", "/repos/{repo}/pulls")],
                    measures: &[("requests", Spread(1, 40))],
                },
                Choice {
                    weight: 2,
                    dimensions: &[("endpoint", "/repos/{repo}/contents")],
                    measures: &[("requests", Spread(5, 200))],
                },
            ],
        },
    ],
};

const PLATFORM: Team = Team {
    name: "platform",
    users: &["wes", "xena", "yuki"],
    streams: &[
        Stream {
            name: "build",
            category: "compute.build",
            project: "builds",
            by: By::User,
            rhythm: &OFFICE,
            peak: 3,
            choices: &[
                Choice {
                    weight: 3,
                    dimensions: &[("machine", "linux-4")],
                    measures: &[("seconds", Spread(60, 1_500))],
                },
                Choice {
                    weight: 2,
                    dimensions: &[("machine", "linux-16")],
                    measures: &[("seconds", Spread(120, 3_600))],
                },
            ],
        },
        Stream {
            name: "api",
            category: "api.request",
            project: "editor",
            by: By::Machine,
            rhythm: &OFFICE,
            peak: 4,
            choices: &[
                Choice {
                    weight: 60,
                    dimensions: &[
                        ("endpoint", "/v1/complete"),
                        ("method", "POST"),
                        ("status", "200"),
                    ],
                    measures: &[("requests", Spread(50, 3_000))],
                },
                Choice {
                    weight: 30,
                    dimensions: &[
                        ("endpoint", "/v1/workspaces"),
                        ("method", "GET"),
                        ("status", "200"),
                    ],
                    measures: &[("requests", Spread(20, 600))],
                },
                Choice {
                    weight: 6,
                    dimensions: &[
                        ("endpoint", "/v1/complete"),
                        ("method", "POST"),
                        ("status", "429"),
                    ],
                    measures: &[("requests", Spread(1, 60))],
                },
                Choice {
                    weight: 4,
                    dimensions: &[
                        ("endpoint", "/v1/workspaces"),
                        ("method", "GET"),
                        ("status", "404"),
                    ],
                    measures: &[("requests", Spread(1, 20))],
                },
            ],
        },
    ],
};
