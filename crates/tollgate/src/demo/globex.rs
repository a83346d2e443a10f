//! Globex: a platform for video and agents in Tokyo with customers everywhere. Never sleeps, doubled by a launch, moves
//! a great many bytes, and runs a model of its own that nobody has priced yet.
// tidy: table of data, one kind of usage after the other

use super::chance::Spread;
use super::character::{By, Character, Choice, Growth, Level, Stream, Team, WORLDWIDE};

pub(super) const GLOBEX: Character = Character {
    id: "globex",
    name: "Globex Studio",
    zone: "Asia/Tokyo",
    growth: Growth {
        first: 620,
        last: 860,
        launch: Some((38, 1_700)),
    },
    teams: &[STUDIO, AGENTS, DELIVERY],
    levels: &[
        Level {
            name: "masters",
            category: "storage.project",
            team: "studio",
            project: "studio",
            class: "standard",
            start_bytes: 475_000_000_000,
            hourly_bytes: 175_000_000,
        },
        Level {
            name: "archive",
            category: "storage.project",
            team: "delivery",
            project: "library",
            class: "archive",
            start_bytes: 1_200_000_000_000,
            hourly_bytes: 210_000_000,
        },
    ],
    tariff: &[("collab.active_users", "0"), ("mcp.execution", "0.001")],
};

/// The model without a price: sample data should show what that looks like.
pub(super) const OWN_MODEL: &str = "director-7b";

const STUDIO: Team = Team {
    name: "studio",
    users: &[
        "aiko", "bruno", "carmen", "daichi", "esther", "fumiko", "goro", "haruka", "isabel", "jiro",
    ],
    streams: &[
        Stream {
            name: "caption",
            category: "ai.completion",
            project: "studio",
            by: By::User,
            rhythm: &WORLDWIDE,
            peak: 2,
            choices: &[Choice {
                weight: 1,
                dimensions: &[
                    ("provider", "google"),
                    ("model", "gemini-2.5-flash"),
                    ("action", "caption"),
                ],
                measures: &[
                    ("input_tokens", Spread(600, 4_500)),
                    ("audio_input_tokens", Spread(6_000, 180_000)),
                    ("output_tokens", Spread(900, 18_000)),
                ],
            }],
        },
        Stream {
            name: "script",
            category: "ai.completion",
            project: "studio",
            by: By::User,
            rhythm: &WORLDWIDE,
            peak: 2,
            choices: &[
                Choice {
                    weight: 3,
                    dimensions: &[
                        ("provider", "anthropic"),
                        ("model", "claude-opus-5-5"),
                        ("action", "script"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(3_000, 60_000)),
                        ("cache_read_tokens", Spread(1_500, 45_000)),
                        ("output_tokens", Spread(1_200, 13_500)),
                    ],
                },
                Choice {
                    weight: 2,
                    dimensions: &[
                        ("provider", "globex-labs"),
                        ("model", OWN_MODEL),
                        ("action", "storyboard"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(1_500, 30_000)),
                        ("output_tokens", Spread(750, 9_000)),
                    ],
                },
            ],
        },
        Stream {
            name: "frames",
            category: "ai.vision",
            project: "studio",
            by: By::User,
            rhythm: &WORLDWIDE,
            peak: 2,
            choices: &[Choice {
                weight: 1,
                dimensions: &[("provider", "openai"), ("model", "gpt-5.4"), ("action", "frames")],
                measures: &[
                    ("images", Spread(4, 90)),
                    ("input_tokens", Spread(4_500, 90_000)),
                    ("output_tokens", Spread(300, 4_500)),
                ],
            }],
        },
        Stream {
            name: "render",
            category: "compute.cpu",
            project: "studio",
            by: By::User,
            rhythm: &WORLDWIDE,
            peak: 3,
            choices: &[
                Choice {
                    weight: 4,
                    dimensions: &[("instance", "render-32")],
                    measures: &[("cpu_seconds", Spread(150, 32_500))],
                },
                Choice {
                    weight: 1,
                    dimensions: &[("instance", "render-96")],
                    measures: &[("cpu_seconds", Spread(1_125, 112_500))],
                },
            ],
        },
    ],
};

const AGENTS: Team = Team {
    name: "agents",
    users: &[
        "kenji", "lucia", "marco", "naomi", "oscar", "pilar", "ren", "sakura",
    ],
    streams: &[
        Stream {
            name: "agent",
            category: "ai.completion",
            project: "agents",
            by: By::Session,
            rhythm: &WORLDWIDE,
            peak: 4,
            choices: &[
                Choice {
                    weight: 5,
                    dimensions: &[
                        ("provider", "openai"),
                        ("model", "gpt-5.6-terra"),
                        ("action", "agent"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(3_000, 48_000)),
                        ("cache_read_tokens", Spread(8_000, 180_000)),
                        ("output_tokens", Spread(400, 6_000)),
                        ("reasoning_tokens", Spread(200, 10_000)),
                    ],
                },
                Choice {
                    weight: 3,
                    dimensions: &[("provider", "xai"), ("model", "grok-4.7"), ("action", "agent")],
                    measures: &[
                        ("input_tokens", Spread(3_000, 48_000)),
                        ("cache_read_tokens", Spread(4_000, 80_000)),
                        ("output_tokens", Spread(400, 5_200)),
                    ],
                },
                Choice {
                    weight: 2,
                    dimensions: &[
                        ("provider", "google"),
                        ("model", "gemini-3.8-flash"),
                        ("action", "research"),
                    ],
                    measures: &[
                        ("input_tokens", Spread(2_000, 60_000)),
                        ("output_tokens", Spread(400, 4_800)),
                        ("web_searches", Spread(1, 5)),
                    ],
                },
            ],
        },
        Stream {
            name: "sandbox",
            category: "compute.agent",
            project: "agents",
            by: By::User,
            rhythm: &WORLDWIDE,
            peak: 2,
            choices: &[Choice {
                weight: 1,
                dimensions: &[("machine", "4-cpu")],
                measures: &[("seconds", Spread(30, 3_600))],
            }],
        },
        Stream {
            name: "tools",
            category: "mcp.execution",
            project: "agents",
            by: By::User,
            rhythm: &WORLDWIDE,
            peak: 2,
            choices: &[
                Choice {
                    weight: 2,
                    dimensions: &[("tool", "browse"), ("server", "web")],
                    measures: &[("requests", Spread(1, 30)), ("seconds", Spread(2, 200))],
                },
                Choice {
                    weight: 1,
                    dimensions: &[("tool", "cut"), ("server", "timeline")],
                    measures: &[("requests", Spread(1, 12)), ("seconds", Spread(5, 400))],
                },
            ],
        },
        Stream {
            name: "presence",
            category: "collab.active_users",
            project: "agents",
            by: By::User,
            rhythm: &WORLDWIDE,
            peak: 2,
            choices: &[Choice {
                weight: 1,
                dimensions: &[],
                measures: &[],
            }],
        },
    ],
};

const DELIVERY: Team = Team {
    name: "delivery",
    users: &["tomas", "ursula", "yui"],
    streams: &[
        Stream {
            name: "transfer",
            category: "bandwidth.transfer",
            project: "library",
            by: By::Machine,
            rhythm: &WORLDWIDE,
            peak: 2,
            choices: &[
                Choice {
                    weight: 5,
                    dimensions: &[("direction", "egress")],
                    measures: &[("bytes", Spread(166_666_667, 20_000_000_000))],
                },
                Choice {
                    weight: 1,
                    dimensions: &[("direction", "ingress")],
                    measures: &[("bytes", Spread(66_666_667, 13_333_333_333))],
                },
            ],
        },
        Stream {
            name: "api",
            category: "api.request",
            project: "library",
            by: By::Machine,
            rhythm: &WORLDWIDE,
            peak: 3,
            choices: &[
                Choice {
                    weight: 80,
                    dimensions: &[
                        ("endpoint", "/v1/videos/{id}"),
                        ("method", "GET"),
                        ("status", "200"),
                    ],
                    measures: &[("requests", Spread(20, 4_000))],
                },
                Choice {
                    weight: 14,
                    dimensions: &[("endpoint", "/v1/videos"), ("method", "POST"), ("status", "201")],
                    measures: &[("requests", Spread(1, 16))],
                },
                Choice {
                    weight: 6,
                    dimensions: &[
                        ("endpoint", "/v1/videos/{id}"),
                        ("method", "GET"),
                        ("status", "403"),
                    ],
                    measures: &[("requests", Spread(1, 18))],
                },
            ],
        },
        Stream {
            name: "thumbnail",
            category: "functions.invocation",
            project: "library",
            by: By::Machine,
            rhythm: &WORLDWIDE,
            peak: 2,
            choices: &[Choice {
                weight: 1,
                dimensions: &[("function", "thumbnail")],
                measures: &[
                    ("requests", Spread(5, 900)),
                    ("duration_ms", Spread(1_000, 300_000)),
                    ("memory_mb", Spread(256, 1_024)),
                ],
            }],
        },
    ],
};
