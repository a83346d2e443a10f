use super::*;
use expect_test::{Expect, expect, expect_file};

/// Loads a file and an environment, and shows what differs from the default, what is noted, or what is wrong.
fn check(file: &str, variables: &[(&str, &str)], want: Expect) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tollgate.toml");
    std::fs::write(&path, file).unwrap();
    let environment: Environment = [("HOME", "/home/ada")]
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let flags = Flags {
        config: Some(path),
        ..Flags::default()
    };
    let shown = match Effective::load(&flags, &environment) {
        Ok(effective) => {
            let changed = page(&effective.layers);
            let changed = changed.lines().filter(|line| line.contains("# from"));
            let notes = effective
                .layers
                .notes()
                .iter()
                .map(|note| format!("note: {note}"));
            changed
                .map(str::to_owned)
                .chain(notes)
                .collect::<Vec<_>>()
                .join("\n")
        }
        Err(error) => format!("{error:#}"),
    };
    want.assert_eq(&shown.replace(&folder.path().display().to_string(), "DIR"));
}

#[test]
fn the_default_is_complete_and_parses() {
    let environment = [("HOME".to_owned(), "/home/ada".to_owned())]
        .into_iter()
        .collect();
    let effective = Effective::load(&Flags::default(), &environment).unwrap();
    assert_eq!(
        effective.config.store.data,
        Path::new("/home/ada/.local/share/tollgate")
    );
    assert_eq!(effective.config.server.listen.port(), 8787);
    assert_eq!(effective.config.client.batch_timeout(), Duration::from_secs(5));
    assert!(page(&effective.layers).parse::<toml::Table>().is_ok());
}

#[test]
fn later_sources_win() {
    check(
        "[server]\nlisten = \"127.0.0.1:1\"\nconnections_max = 5\n[log]\nformat = \"json\"\n",
        &[
            ("TOLLGATE_SERVER__LISTEN", "0.0.0.0:2"),
            ("USAGE_BATCH_SIZE", "7"),
            ("TOLLGATE_CLIENT__BATCH_EVENTS", "8"),
        ],
        expect![[r#"
            batch_events = 8  # from TOLLGATE_CLIENT__BATCH_EVENTS
            format = "json"  # from DIR/tollgate.toml
            connections_max = 5  # from DIR/tollgate.toml
            listen = "0.0.0.0:2"  # from TOLLGATE_SERVER__LISTEN"#]],
    );
}

#[test]
fn every_problem_is_said_at_once_with_its_source() {
    check(
        "top = 1\n[server]\nlisen = \"127.0.0.1:1\"\nconnections_max = \"many\"\nheader_timeout_ms = 0\n\
         [sever]\nlisten = \"x\"\n[log]\nformat = \"xml\"\nlevel = \"loud=\"\n[ingest]\npast_from = \"soon\"\nzone = 1\n",
        &[
            ("TOLLGATE_STORE__DATE", "/x"),
            ("TOLLGATE_GATEWAY__PROVIDERS__OPENAI__BASE_URL", "x"),
            ("TOLLGATE_CLIENT__BATCH_EVENTS", "1e3"),
            ("TOLLGATE_SERVER__LISTEN", "localhost"),
        ],
        expect![[r#"
            the configuration is wrong
              DIR/tollgate.toml: unknown key top; `tollgate config default` lists every key
              DIR/tollgate.toml: unknown key ingest.zone; known here: ingest.future_max_seconds, ingest.past_from
              DIR/tollgate.toml: server.connections_max wants a whole number, found `"many"`
              DIR/tollgate.toml: unknown key server.lisen; did you mean server.listen?
              DIR/tollgate.toml: unknown key sever.listen; did you mean server.listen?
              TOLLGATE_CLIENT__BATCH_EVENTS: client.batch_events wants a whole number, found `1e3`
              TOLLGATE_GATEWAY__PROVIDERS__OPENAI__BASE_URL: unknown key; `tollgate config default` lists every key
              TOLLGATE_STORE__DATE: unknown key; did you mean TOLLGATE_STORE__DATA?
              DIR/tollgate.toml: ingest.past_from: is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z
              DIR/tollgate.toml: log.format: unknown variant `xml`, expected `pretty` or `json`
              DIR/tollgate.toml: server.header_timeout_ms: invalid value: integer `0`, expected a nonzero u64
              TOLLGATE_SERVER__LISTEN: server.listen: invalid socket address syntax"#]],
    );
}

#[test]
fn a_broken_file_is_shown_where_it_breaks() {
    check(
        "[server\nlisten = 1\n",
        &[],
        expect![[r#"
        the configuration is wrong
          DIR/tollgate.toml: TOML parse error at line 1, column 8
          |
        1 | [server
          |        ^
        unclosed table, expected `]`"#]],
    );
}

#[test]
fn names_of_the_source_documents_are_accepted() {
    check(
        "",
        &[
            ("USAGE_BATCH_SIZE", "500"),
            ("USAGE_BATCH_TIMEOUT", "10"),
            ("USAGE_STORAGE_PATH", "/data/usage_tracking"),
            ("USAGE_ALERT_WARNING", "75"),
            ("USAGE_OF_SOMETHING_ELSE", "1"),
        ],
        expect![[r#"
            batch_events = 500  # from USAGE_BATCH_SIZE
            batch_timeout_ms = 10000  # from USAGE_BATCH_TIMEOUT
            data = "/data/usage_tracking"  # from USAGE_STORAGE_PATH
            note: USAGE_ALERT_WARNING has no counterpart in this version and is not used"#]],
    );
    check(
        "",
        &[("USAGE_BATCH_TIMEOUT", "9223372036854775807")],
        expect![[r#"
        the configuration is wrong
          USAGE_BATCH_TIMEOUT: client.batch_timeout_ms wants a whole number, found `9223372036854775807`"#]],
    );
}

#[test]
fn one_underscore_is_noticed_and_an_orchestrators_variable_is_not() {
    check(
        "",
        &[
            ("TOLLGATE_SERVER_LISTEN", "0.0.0.0:1"),
            ("TOLLGATE_PORT", "tcp://10.0.0.1:8787"),
            ("TOLLGATE_URL", "x"),
        ],
        expect!["note: TOLLGATE_SERVER_LISTEN is not used; did you mean TOLLGATE_SERVER__LISTEN?"],
    );
}

#[test]
fn a_named_file_must_be_there() {
    let flags = Flags {
        config: Some("/nowhere/tollgate.toml".into()),
        ..Flags::default()
    };
    let error = Effective::load(&flags, &Environment::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the configuration file /nowhere/tollgate.toml cannot be read")
    );
}

#[test]
fn flags_win_over_everything() {
    let environment: Environment = [("TOLLGATE_STORE__DATA".to_owned(), "/variable".to_owned())]
        .into_iter()
        .collect();
    let flags = Flags {
        data: Some("/flag".into()),
        listen: Some("127.0.0.1:3".parse().unwrap()),
        ..Flags::default()
    };
    let config = Effective::load(&flags, &environment).unwrap().config;
    assert_eq!(config.store.data, Path::new("/flag"));
    assert_eq!(config.server.listen.port(), 3);
}

/// The page for users is made from the default; `UPDATE_EXPECT=1 cargo test` writes it anew.
#[test]
fn the_page_of_every_key_is_up_to_date() {
    expect_file!["../../../../docs/configuration.md"].assert_eq(&documentation());
}

fn documentation() -> String {
    let mut page = "# Configuration\n\n".to_owned();
    let mut section = String::new();
    let mut remark: Vec<&str> = Vec::new();
    for line in DEFAULT.lines() {
        if let Some(text) = line.strip_prefix('#') {
            remark.push(text.trim());
        } else if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
            page.push_str(&format!(
                "## {section}\n\n| key | default | meaning |\n| --- | --- | --- |\n"
            ));
        } else if let Some((name, value)) = line.split_once(" = ") {
            let key = format!("{section}.{name}");
            page.push_str(&format!(
                "| `{key}`<br>`{}` | `{value}` | {} |\n",
                layer::variable_of(&key),
                remark.join(" ")
            ));
            remark.clear();
        } else {
            if section.is_empty() {
                page.push_str(&format!("{}\n", remark.join("\n")));
            }
            page.push('\n');
            remark.clear();
        }
    }
    page.push_str(&aliases());
    page
}

fn aliases() -> String {
    let mut page =
        "\n## Other names\n\nThese variables stand for keys above:\n\n| variable | key |\n| --- | --- |\n"
            .to_owned();
    for layer::Alias {
        variable,
        key,
        factor,
    } in layer::ALIASES
    {
        let unit = if *factor == 1 {
            String::new()
        } else {
            format!(", in units of {factor}")
        };
        page.push_str(&format!("| `{variable}` | `{key}`{unit} |\n"));
    }
    page
}
