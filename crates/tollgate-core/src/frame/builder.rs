//! Builds a raw frame, event by event.

use super::{ABSENT, Frame, MeasureColumn};
use crate::charge::Charge;
use crate::event::Event;
use crate::text::{Key, Label};
use smol_str::SmolStr;
use std::collections::HashMap;

/// A raw frame in the making.
#[derive(Clone, Debug)]
pub struct FrameBuilder {
    frame: Frame,
    codes: HashMap<SmolStr, u32>,
}

impl Default for FrameBuilder {
    fn default() -> Self {
        let frame = Frame {
            texts: vec![SmolStr::default()],
            ..Frame::default()
        };
        Self {
            frame,
            codes: HashMap::new(),
        }
    }
}

impl FrameBuilder {
    /// Adds one event as a row.
    pub fn push(&mut self, event: &Event, charge: &Charge) {
        let rows = self.frame.rows();
        let sign = if event.corrects.is_some() { -1 } else { 1 };
        let category = self.code(event.category.as_smol());
        let organization = self.code(event.scope.organization.as_smol());
        let (team, project) = (
            self.optional(event.scope.team.as_ref()),
            self.optional(event.scope.project.as_ref()),
        );
        let user = self.optional(event.scope.user.as_ref());
        for (key, value) in event.dimensions.iter() {
            let code = self.code(value.as_smol());
            let column = dimension(&mut self.frame.dimensions, key, rows);
            column.push(code);
        }
        for (key, quantity) in &event.measures {
            let column = measure(&mut self.frame.measures, key, rows);
            column.sum.push(quantity.nano());
            column.carriers.push(sign);
        }
        let frame = &mut self.frame;
        frame.at.push(event.at.micros());
        frame.category.push(category);
        frame.organization.push(organization);
        frame.team.push(team);
        frame.project.push(project);
        frame.user.push(user);
        frame.events.push(sign);
        frame.requests.push(event.requests.nano());
        frame.cost.push(charge.cost.map_or(0, |cost| cost.pico()));
        frame.priced.push(if charge.cost.is_some() { sign } else { 0 });
        frame.ids.push(event.event);
        frame.corrects.push(event.corrects);
        self.level();
    }

    /// The frame.
    pub fn finish(self) -> Frame {
        self.frame
    }

    /// Fills up the columns that this event had nothing for.
    fn level(&mut self) {
        let rows = self.frame.rows();
        for (_, column) in &mut self.frame.dimensions {
            column.resize(rows, ABSENT);
        }
        for column in &mut self.frame.measures {
            column.sum.resize(rows, 0);
            column.carriers.resize(rows, 0);
        }
    }

    fn optional(&mut self, label: Option<&Label>) -> u32 {
        label.map_or(ABSENT, |label| self.code(label.as_smol()))
    }

    fn code(&mut self, text: &SmolStr) -> u32 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let code = u32::try_from(self.frame.texts.len()).unwrap_or(u32::MAX);
        self.frame.texts.push(text.clone());
        self.codes.insert(text.clone(), code);
        code
    }
}

fn dimension<'c>(columns: &'c mut Vec<(Key, Vec<u32>)>, key: &Key, rows: usize) -> &'c mut Vec<u32> {
    let place = columns
        .iter()
        .position(|(name, _)| name == key)
        .unwrap_or_else(|| {
            columns.push((key.clone(), vec![ABSENT; rows]));
            columns.len().saturating_sub(1)
        });
    &mut columns
        .get_mut(place)
        .expect("the column was found or has just been added")
        .1
}

fn measure<'c>(columns: &'c mut Vec<MeasureColumn>, key: &Key, rows: usize) -> &'c mut MeasureColumn {
    let place = columns
        .iter()
        .position(|column| column.name == *key)
        .unwrap_or_else(|| {
            columns.push(MeasureColumn {
                name: key.clone(),
                sum: vec![0; rows],
                carriers: vec![0; rows],
            });
            columns.len().saturating_sub(1)
        });
    columns
        .get_mut(place)
        .expect("the column was found or has just been added")
}
