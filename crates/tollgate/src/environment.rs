//! The environment variables, read once: nothing else in the product reads them.
//!
//! Also here: the folders the XDG conventions name, because they are made of nothing but variables.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A copy of the environment, so that tests can make one up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Reads the environment of this process; a value that is no Unicode is read with replacement marks.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .collect()
    }

    /// The value of a variable; set to nothing counts as not set.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// All variables whose name starts so, in order.
    pub(crate) fn starting_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.variables
            .range(prefix.to_owned()..)
            .take_while(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Where configuration is looked for: `$XDG_CONFIG_HOME/tollgate/tollgate.toml`.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        Some(self.folder("XDG_CONFIG_HOME", ".config")?.join("tollgate.toml"))
    }

    /// Where the store lives unless configured: `$XDG_DATA_HOME/tollgate`.
    pub(crate) fn data_folder(&self) -> Option<PathBuf> {
        self.folder("XDG_DATA_HOME", ".local/share")
    }

    /// Where a running server notes its address: `$XDG_STATE_HOME/tollgate`.
    pub(crate) fn state_folder(&self) -> Option<PathBuf> {
        self.folder("XDG_STATE_HOME", ".local/state")
    }

    fn folder(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        // The XDG specification has relative paths ignored.
        let named = self
            .value(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute());
        let folder = named.or_else(|| Some(PathBuf::from(self.value("HOME")?).join(below_home)))?;
        Some(folder.join("tollgate"))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self {
            variables: variables.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn folders_follow_the_xdg_conventions() {
        let home = environment(&[("HOME", "/home/ada")]);
        assert_eq!(home.data_folder(), Some("/home/ada/.local/share/tollgate".into()));
        assert_eq!(
            home.config_file(),
            Some("/home/ada/.config/tollgate/tollgate.toml".into())
        );
        let moved = environment(&[
            ("HOME", "/home/ada"),
            ("XDG_DATA_HOME", "/d"),
            ("XDG_STATE_HOME", "relative"),
        ]);
        assert_eq!(moved.data_folder(), Some("/d/tollgate".into()));
        assert_eq!(
            moved.state_folder(),
            Some("/home/ada/.local/state/tollgate".into())
        );
        assert_eq!(Environment::default().data_folder(), None);
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        assert_eq!(environment(&[("TOLLGATE_URL", "")]).value("TOLLGATE_URL"), None);
    }

    #[test]
    fn variables_are_listed_by_prefix() {
        let all = environment(&[
            ("TOLLGATE_A", "1"),
            ("TOLLGATF", "2"),
            ("TOLLGATE_B", "3"),
            ("A", "4"),
        ]);
        assert_eq!(
            all.starting_with("TOLLGATE_").collect::<Vec<_>>(),
            [("TOLLGATE_A", "1"), ("TOLLGATE_B", "3")]
        );
    }
}
