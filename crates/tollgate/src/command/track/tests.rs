use super::Track;
use clap::{Args, Command, FromArgMatches};
use expect_test::{Expect, expect};

/// Parses the arguments of `track` and shows the event, or what is wrong.
fn check(line: &str, want: Expect) {
    let words = std::iter::once("track").chain(line.split_whitespace());
    let shown = match Track::augment_args(Command::new("track")).try_get_matches_from(words) {
        Err(error) => error.to_string().lines().next().unwrap_or_default().to_owned(),
        Ok(matches) => {
            let track = Track::from_arg_matches(&matches).unwrap();
            track.billable.unwrap().parts().map_or_else(
                |problem| problem,
                |(usage, attribution, _)| match attribution.event(&usage) {
                    Ok(event) => format!("{event}\n{}", usage.shown),
                    Err(problem) => problem,
                },
            )
        }
    };
    want.assert_eq(&shown);
}

#[test]
fn each_service_is_stored_in_base_units() {
    check(
        "api-request /users --method GET --status 200 --id 1",
        expect![[r#"
        {"id":"1","source":"cli","category":"api.request","dimensions":{"endpoint":"/users","method":"GET","status":"200"}}
        1 request"#]],
    );
    check(
        "storage --bytes 5368709120 --hours 24 --id 1",
        expect![[r#"
        {"id":"1","source":"cli","category":"storage.gb_hours","measures":{"byte_hours":"128849018880"},"dimensions":{}}
        128.84901888 GB-hours"#]],
    );
    check(
        "storage --bytes 1.5GB --hours 0.5 --class cold --id 1",
        expect![[r#"
            {"id":"1","source":"cli","category":"storage.gb_hours","measures":{"byte_hours":"750000000"},"dimensions":{"class":"cold"}}
            0.75 GB-hours"#]],
    );
    check(
        "bandwidth --bytes 524288000 --direction egress --id 1",
        expect![[r#"
            {"id":"1","source":"cli","category":"bandwidth.transfer","measures":{"bytes":"524288000"},"dimensions":{"direction":"egress"}}
            0.524288 GB egress"#]],
    );
    check(
        "compute --cpu-seconds 3600 --instance t3.medium --id 1",
        expect![[r#"
            {"id":"1","source":"cli","category":"compute.cpu","measures":{"cpu_seconds":"3600"},"dimensions":{"instance":"t3.medium"}}
            1 CPU-hours"#]],
    );
    check(
        "database-query SELECT --duration-ms 45 --id 1",
        expect![[r#"
        {"id":"1","source":"cli","category":"database.query","measures":{"duration_ms":"45"},"dimensions":{"type":"SELECT"}}
        1 query"#]],
    );
    check(
        "function sendEmail --duration-ms 120 --memory-mb 256 --id 1",
        expect![[r#"
            {"id":"1","source":"cli","category":"functions.invocation","measures":{"duration_ms":"120","memory_mb":"256"},"dimensions":{"function":"sendEmail"}}
            1 invocation"#]],
    );
}

#[test]
fn who_and_when_are_the_same_for_all() {
    check(
        "compute --cpu-seconds 0.25 --organization acme --team core --project editor --user u1 --id r-1 --source ide \
         --timestamp 2026-01-30T17:45:23.5+01:00 --dimension region=eu,zone=a --dimension rack=7",
        expect![[r#"
            {"id":"r-1","source":"ide","category":"compute.cpu","organization":"acme","team":"core","project":"editor","user":"u1","timestamp":"2026-01-30T16:45:23.5Z","measures":{"cpu_seconds":"0.25"},"dimensions":{"rack":"7","region":"eu","zone":"a"}}
            ≈ 0.000069 CPU-hours"#]],
    );
}

#[test]
fn what_cannot_be_stored_is_refused() {
    check(
        "storage --bytes 5 --hours -1",
        expect!["error: invalid value '-1' for '--hours <HOURS>': -1 is negative"],
    );
    check(
        "storage --bytes 1e17 --hours 100",
        expect!["10000000000000000000 is beyond the largest amount allowed, 10^18"],
    );
    check(
        "storage --bytes 0.5 --hours 1",
        expect!["error: invalid value '0.5' for '--bytes <BYTES>': 0.5 is no whole number of bytes"],
    );
    check(
        "bandwidth --bytes 5 --direction up",
        expect!["error: invalid value 'up' for '--direction <DIRECTION>'"],
    );
    check(
        "compute --cpu-seconds 1e-10",
        expect![
            "error: invalid value '1e-10' for '--cpu-seconds <CPU_SECONDS>': 0.0000000001 has more than 9 decimal places"
        ],
    );
    check(
        "api-request /x --status 99",
        expect!["error: invalid value '99' for '--status <STATUS>': 99 is not in 100..600"],
    );
    check(
        "function f --dimension function=g",
        expect!["--dimension function: it is given twice"],
    );
    check(
        "compute --cpu-seconds 1 --timestamp yesterday",
        expect![
            "error: invalid value 'yesterday' for '--timestamp <TIMESTAMP>': is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z"
        ],
    );
}
