//! From a batch's columns to dense frames.

use super::sparse::Sparse;
use super::usage::Usage;
use smol_str::SmolStr;
use std::collections::HashMap;
use tollgate_core::frame::{ABSENT, Frame, MeasureColumn};
use tollgate_core::id::EventId;
use tollgate_core::text::Key;

impl Usage {
    /// All events as one frame with every dimension and measure that was unpacked.
    pub(crate) fn frame(&self, ids: Vec<EventId>) -> Frame {
        let mut corrects = vec![None; self.rows()];
        for (row, event) in &self.corrects {
            if let Some(slot) = corrects.get_mut(*row as usize) {
                *slot = Some(*event);
            }
        }
        Frame {
            ids,
            corrects,
            ..self.whole(|_| true)
        }
    }

    /// All events with the dimensions that are wanted, as rows without identity.
    fn whole(&self, is_wanted: impl Fn(&Key) -> bool) -> Frame {
        let rows = self.rows();
        let signs = self.signs();
        let measure = |(name, column): &(Key, Sparse<i128>)| MeasureColumn {
            name: name.clone(),
            sum: column.dense(rows, 0),
            carriers: carriers(column, &signs),
        };
        Frame {
            texts: self.texts.clone(),
            at: self.at.clone(),
            category: self.category.clone(),
            organization: self.organization.clone(),
            team: self.team.clone(),
            project: self.project.clone(),
            user: self.user.clone(),
            dimensions: self
                .dimensions
                .iter()
                .filter(|(key, _)| is_wanted(key))
                .map(|(key, column)| (key.clone(), column.dense(rows, ABSENT)))
                .collect(),
            requests: self.requests.clone(),
            measures: self.measures.iter().map(measure).collect(),
            cost: self.cost.dense(rows, 0),
            priced: carriers(&self.cost, &signs),
            events: signs,
            ids: Vec::new(),
            corrects: Vec::new(),
        }
    }

    /// The events of each category as a frame with the dimensions that `kept` names for it, to fold into cells.
    ///
    /// Takes time and room linear in the batch, however many categories and dimensions it has.
    pub(crate) fn by_category(&self, kept: impl Fn(&str) -> Vec<Key>) -> Vec<Frame> {
        // Most batches are of one category, and then there is nothing to take apart.
        if let Some(first) = self.category.first()
            && self.category.iter().all(|code| code == first)
        {
            let kept = kept(self.texts.get(*first as usize).map_or("", SmolStr::as_str));
            return vec![self.whole(|key| kept.contains(key))];
        }
        let mut rows_of: Vec<(u32, Vec<usize>)> = Vec::new();
        let mut places: HashMap<u32, usize> = HashMap::new();
        let mut last = None;
        for (row, code) in self.category.iter().enumerate() {
            let place = match last {
                Some((known, place)) if known == *code => place,
                _ => *places.entry(*code).or_insert_with(|| {
                    rows_of.push((*code, Vec::new()));
                    rows_of.len() - 1
                }),
            };
            last = Some((*code, place));
            if let Some((_, rows)) = rows_of.get_mut(place) {
                rows.push(row);
            }
        }
        let measures = self.measures_by_category();
        let mut recoder = Recoder {
            texts: &self.texts,
            codes: vec![(0, ABSENT); self.texts.len()],
            turn: 0,
        };
        let signs = self.signs();
        rows_of
            .into_iter()
            .map(|(code, rows)| {
                let name = self.texts.get(code as usize).map_or("", SmolStr::as_str);
                let measures = measures.get(&code).map_or(&[][..], Vec::as_slice);
                self.part(&rows, &kept(name), (measures, &signs), &mut recoder)
            })
            .collect()
    }

    fn part(
        &self,
        rows: &[usize],
        dimensions: &[Key],
        (measures, signs): (&[usize], &[i64]),
        recoder: &mut Recoder<'_>,
    ) -> Frame {
        let mut texts = recoder.start();
        let mut recode = |codes: Vec<u32>| -> Vec<u32> {
            codes
                .into_iter()
                .map(|code| recoder.code(code, &mut texts))
                .collect()
        };
        let [category, organization, team, project, user] = [
            &self.category,
            &self.organization,
            &self.team,
            &self.project,
            &self.user,
        ]
        .map(|column| recode(rows.iter().filter_map(|row| column.get(*row)).copied().collect()));
        let dimensions = dimensions.iter().filter_map(|key| {
            let place = self.dimensions.binary_search_by(|(name, _)| name.cmp(key)).ok()?;
            let (_, column) = self.dimensions.get(place)?;
            Some((key.clone(), recode(picked(column, rows, ABSENT))))
        });
        let dimensions = dimensions.collect();
        let signs: Vec<i64> = rows.iter().filter_map(|row| signs.get(*row)).copied().collect();
        let measures = measures
            .iter()
            .filter_map(|place| self.measures.get(*place))
            .map(|(name, column)| MeasureColumn {
                name: name.clone(),
                sum: picked(column, rows, 0),
                carriers: present(column, rows)
                    .zip(&signs)
                    .map(|(present, sign)| if present { *sign } else { 0 })
                    .collect(),
            });
        Frame {
            at: rows.iter().filter_map(|row| self.at.get(*row)).copied().collect(),
            requests: rows
                .iter()
                .filter_map(|row| self.requests.get(*row))
                .copied()
                .collect(),
            cost: picked(&self.cost, rows, 0),
            priced: present(&self.cost, rows)
                .zip(&signs)
                .map(|(known, sign)| if known { *sign } else { 0 })
                .collect(),
            measures: measures.collect(),
            category,
            organization,
            team,
            project,
            user,
            dimensions,
            events: signs,
            texts,
            ids: Vec::new(),
            corrects: Vec::new(),
        }
    }

    /// Places of the measures that events of each category carry.
    fn measures_by_category(&self) -> HashMap<u32, Vec<usize>> {
        let mut measures: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, (_, column)) in self.measures.iter().enumerate() {
            let mut last = None;
            for (row, _) in column.iter() {
                let category = self.category.get(row).copied();
                if category == last {
                    continue;
                }
                last = category;
                let known = measures.entry(category.unwrap_or(ABSENT)).or_default();
                if known.last() != Some(&place) {
                    known.push(place);
                }
            }
        }
        measures
    }

    /// For each event 1, for a void −1.
    fn signs(&self) -> Vec<i64> {
        let mut signs = vec![1; self.rows()];
        for (row, _) in &self.corrects {
            if let Some(sign) = signs.get_mut(*row as usize) {
                *sign = -1;
            }
        }
        signs
    }
}

/// Gives each part of a batch its own small dictionary, without clearing a table for each.
struct Recoder<'u> {
    texts: &'u [SmolStr],
    codes: Vec<(u32, u32)>,
    turn: u32,
}

impl Recoder<'_> {
    fn start(&mut self) -> Vec<SmolStr> {
        self.turn += 1;
        if let Some(absent) = self.codes.first_mut() {
            *absent = (self.turn, ABSENT);
        }
        vec![SmolStr::default()]
    }

    fn code(&mut self, code: u32, texts: &mut Vec<SmolStr>) -> u32 {
        let Some((turn, own)) = self.codes.get_mut(code as usize) else {
            return ABSENT;
        };
        if *turn != self.turn {
            (*turn, *own) = (self.turn, texts.len() as u32);
            texts.push(self.texts.get(code as usize).cloned().unwrap_or_default());
        }
        *own
    }
}

fn carriers(column: &Sparse<i128>, signs: &[i64]) -> Vec<i64> {
    if column.is_full(signs.len()) {
        return signs.to_vec();
    }
    let mut carriers = vec![0; signs.len()];
    for (row, _) in column.iter() {
        if let (Some(slot), Some(sign)) = (carriers.get_mut(row), signs.get(row)) {
            *slot = *sign;
        }
    }
    carriers
}

fn picked<T: Copy>(column: &Sparse<T>, rows: &[usize], absent: T) -> Vec<T> {
    let mut cursor = column.cursor();
    rows.iter()
        .map(|row| cursor.value(*row).unwrap_or(absent))
        .collect()
}

fn present<T: Copy>(column: &Sparse<T>, rows: &[usize]) -> impl Iterator<Item = bool> {
    let mut cursor = column.cursor();
    rows.iter().map(move |row| cursor.value(*row).is_some())
}
