//! Settings as a store keeps them: versioned documents, opaque to it.

/// The kinds of setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingKind {
    /// A category; its id is its name.
    Category,
    /// A price; its id is a `prc_…`.
    Price,
    /// An organization; its id is its name.
    Organization,
    /// An API key without its secret; its id is a `key_…`.
    Key,
    /// A quota; its id is a `qta_…`.
    Quota,
    /// A budget; its id is a `bdg_…`.
    Budget,
}

impl SettingKind {
    /// Every kind, in the order in which they depend on one another.
    pub const ALL: [Self; 6] = [
        Self::Organization,
        Self::Category,
        Self::Price,
        Self::Key,
        Self::Quota,
        Self::Budget,
    ];

    /// The kind's name in stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Price => "price",
            Self::Organization => "organization",
            Self::Key => "key",
            Self::Quota => "quota",
            Self::Budget => "budget",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One setting as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its kind.
    pub kind: SettingKind,
    /// Its id within the kind.
    pub id: String,
    /// How often it was written, from 1.
    pub version: u64,
    /// JSON, meaningful to the engine only.
    pub body: String,
}

/// What a change expects to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing under this id.
    Absent,
    /// Exactly this version.
    Version(u64),
    /// Whatever is there.
    Any,
}

/// One change of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    /// Its kind.
    pub kind: SettingKind,
    /// Its id.
    pub id: String,
    /// What must be there.
    pub expected: Expected,
    /// The new body; `None` removes the setting.
    pub body: Option<String>,
}
