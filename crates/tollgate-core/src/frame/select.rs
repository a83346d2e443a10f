//! Takes some rows out of a frame.

use super::{ABSENT, Frame, MeasureColumn};

impl Frame {
    /// The frame of these rows in this order, with no text that they do not use. Rows that are not there are left out.
    pub fn select(&self, rows: &[usize]) -> Self {
        let mut texts = Texts {
            of: self,
            kept: vec![Default::default()],
            codes: vec![None; self.texts.len()],
        };
        if let Some(code) = texts.codes.first_mut() {
            *code = Some(ABSENT);
        }
        Self {
            at: pick(&self.at, rows),
            category: texts.recode(&self.category, rows),
            organization: texts.recode(&self.organization, rows),
            team: texts.recode(&self.team, rows),
            project: texts.recode(&self.project, rows),
            user: texts.recode(&self.user, rows),
            dimensions: self
                .dimensions
                .iter()
                .map(|(key, column)| (key.clone(), texts.recode(column, rows)))
                .collect(),
            events: pick(&self.events, rows),
            requests: pick(&self.requests, rows),
            measures: self
                .measures
                .iter()
                .map(|column| MeasureColumn {
                    name: column.name.clone(),
                    sum: pick(&column.sum, rows),
                    carriers: pick(&column.carriers, rows),
                })
                .collect(),
            cost: pick(&self.cost, rows),
            priced: pick(&self.priced, rows),
            ids: pick(&self.ids, rows),
            corrects: pick(&self.corrects, rows),
            texts: texts.kept,
        }
    }
}

struct Texts<'f> {
    of: &'f Frame,
    kept: Vec<smol_str::SmolStr>,
    codes: Vec<Option<u32>>,
}

impl Texts<'_> {
    fn recode(&mut self, column: &[u32], rows: &[usize]) -> Vec<u32> {
        rows.iter()
            .filter_map(|row| column.get(*row))
            .map(|code| self.code(*code))
            .collect()
    }

    fn code(&mut self, code: u32) -> u32 {
        let place = usize::try_from(code).unwrap_or(usize::MAX);
        let (Some(slot), Some(text)) = (self.codes.get_mut(place), self.of.texts.get(place)) else {
            return ABSENT;
        };
        *slot.get_or_insert_with(|| {
            self.kept.push(text.clone());
            u32::try_from(self.kept.len().saturating_sub(1)).unwrap_or(ABSENT)
        })
    }
}

fn pick<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|row| column.get(*row)).copied().collect()
}
