//! The files of a repository as text, in the order of their paths.
//!
//! Reads what git would commit: tracked files and new ones that are not ignored. Files that are not UTF-8 are left out: no rule
//! has anything to say about them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::token::{Kind, Language, Token, tokens};

/// One text file.
pub(crate) struct File {
    /// Path from the root of the repository, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The language by the path's ending, or `None` for prose and unknown formats.
    pub(crate) language: Option<Language>,
}

impl File {
    fn new(path: String, text: String) -> File {
        let language = Language::of(&path);
        File { path, text, language }
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(&*self.path, |(_, name)| name)
    }

    /// The path without its last part, empty at the root.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The path that `relative` means when this file names it.
    pub(crate) fn beside(&self, relative: &str) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in self.folder().split('/').chain(relative.split('/')) {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        parts.join("/")
    }

    /// The file cut into tokens; nothing for a file without a language.
    pub(crate) fn tokens(&self) -> Vec<Token<'_>> {
        self.language
            .map_or_else(Vec::new, |language| tokens(language, &self.text))
    }

    /// The tokens less the comments.
    pub(crate) fn code(&self) -> Vec<Token<'_>> {
        self.tokens()
            .into_iter()
            .filter(|token| token.kind != Kind::Comment)
            .collect()
    }

    /// Whether people did not write it by hand, or its length is that of the data in it.
    pub(crate) fn is_generated(&self) -> bool {
        const FOLDERS: [&str; 4] = ["generated", "fixtures", "snapshots", "testdata"];
        self.folder().split('/').any(|part| FOLDERS.contains(&part))
            || self
                .text
                .lines()
                .take(5)
                .any(|line| line.contains(concat!("@", "generated")))
    }
}

/// All text files of a repository.
pub(crate) struct Tree {
    files: BTreeMap<String, File>,
}

impl Tree {
    /// Reads the repository at `root`.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Tree> {
        let listing = Command::new("git")
            // The clone may belong to another user than the one who runs the tests; listing its files is harmless.
            .args([
                "-c",
                "safe.directory=*",
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(root)
            .output()
            .context("git is needed to list the repository's files")?;
        if !listing.status.success() {
            bail!(
                "git ls-files: {}",
                String::from_utf8_lossy(&listing.stderr).trim()
            );
        }
        let mut files = BTreeMap::new();
        for path in String::from_utf8(listing.stdout)?.split_terminator('\0') {
            match std::fs::read(root.join(path)) {
                Ok(bytes) => {
                    if let Ok(text) = String::from_utf8(bytes) {
                        files.insert(path.to_owned(), File::new(path.to_owned(), text));
                    }
                }
                // Deleted but not yet committed, or a submodule.
                Err(error) if is_no_file(&error) => {}
                Err(error) => return Err(error).with_context(|| path.to_owned()),
            }
        }
        Ok(Tree { files })
    }

    /// Makes a tree from a script: a line `== path` starts a file, the lines after it are its text. The indentation that all
    /// lines share is dropped.
    #[cfg(test)]
    pub(crate) fn of(script: &str) -> Tree {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let margin = script
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(indent)
            .min()
            .unwrap_or(0);
        let lines = script.lines().map(|line| line.get(margin..).unwrap_or(""));
        let mut texts: Vec<(&str, String)> = Vec::new();
        for line in lines {
            if let Some(path) = line.strip_prefix("== ") {
                texts.push((path, String::new()));
            } else if let Some((_, text)) = texts.last_mut() {
                text.push_str(line);
                text.push('\n');
            }
        }
        let files = texts
            .into_iter()
            .map(|(path, text)| (path.to_owned(), File::new(path.to_owned(), text)));
        Tree {
            files: files.collect(),
        }
    }

    /// Every file, by path.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.values()
    }

    /// Whether a file or a folder stands at `path`; the root does.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        let in_folder = self
            .files
            .range(folder.clone()..)
            .next()
            .is_some_and(|(first, _)| first.starts_with(&folder));
        path.is_empty() || self.files.contains_key(path) || in_folder
    }

    /// The file at `path`.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }
}

fn is_no_file(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::IsADirectory
    )
}
