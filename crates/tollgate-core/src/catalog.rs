//! The catalog: every category that exists, by name.

use crate::category::Category;
use std::collections::BTreeMap;

/// The categories by name; cheap to read, replaced as a whole when one changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog(BTreeMap<String, Category>);

impl Catalog {
    /// The category of this name.
    pub fn category(&self, name: &str) -> Option<&Category> {
        self.0.get(name)
    }

    /// Every category in name order.
    pub fn iter(&self) -> impl Iterator<Item = &Category> {
        self.0.values()
    }

    /// Puts a category in, in place of one of the same name.
    pub fn put(&mut self, category: Category) {
        self.0.insert(category.name().to_string(), category);
    }

    /// Takes a category out.
    pub fn remove(&mut self, name: &str) -> Option<Category> {
        self.0.remove(name)
    }

    /// The existing name that is nearest to a mistyped one: the same last word, else the same first word.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let same = |side: fn(&str) -> Option<&str>| {
            self.0
                .keys()
                .map(String::as_str)
                .find(|known| side(known).is_some() && side(known) == side(name))
        };
        same(|n| n.rsplit('.').next()).or_else(|| same(|n| n.split('.').next()))
    }
}

impl FromIterator<Category> for Catalog {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Self {
        let mut catalog = Self::default();
        categories.into_iter().for_each(|category| catalog.put(category));
        catalog
    }
}
