use super::request::Request;
use super::*;
use crate::output::{Format, Style, render};
use clap::{Command, FromArgMatches};
use expect_test::{Expect, expect};

fn request(line: &str) -> Request {
    let words = std::iter::once("usage").chain(line.split_whitespace());
    let matches = Usage::augment_args(Command::new("usage"))
        .try_get_matches_from(words)
        .unwrap();
    let usage = Usage::from_arg_matches(&matches).unwrap();
    Request::at(usage, "2026-03-30T10:20:30Z".parse().unwrap()).unwrap()
}

fn check_request(line: &str, want: Expect) {
    want.assert_eq(&serde_json::to_string(&request(line)).unwrap());
}

/// Shows an answer in a format, with the notes behind it.
fn check_answer(line: &str, format: Format, answer: &str, want: Expect) {
    let (sheet, notes) = rows::sheet(answer.to_owned(), &request(line)).unwrap();
    let mut shown = Vec::new();
    render(&sheet, format, Style::PLAIN, &mut shown).unwrap();
    let notes: String = notes.iter().map(|note| format!("({note})\n")).collect();
    want.assert_eq(&(String::from_utf8(shown).unwrap() + &notes));
}

#[test]
fn flags_become_a_question() {
    check_request(
        "",
        expect![[
            r#"{"measures":["cost","requests"],"aggregate":"sum","group_by":[],"bucket":"none","timezone":"UTC","from":"2026-03-01T00:00:00Z","to":"2026-03-31T00:00:00Z","filters":[]}"#
        ]],
    );
    check_request(
        "-m input_tokens,cost -g model,team -b day --timezone Europe/Berlin --from 2026-01-01 --to 2026-02-01 \
         --category ai.* --user u1 -f provider=openai,xai --order-by -cost --limit 5 --compare",
        expect![[
            r#"{"measures":["input_tokens","cost"],"aggregate":"sum","group_by":["model","team"],"bucket":"day","timezone":"Europe/Berlin","from":"2025-12-31T23:00:00Z","to":"2026-01-31T23:00:00Z","filters":[{"field":"category","op":"matches","value":"ai.*"},{"field":"user","op":"eq","value":"u1"},{"field":"provider","op":"in","value":["openai","xai"]}],"order_by":"-cost","limit":5,"compare":"previous_period"}"#
        ]],
    );
    check_request(
        "--aggregate count-distinct --field user -m requests",
        expect![[
            r#"{"measures":["requests"],"aggregate":"count_distinct","field":"user","group_by":[],"bucket":"none","timezone":"UTC","from":"2026-03-01T00:00:00Z","to":"2026-03-31T00:00:00Z","filters":[]}"#
        ]],
    );
}

const ANSWER: &str = r#"{"rows":[
    {"model":"gpt-4o","cost":"1234.50","requests":"8819"},
    {"model":"=cmd|x","cost":"0.000000000001","requests":"2"},
    {"model":null,"cost":null,"requests":"1"}],
  "total":{"cost":"1234.500000000001","requests":"8822","unpriced":"1"},"truncated":true,"as_of":"2026-03-30T10:20:30Z"}"#;

#[test]
fn rows_are_shown_in_every_format() {
    check_answer(
        "-g model",
        Format::Table,
        ANSWER,
        expect![[r#"
             model                  cost   requests   share
            ───────────────────────────────────────────────────────────────────
             gpt-4o   1,234.50                8,819   ████████████████ 100.0 %
             =cmd|x       0.000000000001          2                      0.0 %
             (none)                               1
             total    1,234.500000000001      8,822
            (only the first 3 rows; --limit shows more)
            (1 events have no price and are not in the cost; `tollgate prices create` gives them one)
        "#]],
    );
    check_answer(
        "-g model",
        Format::Md,
        ANSWER,
        expect![[r#"
        | model | cost | requests |
        | --- | ---: | ---: |
        | gpt-4o | 1,234.50 | 8,819 |
        | =cmd\|x | 0.000000000001 | 2 |
        | (none) |  | 1 |
        | **total** | **1,234.500000000001** | **8,822** |
        (only the first 3 rows; --limit shows more)
        (1 events have no price and are not in the cost; `tollgate prices create` gives them one)
    "#]],
    );
    check_answer(
        "-g model",
        Format::Csv,
        ANSWER,
        expect![[r#"
        model,cost,requests
        gpt-4o,1234.50,8819
        '=cmd|x,0.000000000001,2
        ,,1
        (only the first 3 rows; --limit shows more)
        (1 events have no price and are not in the cost; `tollgate prices create` gives them one)
    "#]],
    );
    check_answer(
        "-g model",
        Format::Ndjson,
        ANSWER,
        expect![[r#"
        {"model":"gpt-4o","cost":"1234.50","requests":"8819"}
        {"model":"=cmd|x","cost":"0.000000000001","requests":"2"}
        {"model":null,"cost":null,"requests":"1"}
        (only the first 3 rows; --limit shows more)
        (1 events have no price and are not in the cost; `tollgate prices create` gives them one)
    "#]],
    );
    check_answer(
        "-g model",
        Format::Table,
        r#"{"rows":[],"total":{"cost":"0"}}"#,
        expect![[r#"
            nothing found
        "#]],
    );
}

#[test]
fn a_cost_that_nobody_knows_is_called_so() {
    let answer = r#"{"rows":[
        {"model":"a","cost":"2.5","unpriced":0,"requests":"1"},{"model":"b","cost":null,"unpriced":3,"requests":"3"}],
      "total":{"cost":"2.5","unpriced":3,"requests":"4"},"truncated":false}"#;
    check_answer(
        "-g model",
        Format::Table,
        answer,
        expect![[r#"
         model      cost   requests   unpriced   share
        ──────────────────────────────────────────────────────────────────
         a           2.5          1          0   ████████████████ 100.0 %
         b       unknown          3          3
         total       2.5          4          3
        (3 events have no price and are not in the cost; `tollgate prices create` gives them one)
    "#]],
    );
    check_answer(
        "-g model",
        Format::Csv,
        answer,
        expect![[r#"
        model,cost,requests,unpriced
        a,2.5,1,0
        b,,3,3
        (3 events have no price and are not in the cost; `tollgate prices create` gives them one)
    "#]],
    );
    let answer = r#"{"rows":[{"cost":null,"unpriced":3,"requests":"3"}],"total":{"cost":null,"unpriced":3,"requests":"3"}}"#;
    check_answer(
        "",
        Format::Md,
        answer,
        expect![[r#"
        | cost | requests | unpriced |
        | ---: | ---: | ---: |
        | unknown | 3 | 3 |
        | **unknown** | **3** | **3** |
        (3 events have no price and are not in the cost; `tollgate prices create` gives them one)
    "#]],
    );
}

#[test]
fn what_does_not_add_up_has_no_shares() {
    check_answer(
        "-g model -m requests --aggregate p95",
        Format::Table,
        r#"{"rows":[{"model":"a","requests":"9"},{"model":"b","requests":"7.5"}],"total":{"requests":"8"}}"#,
        expect![[r#"
             model   requests
            ──────────────────
             a            9
             b            7.5
             total        8
        "#]],
    );
}

#[test]
fn stretches_of_time_are_named_as_the_zone_does() {
    let answer = r#"{"rows":[
        {"bucket_start":"2026-03-28T23:00:00Z","cost":"3","previous":{"cost":"2"}},
        {"bucket_start":"2026-03-29T22:00:00Z","cost":"1","previous":{"cost":"0"}}],"total":{"cost":"4"},"truncated":false}"#;
    check_answer(
        "-b day -m cost --timezone Europe/Berlin --compare",
        Format::Table,
        answer,
        expect![[r#"
             day          cost    change   share
            ────────────────────────────────────────────────────────
             2026-03-29      3   +50.0 %   ████████████      75.0 %
             2026-03-30      1             ████              25.0 %
             total           4
        "#]],
    );
    check_answer(
        "-b hour -m cost --timezone Europe/Berlin",
        Format::Table,
        answer,
        expect![[r#"
             hour                      cost    change   share
            ─────────────────────────────────────────────────────────────────────
             2026-03-29 00:00 +01:00      3   +50.0 %   ████████████      75.0 %
             2026-03-30 00:00 +02:00      1             ████              25.0 %
             total                        4
        "#]],
    );
    check_answer(
        "-b month -m cost --timezone Europe/Berlin",
        Format::Csv,
        answer,
        expect![[r#"
            month,cost,change
            2026-03-28T23:00:00Z,3,+50.0 %
            2026-03-29T22:00:00Z,1,
        "#]],
    );
}
